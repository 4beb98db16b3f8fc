"""Discord cogs: they listen, check permissions, and delegate."""
