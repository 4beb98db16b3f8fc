"""The Factory: it drafts, checks, criticises and improves until the result passes."""
