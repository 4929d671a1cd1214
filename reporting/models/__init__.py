"""The nouns of reporting."""

from reporting.models.packs import Pack, PackFile

__all__ = ["Pack", "PackFile"]
