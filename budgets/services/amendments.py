"""Amending a budget: the next version drawn up from the one in force, put there now or on its day, or taken back.

Who may is for the rooms above: an approval, or whoever keeps the budget.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from budgets.events import VersionToSign
from budgets.locks import lock_key, lock_structure, lock_version
from budgets.models import Budget, BudgetVersion, Category, CostCentre, Entry, Journal
from budgets.rules.document import BudgetDocument, parse
from budgets.rules.months import first_of
from budgets.rules.postings import Posting
from budgets.selectors.balances import effect_of
from budgets.selectors.sign_offs import is_signed
from budgets.services.amended_rows import Amounts, check_rows, write_envelopes, write_lines
from budgets.services.budgets import Made, plan_of_document, write_version
from budgets.services.ledger import reverse
from budgets.services.versions import SOURCE, put_in_force, refuse_unless_based_on
from core import clock
from core.errors import InvalidInput, WrongState
from core.models import User
from core.services import audit
from core.services.outbox import publish

ZERO = Decimal(0)
State = BudgetVersion.State


@transaction.atomic
def draft_version(
    *, budget: Budget, base_id: int, since: date, amounts: Amounts, actor: User | None, note: str = ""
) -> BudgetVersion:
    """Draw up the next version: the one in force with other amounts from the month `since` on.

    An envelope that is not stated goes up and down with the lines in it, and the total with the envelopes. Raises Stale where
    another version came in force since `base_id`, InvalidInput by field (`line-<id>`, `envelope-<id>`,
    `cell-<id>-<month>`, `since`).
    """
    base = _base(budget, base_id)
    _check_since(budget, since)
    lines = list(base.lines.select_related("category").prefetch_related("months").order_by("id"))
    envelopes = list(base.categories.select_related("category").order_by("id"))
    check_rows(amounts, lines, envelopes, budget, first_of(since))
    version = _next(budget, base, since, actor, note)
    differences = write_lines(version, lines, amounts, first_of(since))
    version.total = base.total + write_envelopes(version, envelopes, amounts, differences)
    if version.total < ZERO:
        raise InvalidInput("The budget would come to less than nothing.", remedy="Lower it by less.")
    version.save(update_fields=["total"])
    _record(version, actor, "budget_version.drafted", {"from": base.number, "since": str(since), "total": str(version.total)})
    return version


@transaction.atomic
def draft_from_document(
    *, budget: Budget, base_id: int, since: date, document: Mapping[str, Any], actor: User | None, source_name: str = ""
) -> BudgetVersion:
    """Draw up the next version from a budget file, which may say other amounts and lines, and nothing else that is new.

    Raises Stale, Missing (a cost centre or a category that is not known), InvalidInput (places in the file; `since`).
    """
    parsed = parse(document)
    base = _base(budget, base_id)
    _check_since(budget, since)
    _check_document(parsed, budget, base)
    part = parsed.budget
    centres = {node.code: node for node in CostCentre.objects.filter(entity=budget.entity)}
    categories = {category.code: category for category in Category.objects.filter(entity=budget.entity)}
    plan = plan_of_document(part, budget.entity, centres, categories)
    made = Made(actor, source_name, based_on=base, effective_on=first_of(since))
    version = write_version(budget, part, plan, centres, categories, made)
    _record(version, actor, "budget_version.drafted", {"from": base.number, "since": str(since), "total": str(version.total)})
    return version


@transaction.atomic
def put_amendment_in_force(
    *,
    version_id: int,
    actor: User | None,
    force: bool = False,
    rebaseline: bool = False,
    is_approved: bool = False,
    is_trial: bool = False,
) -> BudgetVersion:
    """Put a draft in force in place of the version that it was made from. Raises what `put_in_force` raises."""
    base_id = BudgetVersion.objects.values_list("based_on_id", flat=True).get(pk=version_id)
    return put_in_force(
        version_id=version_id,
        actor=actor,
        force=force,
        base_id=base_id,
        rebaseline=rebaseline,
        is_approved=is_approved,
        is_trial=is_trial,
    )


def try_version(*, version_id: int, actor: User | None, force: bool = False) -> None:
    """Put a draft in force and undo it: what that refuses is refused, and nothing of it stays."""
    with transaction.atomic():
        put_amendment_in_force(version_id=version_id, actor=actor, force=force, is_trial=True)
        transaction.set_rollback(True)


@transaction.atomic
def schedule_version(*, version_id: int, actor: User | None) -> BudgetVersion:
    """Let a draft wait for the first day of its month, and to be signed where it needs that; until then the old version is in
    force. Raises WrongState, NotFound.
    """
    version = _step(version_id, actor, {State.DRAFT}, State.SCHEDULED, "budget_version.scheduled")
    if not is_signed(version):
        publish(VersionToSign(version_id=version.pk, at=clock.now().isoformat()))
    return version


@transaction.atomic
def drop_version(*, version_id: int, actor: User | None) -> BudgetVersion:
    """Put away a draft that was not taken. Raises WrongState, NotFound."""
    return _step(version_id, actor, {State.DRAFT, State.SCHEDULED}, State.DROPPED, "budget_version.dropped")


@transaction.atomic
def redraft_version(*, version_id: int, actor: User | None) -> BudgetVersion:
    """Take up again what was put away, or waits for its day. Raises WrongState, NotFound."""
    return _step(version_id, actor, {State.DROPPED, State.SCHEDULED}, State.DRAFT, "budget_version.redrafted")


@transaction.atomic
def take_version_back(*, version_id: int, actor: User | None) -> BudgetVersion:
    """Let the version be in force again that this one took the place of, by reversing its journal; this is a draft again.

    Raises WrongState (not in force any more; `used`: what it had raised is held by now), ClosedPeriod, NotFound.
    """
    lock_structure()
    version = lock_version(version_id)
    before = version.based_on
    if version.state != State.IN_FORCE or before is None:
        raise WrongState(f"{version} is {version.get_state_display()}.", remedy="Amend the budget anew.")
    journal = _journal_of(version)
    if journal is not None:
        _refuse_if_used(version, journal)
    version.state, version.in_force_at, version.is_baseline = State.DRAFT, None, False
    version.save(update_fields=["state", "in_force_at", "is_baseline"])
    before.state = State.IN_FORCE
    before.save(update_fields=["state"])
    _record(version, actor, "budget_version.taken_back", {"in_force": before.number})
    if journal is not None:
        reverse(journal_id=journal.pk, key=f"{journal.key}:undone", actor=actor, memo=f"{version}, taken back")
    return version


def _base(budget: Budget, base_id: int) -> BudgetVersion:
    lock_key(f"budget:{budget.code}")
    in_force = budget.versions.filter(state=State.IN_FORCE).first()
    refuse_unless_based_on(in_force, base_id)
    if in_force is None:
        raise WrongState(f"{budget.name} has no version in force.", remedy="Load its first one.")
    return in_force


def _check_since(budget: Budget, since: date) -> None:
    if not budget.starts_on <= first_of(since) <= budget.ends_on:
        said = f"{budget.name} runs from {budget.starts_on:%b %Y} to {budget.ends_on:%b %Y}. Choose a month of these."
        raise InvalidInput(said, details={"since": said})


def _check_document(parsed: BudgetDocument, budget: Budget, base: BudgetVersion) -> None:
    """An amendment changes amounts. What a budget is, and what its limits do, is stated by loading its file."""
    part = parsed.budget
    stated: dict[str, tuple[Any, Any]] = {
        "code": (part.code, budget.code),
        "currency": (part.currency, budget.currency),
        "starts_on": (part.starts_on, budget.starts_on),
        "months": (part.ends_on, budget.ends_on),
        "sign_off": (part.sign_off, base.sign_off),
        "control.lines": (part.control.lines, budget.line_mode),
        "control.groups": (part.control.groups, budget.group_mode),
        "control.tolerance_pct": (part.control.tolerance_pct / 100, budget.tolerance),
        "control.ladder": (part.control.ladder, budget.ladder),
        "control.window": (part.control.window or budget.window, budget.window),
    }
    wrong = {f"budget.{name}": f"This is {now}, as the budget has it." for name, (said, now) in stated.items() if said != now}
    if wrong:
        raise InvalidInput(
            "An amendment changes amounts and lines; this file changes more.",
            remedy="Keep what the budget has, or load the file as finance.",
            details=wrong,
        )


def _next(budget: Budget, base: BudgetVersion, since: date, actor: User | None, note: str) -> BudgetVersion:
    newest = budget.versions.order_by("-number").values_list("number", flat=True).first() or 0
    return BudgetVersion.objects.create(
        budget=budget,
        number=newest + 1,
        total=base.total,
        note=note[:400],
        created_by=actor,
        created_at=clock.now(),
        based_on=base,
        effective_on=first_of(since),
        sign_off=base.sign_off,
    )


def _step(version_id: int, actor: User | None, sources: set[State], target: State, verb: str) -> BudgetVersion:
    version = lock_version(version_id)
    if version.state not in sources:
        raise WrongState(f"{version} is {version.get_state_display()}.", remedy="Open the budget's versions.")
    version.state = target
    version.save(update_fields=["state"])
    _record(version, actor, verb, {"state": target.value})
    return version


def _journal_of(version: BudgetVersion) -> Journal | None:
    rows = Journal.objects.filter(source_type=SOURCE, source_id=str(version.pk), reversed_by__isnull=True)
    return rows.exclude(kind=Journal.Kind.REVERSE).order_by("-id").first()


def _refuse_if_used(version: BudgetVersion, journal: Journal) -> None:
    """A reversal is never refused for funds, so what must not be undone is looked for before."""
    rows = Entry.objects.filter(journal=journal).values_list("account_id", "month", "bucket", "amount")
    effects = effect_of([Posting(account, month, bucket, -amount) for account, month, bucket, amount in rows])
    used = [effect.node for effect in effects if not effect.passes]
    if used:
        raise WrongState(
            f"{used[0]} holds more by now than it had before {version}.", remedy="Amend the budget anew.", code="used"
        )


def _record(version: BudgetVersion, actor: User | None, verb: str, after: dict[str, Any]) -> None:
    said = {"version": version.number} | after
    audit.record(actor=actor, verb=verb, subject=version, entity=version.budget.entity, after=said)
