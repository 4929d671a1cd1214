"""What every endpoint stands on. docs/api.md shows how one is added."""
