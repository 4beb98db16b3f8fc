"""Discord cogs: listen, check, delegate."""
