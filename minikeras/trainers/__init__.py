"""Training loops and the data that feeds them."""
