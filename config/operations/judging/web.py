"""Whether settings fit together. Pure."""

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from config.operations.parts import Part, bad, fine, listed, note

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SHORTEST_KEY = 40


def judge_secret_key(key: str, *, is_kept: bool) -> Part:
    """Judge the key that signs sessions and links. `is_kept` is False where each process makes its own."""
    fix = "manage.py up makes and keeps one in var/secret_key; or set PURSER_SECRET_KEY to 50 random characters."
    if not is_kept:
        return bad("secret-key", "The key is kept nowhere: every process has its own, and sessions end with it.", fix)
    if len(key) < SHORTEST_KEY or len(set(key)) < 10 or key.startswith("django-insecure"):
        return bad("secret-key", "The key is short, plain, or known to everybody.", fix)
    return fine("secret-key", "The key is kept and strong.")


def judge_debug(*, debug: bool) -> Part:
    """Judge DEBUG, which shows code and settings to whoever makes an error happen."""
    if debug:
        return bad(
            "debug",
            "PURSER_DEBUG is on: errors show code and settings to everybody.",
            "Unset PURSER_DEBUG and start Purser again.",
        )
    return fine("debug", "DEBUG is off.")


@dataclass(frozen=True, slots=True)
class Address:
    """Where Purser says that it is reached, and how it is set for that."""

    base_url: str
    hosts: Sequence[str]
    https: bool
    secure_cookies: bool
    demo: bool


def judge_address(address: Address) -> Part:
    """Judge base URL, allowed hosts, HTTPS and cookies against each other."""
    wrong = _wrong_host(address) or _wrong_scheme(address)
    return bad("address", *wrong) if wrong else fine("address", f"Reached at {address.base_url}; hosts, HTTPS and cookies agree.")


def _wrong_host(address: Address) -> tuple[str, str] | None:
    parts = urlsplit(address.base_url)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host or parts.query:
        fix = "Set it to where people reach Purser, such as https://purser.example.org"
        return f"PURSER_BASE_URL is no address: {address.base_url}", fix
    if "*" in address.hosts:
        return "PURSER_ALLOWED_HOSTS lets any name through, so links in mails can be forged.", f"PURSER_ALLOWED_HOSTS={host}"
    if not _is_allowed(host, address.hosts):
        fix = f"PURSER_ALLOWED_HOSTS={','.join([*address.hosts, host])}"
        return f"Links in mails lead to {host}, which PURSER_ALLOWED_HOSTS refuses.", fix
    return None


def _wrong_scheme(address: Address) -> tuple[str, str] | None:
    parts = urlsplit(address.base_url)
    if parts.scheme == "https" and not (address.https and address.secure_cookies):
        return "People come by HTTPS, but cookies go without it too.", "PURSER_HTTPS=1"
    if parts.scheme == "http" and address.https:
        fix = f"PURSER_BASE_URL=https://{parts.netloc}"
        return "PURSER_HTTPS is on, and PURSER_BASE_URL says http: nobody can sign in there.", fix
    if parts.scheme == "http" and parts.hostname not in LOOPBACK and not address.demo:
        fix = f"Put a proxy with a certificate in front; then PURSER_HTTPS=1 PURSER_BASE_URL=https://{parts.hostname}"
        return f"Passwords travel in the clear to {parts.hostname}.", fix
    return None


def _is_allowed(host: str, patterns: Sequence[str]) -> bool:
    bare = [pattern.strip("[]").casefold() for pattern in patterns]
    return any(
        host.casefold() == pattern or (pattern.startswith(".") and f".{host.casefold()}".endswith(pattern)) for pattern in bare
    )


def judge_proxy(*, https: bool, networks: Sequence[str]) -> Part:
    """Judge what is believed of a proxy's headers."""
    if https:
        fix = "In the proxy: proxy_set_header X-Forwarded-Proto $scheme (nginx); Caddy and Traefik do it by themselves."
        return note(
            "proxy", "X-Forwarded-Proto is believed: only the proxy may reach this port, and it must overwrite that header.", fix
        )
    if networks:
        return note(
            "proxy",
            f"{listed(list(networks))} read /metrics without a token.",
            "Behind a proxy that is the proxy itself: use PURSER_METRICS_TOKEN there.",
        )
    return fine("proxy", "No header of a proxy is believed.")


def judge_settings(given: Collection[str], known: Collection[str]) -> Part:
    """Judge the PURSER_ variables that are set and that nothing reads: mostly slips of the pen."""
    unread = sorted(set(given) - set(known))
    if not unread:
        return fine("settings", "Every PURSER_ variable that is set is read.")
    near = {name: next(iter(difflib.get_close_matches(name, sorted(known), n=1)), "") for name in unread}
    words = [f"{name} (did you mean {close}?)" if close else name for name, close in near.items()]
    return bad("settings", f"Nothing reads {listed(words)}.", "Correct or unset them; docs/settings.md lists all there are.")
