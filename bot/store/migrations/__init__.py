"""The schema's history. `bot/store/migrate.py` runs it."""
