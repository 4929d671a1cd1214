"""Each check, failing and passing: facts in, what was found and its fix out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from config.operations.judging import books, database, machine, web, work
from config.operations.parts import Part

NOW = datetime(2026, 11, 5, 12, tzinfo=UTC)
LATE = timedelta(minutes=15)
GB = 1_000_000_000
STRONG = "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklm"


def before(**ago: float) -> datetime:
    return NOW - timedelta(**ago)


def roles(**differs: object) -> database.Roles:
    plain: dict[str, object] = {
        "current": "app", "login": "app", "wanted": "app", "is_superuser": False, "login_is_superuser": False,
        "bypasses_rows": False, "owns_tables": False, "wanted_exists": True,
    }  # fmt: skip
    return database.Roles(**(plain | differs))  # type: ignore[arg-type]


def address(base_url: str, *hosts: str, https: bool = False, cookies: bool | None = None, demo: bool = False) -> Part:
    secure = https if cookies is None else cookies
    return web.judge_address(web.Address(base_url, hosts or ("purser.example.org",), https, secure, demo))


def anchoring(**differs: object) -> Part:
    plain: dict[str, object] = {
        "taken_at": before(hours=5), "posted": before(hours=3), "since": 2, "file_is_there": True, "key_is_there": True
    }  # fmt: skip
    return books.judge_anchors(books.Anchoring(**(plain | differs)), now=NOW)  # type: ignore[arg-type]


def walls(succeeded: list[str], *, one_role: bool = False) -> Part:
    return database.judge_ledger_walls(succeeded, 40, one_role=one_role)


def triggers(disabled: list[str] = [], missing: list[str] = [], replication: str = "origin") -> Part:  # noqa: B006  not changed
    return database.judge_triggers(disabled=disabled, missing=missing, replication=replication)


def last(*, well: bool = True, **ago: float) -> books.Last:
    return books.Last(before(**ago), well, "12 entries in 3 accounts; all agree")


FINE: dict[str, Callable[[], Part]] = {
    "reach": lambda: database.judge_reach(160004, "")[1],
    "reached": lambda: database.judge_reach(160004, "")[0],
    "encoding": lambda: database.judge_encoding("UTF8", "C", deterministic_order=True),
    "role": lambda: database.judge_role(roles()),
    "walls": lambda: walls([]),
    "triggers": lambda: triggers(),
    "migrations": lambda: database.judge_migrations([], []),
    "hardening": lambda: database.judge_hardening([], stands_aside=False, one_role=False),
    "rows": lambda: database.judge_rows([], {"a": 0}, walled=1, one_role=False),
    "clock": lambda: database.judge_clock(-1.5),
    "queue empty": lambda: work.judge_queue(None, now=NOW, limit=LATE),
    "queue later": lambda: work.judge_queue(before(minutes=-3), now=NOW, limit=LATE),
    "queue at its limit": lambda: work.judge_queue(before(minutes=15), now=NOW, limit=LATE),
    "beat": lambda: work.judge_beat(before(minutes=2), now=NOW),
    "worker": lambda: work.judge_worker(before(minutes=3), now=NOW, beat_ok=True),
    "schedules": lambda: work.judge_schedules({"sweep": "t"}, {"sweep": True, "own": False}),
    "broker": lambda: work.judge_broker("a folder", ""),
    "mail": lambda: work.judge_mail("mail:25", "", goes_out=True),
    "pdf": lambda: machine.judge_pdf("", "", 0.5),
    "fonts": lambda: machine.judge_fonts([]),
    "disk": lambda: machine.judge_disk({"/var": (50 * GB, 100 * GB)}),
    "folders": lambda: machine.judge_folders([], [], []),
    "key files": lambda: machine.judge_key_files({"k": 0o100600, "j": 0o100400}),
    "zones": lambda: machine.judge_zones([]),
    "holidays": lambda: machine.judge_holidays([], 2026),
    "static": lambda: machine.judge_static([]),
    "secret key": lambda: web.judge_secret_key(STRONG, is_kept=True),
    "debug": lambda: web.judge_debug(debug=False),
    "address": lambda: address("https://purser.example.org", https=True),
    "address by suffix": lambda: address("https://purser.example.org/", ".example.org", https=True),
    "address at home": lambda: address("http://127.0.0.1:8000", "127.0.0.1"),
    "address of six": lambda: address("http://[::1]:8000", "[::1]"),
    "address in a demo": lambda: address("http://purser.example.org", demo=True),
    "proxy": lambda: web.judge_proxy(https=False, networks=[]),
    "settings": lambda: web.judge_settings({"PURSER_VAR"}, {"PURSER_VAR", "PURSER_DEBUG"}),
    "anchors": lambda: anchoring(),
    "anchored all": lambda: anchoring(since=0, taken_at=before(days=90)),
    "nothing to anchor": lambda: anchoring(since=0, taken_at=None, posted=None, key_is_there=False, file_is_there=False),
    "ledger check": lambda: books.judge_ledger_check(last(days=2), now=NOW),
    "backup": lambda: books.judge_backup(last(days=1), now=NOW),
}  # fmt: skip
NOTE: dict[str, Callable[[], Part]] = {
    "one role": lambda: database.judge_role(roles(current="owner", login="owner", owns_tables=True)),
    "one role, no other": lambda: database.judge_role(roles(current="o", login="o", owns_tables=True, wanted_exists=False)),
    "superuser that switches": lambda: database.judge_role(roles(login="postgres", login_is_superuser=True)),
    "walls of one role": lambda: walls([], one_role=True),
    "hardening of one role": lambda: database.judge_hardening(["x"], stands_aside=True, one_role=True),
    "rows of one role": lambda: database.judge_rows([], {}, walled=1, one_role=True),
    "mail on a page": lambda: work.judge_mail("a page", "", goes_out=False),
    "disk nearly full": lambda: machine.judge_disk({"/var": (1 * GB, 5 * GB)}),
    "proxy believed": lambda: web.judge_proxy(https=True, networks=[]),
    "networks": lambda: web.judge_proxy(https=False, networks=["10.0.0.0/8"]),
    "never checked": lambda: books.judge_ledger_check(None, now=NOW),
    "no backup": lambda: books.judge_backup(None, now=NOW),
}  # fmt: skip
BAD: dict[str, tuple[Callable[[], Part], str]] = {
    "away": (lambda: database.judge_reach(0, "connection refused")[0], "DATABASE_URL"),
    "too old": (lambda: database.judge_reach(140011, "")[1], "PostgreSQL 15"),
    "latin": (lambda: database.judge_encoding("LATIN1", "C", deterministic_order=True), "UTF8"),
    "loose order": (lambda: database.judge_encoding("UTF8", "und", deterministic_order=False), "collation"),
    "app is superuser": (lambda: database.judge_role(roles(is_superuser=True)), "NOSUPERUSER"),
    "app owns": (lambda: database.judge_role(roles(owns_tables=True)), "owner"),
    "app passes walls": (lambda: database.judge_role(roles(bypasses_rows=True)), "NOBYPASSRLS"),
    "writes the ledger": (lambda: walls(["UPDATE budgets_balance"]), "prepare"),
    "trigger off": (lambda: triggers(disabled=["budgets_entry.append_only"]), "ENABLE TRIGGER append_only"),
    "trigger gone": (lambda: triggers(missing=["core_auditrecord.append_only"]), "pgtrigger install"),
    "replica": (lambda: triggers(replication="replica"), "session_replication_role"),
    "behind": (lambda: database.judge_migrations(["core.0009_x"], []), "manage.py up"),
    "ahead": (lambda: database.judge_migrations([], ["core.0999_x"]), "newer"),
    "too open": (lambda: database.judge_hardening(["t: UPDATE"], stands_aside=False, one_role=False), "prepare"),
    "stands aside": (lambda: database.judge_hardening([], stands_aside=True, one_role=False), "prepare"),
    "no walls": (lambda: database.judge_rows(["a"], {}, walled=1, one_role=False), "prepare"),
    "walls that show": (lambda: database.judge_rows([], {"a": 3}, walled=1, one_role=False), "prepare"),
    "clock": (lambda: database.judge_clock(61), "NTP"),
    "old work": (lambda: work.judge_queue(before(minutes=16), now=NOW, limit=LATE), "worker"),
    "silent beat": (lambda: work.judge_beat(before(minutes=3), now=NOW), "celery -A config beat"),
    "no beat": (lambda: work.judge_beat(None, now=NOW), "manage.py up"),
    "silent worker": (lambda: work.judge_worker(before(minutes=4), now=NOW, beat_ok=True), "celery -A config worker"),
    "nobody asks": (lambda: work.judge_worker(None, now=NOW, beat_ok=False), "beat"),
    "no schedule": (lambda: work.judge_schedules({"sweep": "t"}, {}), "prepare"),
    "schedule off": (lambda: work.judge_schedules({"sweep": "t"}, {"sweep": False}), "Enable"),
    "broker away": (lambda: work.judge_broker("redis://x", "refused"), "CELERY_BROKER_URL"),
    "mail away": (lambda: work.judge_mail("x:25", "refused", goes_out=True), "PURSER_EMAIL_URL"),
    "no pango": (lambda: machine.judge_pdf("apt-get install pango", "", 0), "apt-get install pango"),
    "no pdf": (lambda: machine.judge_pdf("", "broken", 0), "make install"),
    "no font": (lambda: machine.judge_fonts(["a.ttf"]), "static/fonts"),
    "disk full": (lambda: machine.judge_disk({"/a": (50 * GB, 100 * GB), "/b": (GB // 10, 100 * GB)}), "room"),
    "no folder": (lambda: machine.judge_folders(["/v/files"], [], []), "mkdir"),
    "closed folder": (lambda: machine.judge_folders([], ["/v/files"], []), "chown"),
    "open folder": (lambda: machine.judge_folders([], [], ["/v/files"]), "chmod 700 /v/files"),
    "open key": (lambda: machine.judge_key_files({"/v/k": 0o100640}), "chmod 600 /v/k"),
    "unknown zone": (lambda: machine.judge_zones(["Mars/Olympus"]), "tzdata"),
    "no holidays": (lambda: machine.judge_holidays(["ZZ"], 2026), "country"),
    "no style": (lambda: machine.judge_static(["purser.css"]), "static"),
    "key of a moment": (lambda: web.judge_secret_key(STRONG, is_kept=False), "50 random"),
    "short key": (lambda: web.judge_secret_key("abcdefghijkl", is_kept=True), "50 random"),
    "plain key": (lambda: web.judge_secret_key("ab" * 30, is_kept=True), "50 random"),
    "debug": (lambda: web.judge_debug(debug=True), "PURSER_DEBUG"),
    "no address": (lambda: address("purser"), "https://"),
    "any host": (lambda: address("https://purser.example.org", "*", https=True), "PURSER_ALLOWED_HOSTS=purser.example.org"),
    "another host": (lambda: address("https://other.org", https=True), "other.org"),
    "loose cookies": (lambda: address("https://purser.example.org"), "PURSER_HTTPS=1"),
    "half secure": (lambda: address("https://purser.example.org", https=True, cookies=False), "PURSER_HTTPS=1"),
    "nobody signs in": (lambda: address("http://purser.example.org", https=True), "https://purser.example.org"),
    "in the clear": (lambda: address("http://purser.example.org"), "certificate"),
    "slip of the pen": (lambda: web.judge_settings({"PURSER_DEBGU"}, {"PURSER_VAR", "PURSER_DEBUG"}), "docs/settings.md"),
    "anchors late": (lambda: anchoring(posted=before(days=3)), "take_anchor"),
    "anchors never": (lambda: anchoring(taken_at=None, posted=before(days=3), file_is_there=False), "take_anchor"),
    "anchor's file gone": (lambda: anchoring(file_is_there=False), "PURSER_ANCHOR_DIR"),
    "anchors' key gone": (lambda: anchoring(key_is_there=False), "PURSER_ANCHOR_KEY_FILE"),
    "ledger broken": (lambda: books.judge_ledger_check(last(hours=1, well=False), now=NOW), "check_ledger"),
    "ledger not checked": (lambda: books.judge_ledger_check(last(days=3), now=NOW), "check_ledger"),
    "backup failed": (lambda: books.judge_backup(last(hours=1, well=False), now=NOW), "manage.py backup"),
    "backup old": (lambda: books.judge_backup(last(days=3), now=NOW), "manage.py backup"),
}  # fmt: skip


@pytest.mark.parametrize("case", FINE)
def test_what_is_well(case: str) -> None:
    found = FINE[case]()
    assert (found.ok, found.level, found.fix) == (True, "fine", "")


@pytest.mark.parametrize("case", NOTE)
def test_what_is_worth_knowing(case: str) -> None:
    found = NOTE[case]()
    assert (found.ok, found.level) == (True, "note")
    assert found.fix


@pytest.mark.parametrize("case", BAD)
def test_what_is_not_well_names_its_fix(case: str) -> None:
    judge, fix = BAD[case]
    found = judge()
    assert (found.ok, found.level) == (False, "bad")
    assert fix in found.fix
    assert found.found


def test_a_slip_is_told_with_what_was_meant() -> None:
    assert "did you mean PURSER_DEBUG?" in web.judge_settings({"PURSER_DEBGU"}, {"PURSER_DEBUG"}).found
