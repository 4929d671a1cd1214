"""Which words of the addresses below /budgets/ stand for pages, so that no budget's code may be one of them."""

from functools import cache

from django.urls import get_resolver

NAMESPACE = "budgets"


@cache
def reserved_codes() -> frozenset[str]:
    """Return the words with which an address of this room begins. A budget with such a code would lie behind that page."""
    _, resolver = get_resolver().namespace_dict[NAMESPACE]
    first = (str(pattern.pattern).split("/", 1)[0] for pattern in resolver.url_patterns)
    return frozenset(word for word in first if word and not word.startswith("<"))
