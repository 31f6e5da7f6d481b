"""SQLite with writers served in the order they came: see `base.py`."""
