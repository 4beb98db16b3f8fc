"""Shared by several cogs, which do not import each other."""
