"""Bounding boxes: formats, and what happens to boxes when their image changes."""
