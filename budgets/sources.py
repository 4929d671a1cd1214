"""What a journal came from. The rooms above name their kinds of document here, so that an entry can lead back to it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A document behind a journal, in words, with the address of its page (blank where it has none)."""

    label: str
    url: str


_kinds: dict[str, tuple[str, Callable[[str], str]]] = {}


def register_source(source_type: str, label: str, address: Callable[[str], str]) -> None:
    """Name a kind of document and say how the address of one follows from its id. `address` may give a blank."""
    _kinds[source_type] = (label, address)


def source_of(source_type: str, source_id: str) -> Source:
    """Return the document behind a journal; a kind that nobody named is shown as it was stated."""
    if source_type not in _kinds:
        return Source(f"{source_type.replace('_', ' ').capitalize()} {source_id}", "")
    label, address = _kinds[source_type]
    return Source(f"{label} {source_id}", address(source_id))
