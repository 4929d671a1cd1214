"""A month's chargeback up to its posting: drawn up, adjusted, put before the managers, dropped."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from budgets.events import ChargebackDropped, ChargebackSent
from budgets.locks import lock_chargeback, lock_month_of_chargebacks
from budgets.models import (
    ChargebackAdjustment,
    ChargebackDispute,
    ChargebackPart,
    ChargebackRun,
    ChargebackSource,
    ChargebackStatement,
    CostCentre,
    RuleSet,
)
from budgets.rules.chargeback import SharedOut, share_out
from budgets.rules.months import first_of
from budgets.rules.rule_sets import RuleSetDocument, parse
from budgets.selectors.chargebacks import ZERO, borne_in, document_of, totals_of
from budgets.selectors.collecting import Collected, collect
from budgets.selectors.months import open_among
from budgets.selectors.rule_sets import rules_for, units_of
from budgets.selectors.statements import managers_of
from core import clock
from core.errors import ClosedPeriod, InvalidInput, Missing, WrongState
from core.models import Entity, User
from core.rules.worktime import add_business_days
from core.selectors.calendars import calendar_of
from core.services import audit
from core.services.outbox import publish

# In working days: to answer a statement or see to a dispute, and when to be reminded of it.
DAYS, REMIND_AFTER = 5, 3


@dataclass(frozen=True, slots=True)
class AdjustmentData:
    """An amount of a pool that goes from one receiver to another, and why."""

    pool: str
    giver: CostCentre
    taker: CostCentre
    amount: Decimal
    reason: str
    words: str


@transaction.atomic
def draw_up(*, entity: Entity, month: date, rules_code: str, actor: User) -> ChargebackRun:
    """Collect a month's spend by the rules that hold in it, and share it out.

    What was drawn up before by the same rule set and not posted is dropped; what others made of the month stays beside it.
    Raises ClosedPeriod, Missing (no such rules), WrongState (nothing was spent there).
    """
    now, month = clock.now(), first_of(month)
    lock_month_of_chargebacks(entity.pk, month)
    refuse_closed(entity, month)
    rules = rules_for(entity, rules_code, month)
    if rules is None:
        raise Missing(f"No rules “{rules_code[:40]}” hold in {month:%B %Y}.", remedy="State rules that start by then.")
    document = parse(rules.document)
    collected, left_out = collect(entity, month, document.pools)
    if not collected:
        raise WrongState(
            f"Nothing was spent in {month:%B %Y} in what these rules collect.", remedy="Import the month's spend first."
        )
    _refuse_twice(collected)
    shared = _shared(entity, month, document, collected)
    _drop_open(rules, month, actor)
    run = _written(rules, month, actor, [*left_out, *_left(document, shared)])
    _write_rows(run, collected, shared)
    after = {"month": f"{month:%Y-%m}", "number": run.number, "rules": str(rules), "receivers": len(shared.borne())}
    audit.record(actor=actor, verb="chargeback.drawn_up", subject=run, entity=entity, after=after, at=now)
    return run


def refuse_closed(entity: Entity, month: date) -> None:
    """Refuse a month that is closed or was never opened: it is final. Raises ClosedPeriod."""
    if month not in open_among(entity, [month]):
        raise ClosedPeriod(
            f"{month:%B %Y} is closed, or was never opened: its chargeback stays as it is.",
            remedy="Open the month again, or put what changed right in the next month by an adjustment.",
            details={"month": month.isoformat()},
        )


def _refuse_twice(collected: list[Collected]) -> None:
    """Rules are checked as they are stated; a cost centre that was moved since may lie in two pools."""
    seen: dict[int, str] = {}
    for each in collected:
        if each.account_id in seen:
            raise WrongState(
                f"The pools {seen[each.account_id]} and {each.pool} would collect the same spend.",
                remedy="A cost centre was moved since the rules were stated; state them anew.",
            )
        seen[each.account_id] = each.pool


def _shared(entity: Entity, month: date, document: RuleSetDocument, collected: list[Collected]) -> SharedOut:
    amounts: dict[str, Decimal] = {}
    for each in collected:
        amounts[each.pool] = amounts.get(each.pool, ZERO) + each.amount
    users = _pools_of_centres(entity, document)
    providers = {pool.code for pool in document.providers}
    centres = {centre: pool for centre, pool in users.items() if pool in providers and document.method != "direct"}
    # Use by what an overhead pool collects is nobody's to bear, and by any pool where they do not serve one another.
    left_out = set(users) - set(centres)
    readings = {
        metric: {to: units for to, units in row.items() if to not in left_out} for metric, row in units_of(entity, month).items()
    }
    return share_out(document, amounts, readings, centres, currency=entity.currency)


def _pools_of_centres(entity: Entity, document: RuleSetDocument) -> dict[str, str]:
    """Return by the code of each cost centre that is collected from the pool that its use counts for: the nearest above it."""
    paths = dict(CostCentre.objects.filter(entity=entity).values_list("code", "path"))
    pools = sorted(document.pools, key=lambda pool: len(paths[pool.collects.cost_centre]))
    return {
        code: pool.code for pool in pools for code, path in paths.items() if path.startswith(paths[pool.collects.cost_centre])
    }


def _left(document: RuleSetDocument, shared: SharedOut) -> list[str]:
    names = {pool.code: pool.name for pool in document.pools}
    return [f"{names[code]} stays where it is. {reason}" for code, reason in shared.left.items()]


def _drop_open(rules: RuleSet, month: date, actor: User) -> None:
    same = ChargebackRun.objects.filter(entity=rules.entity, month=month, rules_code=rules.code)
    before = same.filter(state__in=ChargebackRun.OPEN).first()
    if before is not None:
        _drop(lock_chargeback(before.pk), actor, "The month was drawn up again.")


def _written(rules: RuleSet, month: date, actor: User, findings: list[str]) -> ChargebackRun:
    entity = rules.entity
    last = ChargebackRun.objects.filter(entity=entity, month=month).order_by("-number").values_list("number", flat=True).first()
    return ChargebackRun.objects.create(
        entity=entity,
        month=month,
        number=(last or 0) + 1,
        rules=rules,
        rules_code=rules.code,
        currency=entity.currency,
        findings=findings,
        drawn_at=clock.now(),
        drawn_by=actor,
    )


def _write_rows(run: ChargebackRun, collected: list[Collected], shared: SharedOut) -> None:
    ChargebackSource.objects.bulk_create(
        ChargebackSource(run=run, pool=each.pool, account_id=each.account_id, amount=each.amount, journal_ids=each.journal_ids)
        for each in collected
    )
    centres = {each.code: each for each in CostCentre.objects.filter(entity=run.entity)}
    ChargebackPart.objects.bulk_create(
        ChargebackPart(
            run=run, pool=each.pool, receiver=centres[each.to], amount=each.amount, why=each.why[:200], basis=each.basis
        )
        for each in shared.parts
    )


@transaction.atomic
def adjust(*, run_id: int, data: AdjustmentData, actor: User) -> ChargebackAdjustment:
    """Move an amount of a pool from one receiver to another before the managers are asked. The sum stays.

    Raises WrongState (with the managers, or posted), InvalidInput by field.
    """
    run = lock_chargeback(run_id)
    if run.state != ChargebackRun.State.DRAFT:
        raise WrongState(
            "The managers have their statements, or had them.",
            remedy="Adjust by resolving a dispute, or draw the month up again.",
            code="not_draft",
        )
    return write_adjustment(run, data, actor)


def write_adjustment(
    run: ChargebackRun, data: AdjustmentData, actor: User, dispute: ChargebackDispute | None = None
) -> ChargebackAdjustment:
    """Check an adjustment of a locked run and write it. Raises InvalidInput by field."""
    _check_adjustment(run, data)
    made = ChargebackAdjustment.objects.create(
        run=run,
        pool=data.pool,
        giver=data.giver,
        taker=data.taker,
        amount=data.amount,
        reason=data.reason,
        words=data.words.strip(),
        dispute=dispute,
        made_at=clock.now(),
        made_by=actor,
    )
    after = {
        "pool": made.pool,
        "from": data.giver.code,
        "to": data.taker.code,
        "amount": str(made.amount),
        "reason": made.reason,
        "words": made.words,
    }
    audit.record(actor=actor, verb="chargeback.adjusted", subject=run, entity=run.entity, after=after)
    return made


def _check_adjustment(run: ChargebackRun, data: AdjustmentData) -> None:
    wrong: dict[str, str] = {}
    pools = {pool.code: pool for pool in document_of(run).pools}
    borne = {(row.pool, row.receiver.pk): row.amount for row in borne_in(run)}
    whole = sum((amount for (pool, _), amount in borne.items() if pool == data.pool), ZERO)
    has = borne.get((data.pool, data.giver.pk), ZERO)
    if data.pool not in pools or not whole:
        wrong["pool"] = "Choose a pool that was shared out."
    elif data.taker.entity_id != run.entity_id or not data.taker.is_active or _is_collected(run, data.taker):
        wrong["taker"] = "Choose a cost centre in use of which nothing is collected."
    if data.giver.pk == data.taker.pk:
        wrong["taker"] = "Choose two different cost centres."
    if not data.amount or (data.amount > 0) != (whole > 0) or abs(data.amount) > abs(has):
        wrong["amount"] = f"{data.giver.name} bears {has:,.2f} of it; state an amount up to that."
    if data.reason not in ChargebackAdjustment.Reason.values:
        wrong["reason"] = "Choose a reason from the list."
    if not data.words.strip() or len(data.words.strip()) > 400 or "\x00" in data.words:
        wrong["words"] = "Say in up to 400 characters what happened."
    if wrong:
        raise InvalidInput("This adjustment cannot be made.", remedy=next(iter(wrong.values())), details=wrong)


def _is_collected(run: ChargebackRun, centre: CostCentre) -> bool:
    codes = [pool.collects.cost_centre for pool in document_of(run).pools]
    paths = CostCentre.objects.filter(entity=run.entity, code__in=codes).values_list("path", flat=True)
    return any(centre.path.startswith(path) for path in paths)


@transaction.atomic
def send_statements(*, run_id: int, actor: User) -> ChargebackRun:
    """Ask the manager of each receiver about its statement.

    Raises WrongState, Missing (nobody manages a receiver), ClosedPeriod.
    """
    now = clock.now()
    run = lock_chargeback(run_id)
    if run.state != ChargebackRun.State.DRAFT:
        raise WrongState(f"This chargeback is {run.get_state_display()}.", remedy="Look at its statements.")
    refuse_closed(run.entity, run.month)
    receivers = [centre for centre, amount in totals_of(borne_in(run)).items() if amount]
    if not receivers:
        raise WrongState("Nothing goes to anybody.", remedy="State the readings that are missing, and draw the month up again.")
    run.sent_at = now
    run.send()
    run.save(update_fields=["state", "sent_at"])
    for centre in receivers:
        ask(run, centre)
    after = {"statements": len(receivers)}
    audit.record(actor=actor, verb="chargeback.sent", subject=run, entity=run.entity, after=after)
    publish(ChargebackSent(run_id=run.pk, at=now.isoformat()))
    return run


def ask(run: ChargebackRun, centre: CostCentre) -> ChargebackStatement:
    """Write a receiver's statement, with who is asked and until when. Raises Missing where nobody could answer."""
    managers = managers_of(run.entity, centre)
    if not managers:
        raise Missing(
            f"Nobody decides over {centre.name} who could answer for it.", remedy="Have an administrator give somebody that role."
        )
    remind_at, due_at = clocks(run.entity)
    return ChargebackStatement.objects.create(run=run, receiver=centre, manager=managers[0], due_at=due_at, remind_at=remind_at)


def clocks(entity: Entity) -> tuple[datetime, datetime]:
    """Return when to remind, and until when an answer is wanted: three and five working days from now."""
    now = clock.now()
    calendar = calendar_of(entity, around=now)
    return add_business_days(calendar, now, REMIND_AFTER), add_business_days(calendar, now, DAYS)


@transaction.atomic
def drop(*, run_id: int, actor: User, reason: str) -> ChargebackRun:
    """Leave a chargeback that is not posted. Raises WrongState, InvalidInput (no reason)."""
    run = lock_chargeback(run_id)
    if not run.is_open:
        raise WrongState(f"This chargeback is {run.get_state_display()}.", remedy="Only an open one is dropped.")
    return _drop(run, actor, checked_reason(reason))


def checked_reason(reason: str) -> str:
    """Return a reason as it is kept. Raises InvalidInput."""
    words = reason.strip()
    if not words or len(words) > 300 or "\x00" in words:
        sentence = "Say why, in up to 300 characters."
        raise InvalidInput("A reason is missing.", remedy=sentence, details={"reason": sentence})
    return words


def _drop(run: ChargebackRun, actor: User, reason: str) -> ChargebackRun:
    run.ended_at, run.ended_because = clock.now(), reason
    run.drop()
    run.save(update_fields=["state", "ended_at", "ended_because"])
    audit.record(actor=actor, verb="chargeback.dropped", subject=run, entity=run.entity, after={"reason": reason})
    publish(ChargebackDropped(run_id=run.pk, at=run.ended_at.isoformat()))
    return run
