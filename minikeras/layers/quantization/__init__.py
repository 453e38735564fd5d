"""Layers in few bits: which of their weights, how they are stored, and how they are multiplied by."""
