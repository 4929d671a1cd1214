"""What must not stand in a log: secrets, tokens, passwords, e-mail addresses. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

GONE = "[redacted]"
_SECRET_NAME = re.compile(
    r"passw|secret|token|authori[sz]ation|cookie|csrf|session|api_?key|private|credential|\bbody\b|recovery|otp", re.IGNORECASE
)
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}-----|\Z)", re.DOTALL), GONE),
    (re.compile(r"(://)[^/\s:@]{0,200}:[^/\s@]{0,200}@"), rf"\1{GONE}@"),
    (re.compile(r"\b(bearer|basic|token)\s+[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1 {GONE}"),
    (
        re.compile(
            r"((?:passw(?:or)?d|secret|token|api[_-]?key|authorization|cookie|sessionid|csrf\w{0,20}|otp)[\"']?\s{0,3}[:=]\s{0,3})"
            r"(?:\"[^\"]{0,400}\"|'[^']{0,400}'|[^\s\"'&;,)}\]]{1,400})",
            re.IGNORECASE,
        ),
        rf"\1{GONE}",
    ),
    (re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}"), "[e-mail]"),
    # Keys in links and tokens of the API: long runs of letters and digits, mixed, that no word is.
    (re.compile(r"(?<![\w-])(?![0-9a-f-]+(?![\w-]))(?=[\w-]*\d)(?=[\w-]*[A-Za-z])(?=[\w-]*[A-Z]|[\w-]{41})[\w-]{32,}"), GONE),
)
# Checked where they come in: an id that a proxy gave may be as long as a token.
_PLAIN_NAMES = frozenset({"request_id", "time", "level", "logger"})


def clean_text(text: str, *, known: Iterable[str] = ()) -> str:
    """Return `text` without what looks like a secret or an e-mail address, and without any of the `known` secrets."""
    for secret in known:
        text = text.replace(secret, GONE)
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text


def clean(value: Any, *, known: tuple[str, ...] = (), depth: int = 4) -> Any:
    """Return `value` fit for a log: texts cleaned, what stands under a secret's name gone, other objects as their text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping) and depth:
        return {str(key): clean_named(str(key), each, known=known, depth=depth - 1) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth:
        return [clean(each, known=known, depth=depth - 1) for each in value]
    return clean_text(str(value), known=known)


def clean_named(name: str, value: Any, *, known: tuple[str, ...] = (), depth: int = 4) -> Any:
    """Return what a log may say under `name`."""
    if name in _PLAIN_NAMES:
        return value
    if _SECRET_NAME.search(name):
        return GONE
    return clean(value, known=known, depth=depth)
