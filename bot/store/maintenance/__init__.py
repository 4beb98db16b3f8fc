"""The database as a whole: its schema, its copies, and what a person may take or have deleted."""
