"""Amending a budget: asked for as the policy says by the size of the change, in force on its day, taken back by reversal.

The next version is drawn up when it is asked for, and stays a draft until it is decided. Nothing is held meanwhile: what it
lowers is judged when it is asked for, again when it is decided, and again when it comes in force.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from approvals.data import LineData, RequestData
from approvals.events import AmendmentInForce, AmendmentStuck
from approvals.locks import lock_form
from approvals.models import Amendment, Request
from approvals.selectors.amendments import Judged, is_rebaseline, judged
from approvals.selectors.chains import Prediction, plan
from approvals.selectors.facts import ask_of_data
from approvals.selectors.terms import AMENDMENT, amendment_of
from approvals.services.requests import save_draft, submit_request
from approvals.subjects import SubjectKind, register
from budgets.models import Budget, BudgetVersion, Category, CostCentre
from budgets.selectors.comparing import Comparison, compare
from budgets.selectors.sign_offs import is_signed
from budgets.services.accounts import ensure_account
from budgets.services.amended_rows import Amounts
from budgets.services.amendments import (
    draft_from_document,
    draft_version,
    drop_version,
    put_amendment_in_force,
    redraft_version,
    schedule_version,
    take_version_back,
    try_version,
)
from budgets.services.versions import allotments_of
from core import clock
from core.access import may, people_with
from core.errors import InvalidInput, NotAllowed, Refusal
from core.models import User
from core.rules.rights import Right
from core.services.outbox import publish

ZERO = Decimal(0)
# A cost centre, a category, and a month or all of them.
Place = tuple[str, str, date | None]
Allotted = dict[Place, Decimal]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to change: amounts by rows of the version in force, or a whole budget file. From the month `since` on."""

    budget: Budget
    base_id: int
    since: date
    reason: str
    amounts: Amounts = field(default_factory=Amounts)
    document: Mapping[str, Any] | None = None
    source_name: str = ""
    is_forced: bool = False


@dataclass(frozen=True, slots=True)
class Amended:
    """What amending came to: a request that waits, or a version that was put in force, or waits for its day, at once."""

    request: Request | None = None
    version: BudgetVersion | None = None


@dataclass(frozen=True, slots=True)
class Prospect:
    """What asking for it would lead to. `refusal` is why it would be refused now."""

    comparison: Comparison
    judged: Judged
    change: Decimal
    prediction: Prediction | None = None
    refusal: Refusal | None = None


@transaction.atomic
def amend_budget(*, actor: User, wanted: Wanted, form_key: UUID, request_id: int | None = None) -> Amended:
    """Ask for an amendment, or make it at once where nobody has to be asked. One form, told by its `form_key`, amends once.

    `request_id` is that of an amendment that was sent back. Raises Stale (another version came in force since `base_id`),
    NotAllowed, InvalidInput by field, NoFunds, Missing, ClosedPeriod, WrongState.
    """
    kept = lock_form(form_key) if request_id is None else None
    if kept is not None and kept.requester_id == actor.pk and not kept.is_editable:
        return Amended(request=kept)
    version = _draft(wanted, actor)
    found = judged(wanted.budget, _compared(version).categories)
    if found.way.at_once and request_id is None:
        return Amended(version=_at_once(actor, wanted, version, found))
    return Amended(request=_ask(actor, wanted, version, found, form_key, request_id))


def preview_amendment(*, actor: User, wanted: Wanted) -> Prospect:
    """Say what an amendment changes, how large it is and who would decide; nothing of it stays. Raises as `amend_budget` does.

    That money is held, or a month closed, is told as the prospect's `refusal`.
    """
    with transaction.atomic():
        version = _draft(wanted, actor)
        comparison = _compared(version)
        found = judged(wanted.budget, comparison.categories)
        lines = _lines(version)
        change = sum((Decimal(line.net) for line in lines), ZERO)
        prediction, refusal = _foreseen(actor, wanted, version, found, lines)
        transaction.set_rollback(True)
    return Prospect(comparison, found, change, prediction, refusal)


def put_due_in_force() -> int:
    """Put in force what was approved and whose day has come; return how many. What is refused waits, and finance hears of it."""
    today = clock.now().date()
    due = BudgetVersion.objects.filter(state=BudgetVersion.State.SCHEDULED, effective_on__lte=today).order_by(
        "effective_on", "id"
    )
    return sum(_put_due(version) for version in due.select_related("budget") if is_signed(version))


def _put_due(version: BudgetVersion) -> int:
    amendment = Amendment.objects.filter(version=version).select_related("request").first()
    at = clock.now().isoformat()
    try:
        with transaction.atomic():
            if amendment is not None:
                publish(AmendmentInForce(request_id=amendment.request_id, version_id=version.pk, at=at))
            put_amendment_in_force(
                version_id=version.pk,
                actor=None,
                force=amendment.is_forced if amendment else False,
                rebaseline=is_rebaseline(amendment.size) if amendment else False,
            )
    except Refusal as refusal:
        publish(AmendmentStuck(version_id=version.pk, why=str(refusal)[:1000], at=at))
        return 0
    return 1


def _draft(wanted: Wanted, actor: User) -> BudgetVersion:
    shared: dict[str, Any] = {"budget": wanted.budget, "base_id": wanted.base_id, "since": wanted.since, "actor": actor}
    if wanted.document is not None:
        return draft_from_document(document=wanted.document, source_name=wanted.source_name, **shared)
    return draft_version(amounts=wanted.amounts, note=wanted.reason, **shared)


def _compared(version: BudgetVersion) -> Comparison:
    assert version.based_on is not None
    return compare(version.based_on, version)


def _lines(version: BudgetVersion) -> list[LineData]:
    """Return what is asked for as lines: the accounts that go up, or those that go down where that is more. Raises InvalidInput.

    Their sum is by how much the project changes: what is only moved between lines counts once. Where no account comes to more
    or less and only its months differ, what is moved between months counts once.
    """
    assert version.based_on is not None
    assert version.effective_on is not None
    old, new = _allotted(version.based_on), _allotted(version)
    taken = _more_of(_by_account(old), _by_account(new)) or _more_of(old, new)
    if not taken:
        raise InvalidInput("This changes no amount.", remedy="Change at least one.", details={"": "Change at least one amount."})
    centres = {node.code: node for node in CostCentre.objects.filter(entity=version.budget.entity)}
    categories = {each.code: each for each in Category.objects.filter(entity=version.budget.entity)}
    lines = []
    for (centre, category, month), (amount, was, would_be) in taken.items():
        account = ensure_account(budget=version.budget, cost_centre=centres[centre], category=categories[category])
        name = account.name if month is None else f"{account.name} in {month:%b %Y}"
        said = f"{name}: {was:,.2f} to {would_be:,.2f}"
        lines.append(LineData(said[:300], account.pk, version.effective_on, amount))
    return lines


def _more_of(old: Allotted, new: Allotted) -> dict[Place, tuple[Decimal, Decimal, Decimal]]:
    """Return what goes up, or down where that is more, by place: by how much, and what it was and would be."""
    by = {place: (old.get(place, ZERO), new.get(place, ZERO)) for place in sorted({*old, *new}, key=str)}
    ups = {place: (would_be - was, was, would_be) for place, (was, would_be) in by.items() if would_be > was}
    downs = {place: (was - would_be, was, would_be) for place, (was, would_be) in by.items() if would_be < was}
    return ups if _sum(ups) >= _sum(downs) else downs


def _sum(found: Mapping[Place, tuple[Decimal, Decimal, Decimal]]) -> Decimal:
    return sum((amount for amount, _, _ in found.values()), ZERO)


def _allotted(version: BudgetVersion) -> Allotted:
    found: Allotted = {}
    for allotment in allotments_of(version):
        for month, amount in allotment.months.items():
            place = allotment.cost_centre, allotment.category, month
            found[place] = found.get(place, ZERO) + amount
    return found


def _by_account(allotted: Allotted) -> Allotted:
    found: Allotted = {}
    for (centre, category, _), amount in allotted.items():
        place = centre, category, None
        found[place] = found.get(place, ZERO) + amount
    return found


def _data(wanted: Wanted, version: BudgetVersion, found: Judged, lines: list[LineData]) -> RequestData:
    title = f"{found.sized.size.capitalize()} amendment of {wanted.budget.name} from {version.effective_on:%B %Y} on"
    return RequestData(kind=found.way.kind, title=title[:200], lines=lines, reason=wanted.reason)


def _foreseen(
    actor: User, wanted: Wanted, version: BudgetVersion, found: Judged, lines: list[LineData]
) -> tuple[Prediction | None, Refusal | None]:
    prediction = None
    try:
        if not found.way.at_once:
            entity = wanted.budget.entity
            ask = ask_of_data(requester=actor, entity=entity, data=_data(wanted, version, found, lines))
            prediction = plan(ask, now=clock.now())
        try_version(version_id=version.pk, actor=None, force=wanted.is_forced)
    except Refusal as refusal:
        return prediction, refusal
    return prediction, None


def _at_once(actor: User, wanted: Wanted, version: BudgetVersion, found: Judged) -> BudgetVersion:
    budget = wanted.budget
    entity, path = budget.entity, budget.cost_centre.path
    if not may(actor, Right.BUDGET, entity=entity, path=path):
        able = [person.name for person in people_with(Right.BUDGET, entity=entity, path=path)]
        raise NotAllowed(
            f"{found.way.why} It is done at once, by who keeps {budget.name}.",
            remedy=f"Ask {' or '.join(able[:3])}." if able else "Ask an administrator: nobody keeps it.",
            details={"who_may": able},
        )
    _lines(version)
    if wanted.since > clock.now().date() or not is_signed(version):
        try_version(version_id=version.pk, actor=actor)
        return schedule_version(version_id=version.pk, actor=actor)
    return put_amendment_in_force(version_id=version.pk, actor=actor)


def _ask(actor: User, wanted: Wanted, version: BudgetVersion, found: Judged, form_key: UUID, request_id: int | None) -> Request:
    request = save_draft(
        actor=actor,
        entity=wanted.budget.entity,
        data=_data(wanted, version, found, _lines(version)),
        request_id=request_id,
        form_key=form_key if request_id is None else None,
        subject_kind=AMENDMENT,
    )
    said = {
        "version": version,
        "size": found.sized.size,
        "share": found.sized.share,
        "why": found.sized.why[:400],
        "is_forced": wanted.is_forced,
    }
    Amendment.objects.update_or_create(request=request, defaults=said)
    return submit_request(request_id=request.pk, actor=actor)


# ---------------------------------------------------------------- what a request for it does to the books


def begin(*, request: Request, actor: User) -> None:
    """Refuse now what could not be put in force now. Raises NoFunds, ClosedPeriod, Stale, InvalidInput."""
    amendment = _amendment(request)
    if amendment.version.state == BudgetVersion.State.DROPPED:
        redraft_version(version_id=amendment.version_id, actor=actor)
    try_version(version_id=amendment.version_id, actor=None, force=amendment.is_forced)


def carry_out(*, request: Request, actor: User) -> None:
    """Put the version in force, or let it wait for its day. Raises NoFunds, ClosedPeriod, Stale (another came before)."""
    amendment = _amendment(request)
    version = amendment.version
    waits = version.effective_on is not None and version.effective_on > clock.now().date()
    if waits or not is_signed(version):
        try_version(version_id=version.pk, actor=None, force=amendment.is_forced)
        schedule_version(version_id=version.pk, actor=actor)
        return
    last = request.decisions.filter(voided_at__isnull=True).order_by("-id").first()
    event = AmendmentInForce(request_id=request.pk, version_id=version.pk, at=clock.now().isoformat())
    publish(event, not_before=last.undo_until if last and last.undo_until else clock.now())
    put_amendment_in_force(
        version_id=version.pk,
        actor=actor,
        force=amendment.is_forced,
        rebaseline=is_rebaseline(amendment.size),
        is_approved=True,
    )


def take_back(*, request: Request, actor: User) -> None:
    """Let the version before be in force again, by reversing the journal. Raises WrongState (used), ClosedPeriod."""
    version = _amendment(request).version
    if version.state == BudgetVersion.State.SCHEDULED:
        redraft_version(version_id=version.pk, actor=actor)
    else:
        take_version_back(version_id=version.pk, actor=actor)


def put_away(*, request: Request, actor: User) -> None:
    """Put the draft away: it was not taken."""
    drop_version(version_id=_amendment(request).version_id, actor=actor)


def _amendment(request: Request) -> Amendment:
    amendment = amendment_of(request)
    if amendment is None:
        raise InvalidInput("This says not how the budget changes.", remedy="Ask for it on the budget's page Amend.")
    return amendment


amendments = register(
    SubjectKind(
        AMENDMENT,
        "Amendment of a budget",
        on_submit=begin,
        on_approve=carry_out,
        on_release=put_away,
        on_approve_undone=take_back,
        on_release_undone=begin,
    )
)
