"""The doors of retention: what is kept and withheld, what is past its years, and what was removed; as pages and for programs."""

from typing import Any

from tests.doors.words import ADMINISTER, AUDIT, BUDGET, Access, Answer, Door, Part, Persona, Things, form, may, page, reads

READING = (AUDIT, BUDGET, ADMINISTER)
LOOKING = reads(*READING, whole=True)
STATING = may(ADMINISTER, whole=True)
HASH = "cd" * 32


def _removes(persona: Persona, part: Part) -> Answer:
    """Finance of the whole orders removals, of a list that it looked at; who only looks is told that they do not."""
    answer = LOOKING.answer(persona, part)
    if answer != Answer.ALLOWED:
        return answer
    return Answer.WRONG if BUDGET in persona.rights else Answer.REFUSED


def _period(things: Things) -> dict[str, Any]:
    return {"years": "3", "reason": "A law."}


def _hold(things: Things) -> dict[str, Any]:
    return {"kind": "", "reason": "An audit."}


def _by_program(said: dict[str, Any]) -> Any:
    return lambda things: {"entity": things["entity"], **said}


DOORS: list[Door] = [
    page("core:trail", reads(AUDIT, ADMINISTER, whole=True), query="entity"),
    page("core:trail-csv", reads(AUDIT, ADMINISTER, whole=True), query="entity"),
    page("core:retention", LOOKING, query="entity"),
    page("core:retention-run", LOOKING, run_id="removal"),
    page("core:retention-run-csv", LOOKING, run_id="removal"),
    form(
        "core:retention-period",
        STATING,
        entity_code="entity",
        kind="=reports",
        body=_period,
        changes=("core_retentionperiod",),
    ),
    form("core:retention-hold", LOOKING, entity_code="entity", body=_hold, changes=("core_retentionhold",)),
    form(
        "core:retention-lift", STATING, hold_id="hold", body=lambda things: {"reason": "Over."}, changes=("core_retentionhold",)
    ),
    form(
        "core:retention-past",
        LOOKING,
        post=Access(_removes),
        entity_code="entity",
        body=lambda things: {"digest": HASH},
    ),
]

API: list[Door] = [
    Door("api:audit-records-list", get=reads(AUDIT, ADMINISTER)),
    Door(
        "api:retention-periods-list",
        get=reads(*READING),
        post=STATING,
        body=_by_program({"kind": "reports", "years": 3, "reason": "A law."}),
        names=("entity",),
        changes=("core_retentionperiod",),
    ),
    Door(
        "api:retention-holds-list",
        get=reads(*READING),
        post=LOOKING,
        body=_by_program({"reason": "An audit."}),
        names=("entity",),
        changes=("core_retentionhold",),
    ),
    Door("api:retention-holds-detail", get=LOOKING, at={"id": "hold"}),
    Door(
        "api:retention-holds-lift",
        post=STATING,
        at={"id": "hold"},
        body=lambda things: {"reason": "Over."},
        changes=("core_retentionhold",),
    ),
    Door(
        "api:retention-removals-list",
        get=reads(*READING),
        post=may(BUDGET, whole=True, allowed=Answer.WRONG),
        body=_by_program({"digest": HASH}),
        names=("entity",),
    ),
    Door("api:retention-removals-detail", get=LOOKING, at={"id": "removal"}),
    Door("api:retention-removals-past", get=LOOKING, query="entity"),
    Door("api:retention-removed-list", get=LOOKING, at={"number": "removal"}),
]
