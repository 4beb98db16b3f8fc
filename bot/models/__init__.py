"""Model files as data: fetched once, verified by hash, kept in a folder per model."""
