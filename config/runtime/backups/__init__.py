"""Backups: taking them, coming back from them, and showing that one can."""
