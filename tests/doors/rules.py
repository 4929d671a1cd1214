"""What every answer of every door must keep to."""

from collections.abc import Callable, Iterator
from urllib.parse import quote, urlsplit

from tests.doors.asking import Got, Knock
from tests.doors.words import Door, Persona
from tests.doors.world import MARKS


def leaks(door: Door, persona: Persona, knock: Knock, got: Got) -> Iterator[str]:
    """Yield the marks in an answer of what this person may not see. What the request itself said may be said again."""
    if door.shows == "everything":
        return
    text = unsaid(got.text, knock)
    allowed = persona.sees | frozenset(door.shows.split())
    for part, marks in MARKS.items():
        if part not in allowed:
            yield from (f"“{mark}” of {part}: …{_around(text, mark)}…" for mark in marks if mark in text)


def unsaid(text: str, knock: Knock) -> str:
    """Return an answer's text without the values that the request itself said, plain or as an address has them."""
    forms = {form.lower() for value in knock.sent if len(value) > 4 for form in (value, quote(value))}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, "…")
    return text


def _around(text: str, mark: str) -> str:
    place = text.index(mark)
    return " ".join(text[max(0, place - 70) : place + 40].split())


def no_fault_of_ours(door: Door, persona: Persona, got: Got) -> str:
    return f"answers {got.status}: {got.error}" if got.status >= 500 and not door.bare else ""


def stays_here(door: Door, persona: Persona, got: Got) -> str:
    place = urlsplit(got.location)
    return f"leads elsewhere, to {got.location}" if place.netloc or place.scheme else ""


def is_kept_by_nobody(door: Door, persona: Persona, got: Got) -> str:
    """Nothing that a person was shown is to be found after they signed out, nor in a cache that others share."""
    said = got.headers.get("cache-control", "")
    parts = {part.strip() for part in said.split(",")}
    # A program may keep what it asks again for each time: that is what an ETag is good for.
    kept_well = "no-store" in parts or ("no-cache" in parts and door.is_api)
    if not persona.signs_in or door.bare or ("private" in parts and kept_well):
        return ""
    return f"may be kept by a browser or a cache: Cache-Control “{said}”"


HEADERS = {
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def wears_its_headers(door: Door, persona: Persona, got: Got) -> str:
    if door.bare:
        return "" if "no-store" in got.headers.get("cache-control", "") else "may be kept"
    wrong = [f"{name}: {got.headers.get(name, '')}" for name, value in HEADERS.items() if got.headers.get(name) != value]
    if "permissions-policy" not in got.headers:
        wrong.append("permissions-policy is missing")
    policy = got.headers.get("content-security-policy", "")
    if not ("default-src 'none'" in policy and ("frame-ancestors 'none'" in policy or "sandbox" in policy)):
        wrong.append(f"content-security-policy: {policy[:60]}")
    return f"headers are not as they must be: {'; '.join(wrong)}" if wrong else ""


def varies(door: Door, persona: Persona, got: Got) -> str:
    """Whoever answers one person in one way and another in another says so to caches."""
    return (
        "" if "cookie" in got.headers.get("vary", "").lower() or not persona.signs_in or door.bare else "does not vary by cookie"
    )


RULES: tuple[Callable[[Door, Persona, Got], str], ...] = (
    no_fault_of_ours,
    stays_here,
    is_kept_by_nobody,
    wears_its_headers,
    varies,
)
