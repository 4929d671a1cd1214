"""Judging: facts in, what was found and its fix out. No Django, no clock, no database."""
