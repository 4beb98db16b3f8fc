"""What is remembered, each kind in a class of its own: one method is one transaction."""
