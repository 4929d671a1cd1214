"""The nouns of reconciliation."""

from reconciliation.models.ingest import ImportFile, RawRow, Source

__all__ = ["ImportFile", "RawRow", "Source"]
