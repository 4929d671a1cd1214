"""Looks at the machine: PDFs, room, folders, keys, zones, and whether the settings fit together."""

import os
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
from django.conf import settings
from django.contrib.staticfiles import finders

from config.operations.judging import machine, web
from config.operations.looking.ground import Ground, Look, plain
from config.operations.parts import Part
from config.operations.reference import names_read
from config.runtime.embedded import home_of
from config.runtime.pango import how_to_install_pango
from core import clock
from core.selectors.factors import opens
from core.selectors.files import old_files, orphans_among
from reporting.pdf import render

SECRETS = ("secret_key", "database_url", "administrator", "first_administrator", "anchor_key")
FOLDERS = ("files", "log", "run")
FONTS_NEEDED = (".ttf", ".woff2")
STATIC_NEEDED = ("purser.css", "pack.css", "js/purser.js", "vendor/htmx.min.js")
TEST_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Doctor</title></head><body><p>Purser</p></body></html>'
)
_ZONES = """
SELECT DISTINCT zone FROM (
    SELECT time_zone AS zone FROM core_entity UNION SELECT time_zone FROM core_user UNION SELECT time_zone FROM core_workcalendar
) z WHERE zone <> '' ORDER BY 1
"""


def pdf(ground: Ground) -> Iterator[Part]:
    """Make a page for real, by the one place that makes them."""
    if install := how_to_install_pango():
        yield machine.judge_pdf(install, "", 0.0)
        return
    begun, failure = time.monotonic(), ""
    try:
        made = render(TEST_PAGE, attachments=[], made_at=clock.now(), identifier="00" * 16)
        failure = "" if made.content.startswith(b"%PDF-") else "what came out is no PDF"
    except Exception as error:  # noqa: BLE001  whatever a library says is the finding
        failure = plain(error)
    yield machine.judge_pdf("", failure, time.monotonic() - begun)


def fonts(ground: Ground) -> Iterator[Part]:
    sheet = finders.find("pack.css")
    text = Path(sheet).read_text(encoding="utf-8") if isinstance(sheet, str) else ""
    named = {part.split(")")[0].strip("'\" ").removeprefix("static:").lstrip("/") for part in text.split("url(")[1:]}
    yield machine.judge_fonts(sorted(name for name in named if finders.find(name) is None))


def disk(ground: Ground) -> Iterator[Part]:
    places = [Path(settings.VAR_DIR)]
    if not settings.DATABASE_URL_GIVEN:
        places.append(home_of(Path(settings.VAR_DIR)))
    free: dict[str, tuple[int, int]] = {}
    for place in filter(Path.exists, places):
        usage = shutil.disk_usage(place)
        if (usage.free, usage.total) not in free.values():
            free[str(place)] = (usage.free, usage.total)
    yield machine.judge_disk(free)


def folders(ground: Ground) -> Iterator[Part]:
    var = Path(settings.VAR_DIR)
    wanted = [*(var / name for name in FOLDERS), Path(settings.MEDIA_ROOT)]
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        wanted += [var / "broker" / name for name in ("queue", "done", "control")]
    paths = sorted(set(wanted))
    there = [path for path in paths if path.is_dir()]
    yield machine.judge_folders(
        [str(path) for path in paths if path not in there],
        [str(path) for path in there if not os.access(path, os.W_OK | os.X_OK)],
        [str(path) for path in there if is_open_to_others(path)],
    )


def is_open_to_others(path: Path) -> bool:
    """Say whether others may read the folder: its own mode, and no closed folder above it."""
    return all(each.stat().st_mode & 0o005 for each in (path, *path.parents)) and bool(path.stat().st_mode & 0o004)


def key_files(ground: Ground) -> Iterator[Part]:
    paths = [*(Path(settings.VAR_DIR) / name for name in SECRETS), Path(settings.ANCHOR_KEY_FILE)]
    yield machine.judge_key_files({str(path): path.stat().st_mode for path in paths if path.is_file()})


def zones(ground: Ground) -> Iterator[Part]:
    yield machine.judge_zones([name for name in ground.column(_ZONES) if not _is_zone(name)])


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def public_holidays(ground: Ground) -> Iterator[Part]:
    calendars = ground.rows.execute("SELECT DISTINCT country, subdivision FROM core_workcalendar WHERE country <> ''").fetchall()
    year = ground.now.year
    yield machine.judge_holidays(list(_without_holidays(calendars, year)), year)


def _without_holidays(calendars: Iterable[tuple[str, str]], year: int) -> Iterator[str]:
    for country, subdivision in calendars:
        try:
            known = all(holidays.country_holidays(country, subdiv=subdivision or None, years=each) for each in (year, year + 1))
        except (LookupError, RuntimeError, ValueError):  # an unknown country is a RuntimeError's child
            known = False
        if not known:
            yield f"{country} {subdivision}".strip()


def kept_files(ground: Ground) -> Iterator[Part]:
    """Look for files that no row names."""

    def named(table: str, column: str, names: list[str]) -> list[str]:
        return ground.column(f'SELECT "{column}" FROM "{table}" WHERE "{column}" = ANY(%s)', names)  # noqa: S608  our own names

    yield machine.judge_orphans(len(list(orphans_among(old_files(), named))))


def factors(ground: Ground) -> Iterator[Part]:
    """Open the seeds of second factors with the keys that are given."""
    kept = ground.column("SELECT coalesce(data->>'secret', data->>'seed') FROM mfa_authenticator WHERE data ?| '{secret,seed}'")
    yield machine.judge_factors(len(kept), sum(not opens(seed) for seed in kept))


def static(ground: Ground) -> Iterator[Part]:
    yield machine.judge_static([name for name in STATIC_NEEDED if finders.find(name) is None])


def fitting(ground: Ground) -> Iterator[Part]:
    """Hold the settings against each other."""
    yield web.judge_secret_key(settings.SECRET_KEY, is_kept=settings.SECRET_KEY_IS_KEPT)
    yield web.judge_debug(debug=settings.DEBUG)
    yield web.judge_address(
        web.Address(
            base_url=settings.BASE_URL,
            hosts=settings.ALLOWED_HOSTS,
            https=settings.SECURE,
            secure_cookies=settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE,
            demo=settings.DEMO,
        )
    )
    yield web.judge_proxy(https=settings.SECURE, networks=settings.METRICS_NETWORKS)
    given = [name for name in settings.ENVIRONMENT_PASSED_ON if name.startswith("PURSER_")]
    yield web.judge_settings(given, names_read())


LOOKS = (
    Look(("pdf",), pdf, within=60.0),
    Look(("fonts",), fonts),
    Look(("static",), static),
    Look(("disk",), disk),
    Look(("folders",), folders),
    Look(("key-files",), key_files),
    Look(("kept-files",), kept_files, needs_database=True),
    Look(("second-factors",), factors, needs_database=True),
    Look(("time-zones",), zones, needs_database=True),
    Look(("holidays",), public_holidays, needs_database=True),
    Look(("secret-key", "debug", "address", "proxy", "settings"), fitting),
)
