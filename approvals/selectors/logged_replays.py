"""What a policy would have done with the cases of another system's log, from a file or as it was imported."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any

from django.conf import settings

from approvals.models import HistoryLog
from approvals.rules.document import PolicyDocument
from approvals.rules.document_rules import rules_of
from approvals.rules.event_logs import LoggedEvent, LogRefusedError, read_log
from approvals.rules.logged import FACTS, LeftOut, Mapped, pasts_of, usual_hours_of
from approvals.rules.replay import Past, Replay, replay
from approvals.rules.waits import LogFigures, figures_of_log
from approvals.selectors.replays import hours_by_sla
from approvals.selectors.terms import SPEND
from core.errors import InvalidInput, Missing
from core.models import Entity

Cases = Mapping[str, list[LoggedEvent]]


@dataclass(frozen=True, slots=True)
class LogTold:
    """Which log was replayed: what of it was routed, and what was left out, by reason. `unread` are events."""

    name: str
    document: str
    kind: str
    cases: int
    left_out: LeftOut
    unread: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """Return it as the command prints it."""
        return asdict(self)


def mapped_by(
    document: PolicyDocument,
    *,
    kind: str = "",
    facts: Mapping[str, str] | None = None,
    kinds: Mapping[str, str] | None = None,
    roles: Mapping[str, str] | None = None,
) -> Mapped:
    """Return how a log is read for a policy. Raises InvalidInput for a fact or a kind that is not known."""
    if unknown := sorted(set(facts or ()) - set(FACTS)):
        raise InvalidInput(f"No policy asks about {', '.join(unknown)}.", remedy=f"Map one of: {', '.join(FACTS)}.")
    asked = [*([kind] if kind else []), *(kinds or {}).values()]
    if strange := sorted(set(asked) - set(document.kinds)):
        known = ", ".join(sorted(document.kinds))
        raise InvalidInput(f"The policy knows no kind {', '.join(strange)}.", remedy=f"Name one of: {known}.")
    return Mapped(kind or _only_kind(document, facts or {}), document.currency, facts or {}, kinds or {}, roles or {})


def replayed_log(document: PolicyDocument, *, content: bytes, name: str, mapped: Mapped) -> tuple[Replay, LogTold]:
    """Say what `document` would have done with every case of a log. Raises InvalidInput for a file that is none."""
    try:
        log = read_log(content, name=name, limit=settings.MAX_IMPORT_BYTES)
    except LogRefusedError as refused:
        raise InvalidInput(str(refused), remedy=refused.remedy, code="no_event_log") from refused
    figures, left_out = figures_of_log(log.cases), LeftOut()
    pasts = pasts_of(log.cases, log.about, figures.document, mapped, left_out)
    result = _replayed(document, pasts, figures, mapped)
    return result, LogTold(name, figures.document, mapped.kind, len(log.cases), left_out, log.unread)


def replayed_history(document: PolicyDocument, *, log: HistoryLog, mapped: Mapped) -> tuple[Replay, LogTold]:
    """Say the same of a log that was imported. Of its attributes only amounts were kept; its cases count as its kind."""
    if log.kind in document.kinds:
        mapped = replace(mapped, kind=log.kind)
    cases = dict(_kept(log))
    figures, left_out = figures_of_log(cases), LeftOut()
    result = _replayed(document, pasts_of(cases, {}, log.document, mapped, left_out), figures, mapped)
    return result, LogTold(log.name, log.document, mapped.kind, len(cases), left_out, log.figures.get("unread", {}))


def latest_log(entity: Entity) -> HistoryLog:
    """Return the log that was imported last for an organization. Raises Missing."""
    found = HistoryLog.objects.filter(entity=entity).order_by("-id").first()
    if found is None:
        raise Missing(
            f"No log was imported for {entity.name}.", remedy="Import one with import_history, or name a file by --log."
        )
    return found


def _replayed(document: PolicyDocument, pasts: Iterator[Past], figures: LogFigures, mapped: Mapped) -> Replay:
    rules = rules_of(document)
    return replay(pasts, rules, usual_hours=hours_by_sla(rules) | usual_hours_of(figures.waits, mapped))


def _kept(log: HistoryLog) -> Iterator[tuple[str, list[LoggedEvent]]]:
    rows = log.logged.order_by("case", "number").values_list("case", "activity", "role", "person", "at", "amount")
    for case, events in groupby(rows.iterator(), key=lambda row: row[0]):
        yield case, [LoggedEvent(*row) for row in events]


def _only_kind(document: PolicyDocument, facts: Mapping[str, str]) -> str:
    """Return the kind that cases count as where nothing says it: the only one by which money is asked for."""
    kinds = [code for code, part in document.kinds.items() if part.subject == SPEND]
    if len(kinds) == 1 or "kind" in facts:
        return kinds[0] if len(kinds) == 1 else ""
    raise InvalidInput(
        "Nothing says which kind of request the cases are.",
        remedy=f"Name one with --kind: {', '.join(sorted(document.kinds))}.",
    )
