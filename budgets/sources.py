"""What a journal came from. The rooms above name their kinds of document here, so that an entry can lead back to it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A document behind a journal, in words, with the address of its page (blank where it has none)."""

    label: str
    url: str


_kinds: dict[str, Callable[[str], Source]] = {}


def register_source(source_type: str, describe: Callable[[str], Source]) -> None:
    """Say how a kind of document is described, and where its page is, from the id that a journal states."""
    _kinds[source_type] = describe


def source_of(source_type: str, source_id: str) -> Source:
    """Return the document behind a journal; a kind that nobody described is shown as it was stated."""
    describe = _kinds.get(source_type)
    return describe(source_id) if describe else Source(f"{source_type.replace('_', ' ').capitalize()} {source_id}", "")
