"""The schema's history. `bot/store/maintenance/migrate.py` runs it."""
