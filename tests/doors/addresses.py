"""Which doors there are: walked from the resolver, so that nothing is left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tests.doors.tables import doors

DEMO = "tests.core.pages.demo_urls"


@dataclass(frozen=True)
class Address:
    """A pattern of the URLconf. One without a name is known by its route, after a tilde."""

    name: str
    route: str
    parameters: tuple[str, ...]


def addresses(urlconf: Any = None) -> list[Address]:
    """Return every pattern that the resolver knows, includes followed."""
    return list(_walk(get_resolver(urlconf).url_patterns, "", "", ()))


def undeclared(urlconf: Any = DEMO) -> list[str]:
    """Return the addresses that no table knows."""
    declared = {door.name for door in doors()}
    return sorted({each.name for each in addresses(urlconf) if each.name not in declared})


def without_door() -> list[str]:
    """Return the rows of tables that are of no address."""
    plain, demo = {each.name for each in addresses()}, {each.name for each in addresses(DEMO)}
    return [door.name for door in doors() if door.name not in (demo if door.demo else plain)]


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
