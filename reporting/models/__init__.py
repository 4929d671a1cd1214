"""The nouns of reporting."""

from reporting.models.packs import Pack, PackFile
from reporting.models.statements import StatementFile

__all__ = ["Pack", "PackFile", "StatementFile"]
