"""The Factory: it drafts, checks, criticizes and improves until the result passes."""
