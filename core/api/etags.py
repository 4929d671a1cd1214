"""Which state of a thing a caller has read."""

import hashlib
import re
from typing import Any

from rest_framework.renderers import JSONRenderer

from core.api.errors import BadParameter, Changed, MatchMissing

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


def etag_of(data: Any) -> str:
    """Return the strong tag of what an answer says."""
    return f'"{hashlib.sha256(JSONRenderer().render(data)).hexdigest()[:32]}"'


def _tags(header: str) -> list[tuple[bool, str]]:
    """Return (weak, tag) of each tag that a header names. Raises BadParameter."""
    parts = [part.strip() for part in header.split(",") if part.strip()]
    found = [_TAG.fullmatch(part) for part in parts]
    if not parts or None in found:
        raise BadParameter(
            "A tag stands in quotation marks.", remedy='Send the ETag as you got it, such as “"3f…"”.', code="etag"
        )
    return [(bool(each.group(1)), f'"{each.group(2)}"') for each in found if each is not None]


def is_known(header: str | None, etag: str) -> bool:
    """Say whether `If-None-Match` names this very state. A caller whose header cannot be read gets the whole answer."""
    if not header:
        return False
    if header.strip() == "*":
        return True
    try:
        return any(tag == etag for _, tag in _tags(header))
    except BadParameter:
        return False


def check_match(header: str | None, etag: str, *, needed: bool) -> None:
    """Let a change pass whose caller has read the state as it is. Raises Changed, MatchMissing, BadParameter."""
    if header is None:
        if needed:
            raise MatchMissing(
                "This would overwrite what you may not have seen.", remedy="Read it, and send its ETag in the header If-Match."
            )
        return
    if header.strip() == "*":
        return
    if not any(tag == etag and not weak for weak, tag in _tags(header)):
        raise Changed("This has changed since you read it.", remedy="Read it again, then decide.", details={"etag": etag})
