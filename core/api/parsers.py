"""JSON as this house takes it: bounded, exact, each name once."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.parsers import BaseParser

from core.api.errors import BadBody

DEEPEST = 32
LONGEST_NUMBER = 40
LARGEST_INTEGER = 2**63
# A text, ended or not, so that none is looked at twice; else a bracket.
_TEXT_OR_BRACKET = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


class StrictJSONParser(BaseParser):
    """Takes what any two readers of JSON would understand alike, and nothing that the books could not hold."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """Return the body's content. Raises BadBody, and RequestDataTooBig above the settings' bound."""
        most = settings.API_MAX_BODY_BYTES
        content = stream.read(most + 1)
        if len(content) > most:
            raise RequestDataTooBig
        return loads(content)


def loads(content: bytes) -> Any:
    """Return what `content` says. Fractions become Decimal. Raises BadBody."""
    _check_depth(content)
    try:
        return json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_fraction,
            parse_int=_integer,
            parse_constant=_constant,
            cls=_Decoder,
        )
    except UnicodeDecodeError as error:
        raise _bad("The body is not UTF-8.") from error
    except json.JSONDecodeError as error:
        raise _bad(f"The body is no JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from error


class _Decoder(json.JSONDecoder):
    """Looks at the texts that no object holds, too."""

    def decode(self, s: str, *args: Any) -> Any:
        found = super().decode(s, *args)
        _check_texts(found)
        return found


def _check_texts(found: Any) -> None:
    """Refuse texts that the database cannot hold."""
    waiting = [found]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str) and _NO_TEXT.search(each):
            raise _bad("A text holds a character that cannot be kept: NUL, or half of a surrogate pair.")


def _check_depth(content: bytes) -> None:
    depth = 0
    for token in _TEXT_OR_BRACKET.findall(content):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(token, 0)
        if depth > DEEPEST:
            raise _bad(f"The body is nested more than {DEEPEST} deep.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _bad(f"“{name[:60]}” is there twice in one object.")
        found[name] = value
    return found


def _fraction(text: str) -> Decimal:
    number = Decimal(text) if len(text) <= LONGEST_NUMBER else Decimal("NaN")
    if not number.is_finite() or (number and abs(number.adjusted()) > LONGEST_NUMBER):
        raise _bad(f"The number {text[:20]}… is out of all bounds.")
    return number


def _integer(text: str) -> int:
    number = int(text) if len(text) <= LONGEST_NUMBER else LARGEST_INTEGER
    if not -LARGEST_INTEGER <= number < LARGEST_INTEGER:
        raise _bad(f"The number {text[:20]}… is out of all bounds.")
    return number


def _constant(text: str) -> Any:
    raise _bad(f"{text} is no number.")


def _bad(sentence: str) -> BadBody:
    return BadBody(sentence, remedy="Send one JSON value in UTF-8, each name once, amounts as text.")
