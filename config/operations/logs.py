"""Logs: one line each, as JSON or for a terminal, with the request's id, and without secrets.

Everything goes through the standard library's loggers, ours and those of libraries; structlog gives the lines their form.
"""

import json
import logging
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import structlog
from django.conf import settings

from config.operations.redaction import clean_named
from core import correlation

Line = MutableMapping[str, Any]
LONGEST = 4000
SHORTEST_SECRET = 8
FRAMES = 12


def formatter(*, form: str) -> logging.Formatter:
    """Return the formatter that LOGGING names. `form`: json, text, or auto, which is text in a terminal only."""
    as_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=BEFORE,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact, as_terminal if as_text else as_json],
    )


def configure() -> None:
    """Let `structlog.get_logger` speak through the standard loggers."""
    structlog.configure(
        processors=[*BEFORE, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def add_cause(_: Any, __: str, line: Line) -> Line:
    """Say which request or job this belongs to, who asked, and by which view."""
    if current := correlation.current():
        line.setdefault("request_id", current)
    for name, value in correlation.facts().items():
        line.setdefault(name, value)
    return line


def add_exception(_: Any, __: str, line: Line) -> Line:
    """Tell an exception in one line: what it says, and through which places it went, without their values."""
    told = line.pop("exc_info", None)
    if told is True:
        told = sys.exc_info()
    if isinstance(told, BaseException):
        told = (type(told), told, told.__traceback__)
    if isinstance(told, tuple) and told[1] is not None:
        line["exception"] = f"{type(told[1]).__name__}: {told[1]}"[:LONGEST]
        line["at"] = _places(told[2])
    line.pop("stack_info", None)
    return line


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-FRAMES:]
    return [f"{frame.filename.rpartition('/site-packages/')[2]}:{frame.lineno} {frame.name}" for frame in frames]


def redact(_: Any, __: str, line: Line) -> Line:
    """Take out what must not stand in a log."""
    known = _known_secrets()
    return {name: clean_named(name, value, known=known) for name, value in line.items()}


def _known_secrets() -> tuple[str, ...]:
    database = settings.DATABASES["default"].get("PASSWORD")
    found = (
        settings.SECRET_KEY,
        *settings.FACTOR_KEYS,
        database,
        getattr(settings, "EMAIL_HOST_PASSWORD", ""),
        settings.METRICS_TOKEN,
    )
    return tuple(str(each) for each in found if each and len(str(each)) >= SHORTEST_SECRET)


def as_json(_: Any, __: str, line: Line) -> str:
    """Return the line as JSON in plain ASCII: a line end, a colour code or a mark of direction is only ever its escape."""
    first = {name: line.pop(name) for name in ("time", "level", "event") if name in line}
    return json.dumps({**first, **line}, default=str)


def as_terminal(_: Any, __: str, line: Line) -> str:
    """Return the line for a person's eyes; what is not printable is shown as its escape."""
    head = f"{line.pop('time', '')} {str(line.pop('level', '')).upper():8} {line.pop('event', '')}"
    rest = " ".join(f"{name}={value}" for name, value in line.items() if value not in ("", None))
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in f"{head}  {rest}".rstrip())


BEFORE: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    structlog.stdlib.PositionalArgumentsFormatter(),
    add_cause,
    add_exception,
]
