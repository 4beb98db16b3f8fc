"""A spoken conversation: whose turn it is, what is said, and what is remembered of it."""
