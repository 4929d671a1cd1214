"""Which doors there are: walked from the resolver, so that nothing is left out."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Address:
    """A pattern of the URLconf. One without a name is known by its route, after a tilde."""

    name: str
    route: str
    parameters: tuple[str, ...]


def addresses(urlconf: str | None = None) -> list[Address]:
    """Return every pattern that the resolver knows, includes followed."""
    return list(_walk(get_resolver(urlconf).url_patterns, "", "", ()))


def _walk(patterns: list[URLPattern | URLResolver], namespace: str, before: str, above: tuple[str, ...]) -> Iterator[Address]:
    for each in patterns:
        route, parameters = before + str(each.pattern), (*above, *_parameters(each))
        if isinstance(each, URLResolver):
            inner = ":".join(part for part in (namespace, each.namespace) if part)
            yield from _walk(each.url_patterns, inner, route, parameters)
        else:
            name = ":".join(part for part in (namespace, each.name) if part) if each.name else f"~{route}"
            yield Address(name, route, parameters)


def _parameters(each: URLPattern | URLResolver) -> Iterator[str]:
    yield from each.pattern.converters or each.pattern.regex.groupindex
