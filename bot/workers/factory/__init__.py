"""The Factory: it drafts, checks, criticises and improves until what it made holds."""
