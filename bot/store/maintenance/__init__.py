"""The database as a whole: its schema, its copies, and what a person may export or have deleted."""
