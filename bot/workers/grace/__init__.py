"""Grace, the text modules."""
