"""What of an address makes a view of a list: its filters and its order, nothing of where one stands in it. Pure."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

QUEUE, REQUESTS = "queue", "requests"
# In the order in which an address says them.
FILTERS: Mapping[str, tuple[str, ...]] = {
    QUEUE: ("view", "q", "kind", "due", "tag", "sort"),
    REQUESTS: ("whose", "q", "state", "kind", "month", "tag", "attribute", "approved_by"),
}
# What a list shows where nothing is said.
USUAL: Mapping[str, Mapping[str, str]] = {QUEUE: {"view": "mine", "sort": "due"}, REQUESTS: {}}
LONGEST_VALUE = 200


def query_of(page: str, said: Mapping[str, str]) -> str:
    """Return the filters that an address of a list says, always the same for the same; empty where it is as usual."""
    usual = USUAL[page]
    kept = {name: said.get(name, "").replace("\x00", "")[:LONGEST_VALUE] for name in FILTERS[page]}
    return urlencode({name: value for name, value in kept.items() if value and value != usual.get(name)})


def read_query(page: str, text: str) -> str:
    """Return the same of what is written as an address; what is no filter of the list falls away."""
    return query_of(page, dict(parse_qsl(text[:4000].lstrip("?"))))
