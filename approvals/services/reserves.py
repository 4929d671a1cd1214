"""Reserves: made of a budget line, stated from a month on, given up. What was stated stays; the next statement follows it."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q

from approvals.locks import lock_reserve
from approvals.models import Request, Reserve, ReserveTerms
from approvals.rules import sla
from approvals.rules.owners import MOST_MANAGERS, OwnerKind, named, owner_of
from approvals.rules.reserves import MOST_REPORT_DAYS, Basis
from approvals.selectors.committees import in_force
from approvals.selectors.owners import people_of_group
from approvals.selectors.reserves import keeps_reserves, latest_terms
from budgets.locks import lock_structure
from budgets.models import Budget, CostCentre, Entry, FundsAccount, Projection
from budgets.rules.months import first_of
from budgets.rules.sentences import month_name
from core import clock
from core.errors import InvalidInput, NotAllowed, WrongState
from core.models import Entity, RoleAssignment, User
from core.services import audit

CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
MOST = {"purpose": 300, "document": 100, "note": 300}
MISSING = {
    "purpose": "Say what the reserve is kept for.",
    "document": "Name the document that each use needs, such as Emergency spending report.",
}


@dataclass(frozen=True, slots=True)
class TermsData:
    """What is stated of a reserve from a month on. `approver` is a role's code, or a word such as `committee:budget`."""

    starts_on: date
    purpose: str
    basis: str
    approver: str
    document: str
    report_days: int
    share_pct: Decimal | None = None
    amount: Decimal | None = None
    budget: Budget | None = None
    cost_centre: CostCentre | None = None
    projection: str = ""
    horizon_months: int | None = None
    decides_within: str = "2 business days"
    note: str = ""


@transaction.atomic
def make_reserve(*, account: FundsAccount, code: str, name: str, terms: TermsData, actor: User) -> Reserve:
    """Let a budget line hold a reserve: from now on nobody spends from it but by a draw.

    Every posting is kept out meanwhile. Raises NotAllowed for who does not keep the books, InvalidInput by field, and WrongState
    where the line was spent from or holds a reserve already.
    """
    entity = account.entity
    _refuse_unless_kept(actor, entity)
    lock_structure()
    wrong = _wrong_terms(entity, account, terms)
    if not CODE.fullmatch(code):
        wrong["code"] = "Write small letters, digits, _ and -, at most 40."
    elif Reserve.objects.filter(entity=entity, code=code).exists():
        wrong["code"] = f"{entity.name} has a reserve of that code. Choose another one."
    if not name.strip() or len(name.strip()) > 100 or "\x00" in name:
        wrong["name"] = "Give it a name of up to 100 characters."
    _refuse(wrong)
    _refuse_unfit(account)
    reserve = Reserve.objects.create(
        entity=entity, code=code, name=name.strip(), account=account, made_at=clock.now(), made_by=actor
    )
    after = {"code": code, "name": reserve.name, "line": account.name}
    audit.record(actor=actor, verb="reserve.made", subject=reserve, entity=entity, after=after)
    _state(reserve, None, terms, actor)
    return reserve


@transaction.atomic
def state_reserve(*, reserve_id: int, terms: TermsData, actor: User) -> ReserveTerms:
    """State anew what holds for a reserve, from a month on. The same again is the statement that is there.

    Draws that wait go by what they were asked under. Raises NotAllowed, InvalidInput by field, WrongState, NotFound.
    """
    reserve = lock_reserve(reserve_id)
    _refuse_unless_kept(actor, reserve.entity)
    _refuse_closed(reserve)
    _refuse(_wrong_terms(reserve.entity, reserve.account, terms))
    before = latest_terms(reserve)
    month = first_of(terms.starts_on)
    if before is not None and before.starts_on > month:
        raise WrongState(
            f"{reserve.name} has a statement from {month_name(before.starts_on)} on.",
            remedy=f"State it from {month_name(before.starts_on)} on, or later: statements follow one another.",
        )
    if before is not None and said_of(before) | {"number": 0} == _as_said(terms) | {"number": 0}:
        return before
    return _state(reserve, before, terms, actor)


@transaction.atomic
def close_reserve(*, reserve_id: int, reason: str, actor: User) -> Reserve:
    """Give a reserve up: its line is an ordinary one again, with what it has left. Reports that are owed stay owed.

    Raises NotAllowed, InvalidInput, WrongState (given up already; a draw waits), NotFound.
    """
    reserve = lock_reserve(reserve_id)
    _refuse_unless_kept(actor, reserve.entity)
    _refuse_closed(reserve)
    if not reason.strip() or len(reason.strip()) > 300 or "\x00" in reason:
        sentence = "Say why in a sentence of up to 300 characters."
        raise InvalidInput(sentence, details={"reason": sentence})
    waiting = reserve.draws.filter(request__state=Request.State.SUBMITTED).values_list("request__number", flat=True).first()
    if waiting is not None:
        raise WrongState(f"{waiting} waits for a decision and draws on {reserve.name}.", remedy="Decide on it first.")
    reserve.closed_at, reserve.closed_by, reserve.closed_because = clock.now(), actor, reason.strip()
    reserve.save(update_fields=["closed_at", "closed_by", "closed_because"])
    after = {"reason": reserve.closed_because}
    audit.record(actor=actor, verb="reserve.closed", subject=reserve, entity=reserve.entity, after=after)
    return reserve


def said_of(terms: ReserveTerms) -> dict[str, Any]:
    """Return what is stated, as the record and the next statement compare it."""
    return {
        "number": terms.number,
        "starts_on": str(terms.starts_on),
        "purpose": terms.purpose,
        "basis": str(terms.basis),
        "share_pct": _plain(terms.share_pct),
        "amount": _plain(terms.amount),
        "budget": terms.budget.code if terms.budget else "",
        "cost_centre": terms.cost_centre.code if terms.cost_centre else "",
        "projection": terms.projection,
        "horizon_months": terms.horizon_months,
        "approver": terms.approver,
        "decides_within": terms.decides_within,
        "document": terms.document,
        "report_days": terms.report_days,
        "note": terms.note,
    }


def _as_said(terms: TermsData) -> dict[str, Any]:
    return said_of(ReserveTerms(number=0, **_columns(terms)))


def _columns(terms: TermsData) -> dict[str, Any]:
    return {
        "starts_on": first_of(terms.starts_on),
        "purpose": terms.purpose.strip(),
        "basis": terms.basis,
        "share_pct": terms.share_pct,
        "amount": terms.amount,
        "budget": terms.budget,
        "cost_centre": terms.cost_centre,
        "projection": terms.projection.strip(),
        "horizon_months": terms.horizon_months,
        "approver": terms.approver.strip(),
        "decides_within": terms.decides_within.strip(),
        "document": terms.document.strip(),
        "report_days": terms.report_days,
        "note": terms.note.strip(),
    }


def _plain(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:.2f}"


def _state(reserve: Reserve, before: ReserveTerms | None, terms: TermsData, actor: User) -> ReserveTerms:
    made = ReserveTerms.objects.create(
        reserve=reserve,
        number=before.number + 1 if before else 1,
        stated_at=clock.now(),
        stated_by=actor,
        **_columns(terms),
    )
    earlier = said_of(before) if before else None
    entity = reserve.entity
    audit.record(actor=actor, verb="reserve.stated", subject=reserve, entity=entity, before=earlier, after=said_of(made))
    return made


# ---------------------------------------------------------------- what is refused


def _refuse_unless_kept(actor: User, entity: Entity) -> None:
    if not keeps_reserves(actor, entity):
        raise NotAllowed(f"You do not keep the books of {entity.name}.", remedy="Ask finance to state it.")


def _refuse_closed(reserve: Reserve) -> None:
    if reserve.closed_at is not None:
        raise WrongState(f"{reserve.name} was given up on {reserve.closed_at:%d %b %Y}.", remedy="Make another reserve.")


def _refuse_unfit(account: FundsAccount) -> None:
    held = Reserve.objects.filter(account=account, closed_at__isnull=True).values_list("name", flat=True).first()
    if held is not None:
        raise WrongState(f"{account.name} holds {held} already.", remedy="Choose another line, or give that reserve up first.")
    if Entry.objects.filter(account=account).exclude(bucket="allotted").exclude(_of_draws(account)).exists():
        raise WrongState(
            f"Something was spent from {account.name}, or is held there.",
            remedy="Choose a line of its own for the reserve; a budget file or an amendment adds one.",
        )


def _of_draws(account: FundsAccount) -> Q:
    """What an earlier reserve of the line held for its draws was no spending."""
    numbers = [str(pk) for pk in Request.objects.filter(draw__reserve__account=account).values_list("pk", flat=True)]
    return Q(journal__source_type="request", journal__source_id__in=numbers)


def _refuse(wrong: dict[str, str]) -> None:
    if wrong:
        raise InvalidInput("The reserve cannot be so.", remedy=next(iter(wrong.values())), details=wrong)


def _wrong_terms(entity: Entity, account: FundsAccount, terms: TermsData) -> dict[str, str]:
    wrong = {name: said for name, said in MISSING.items() if not getattr(terms, name).strip()}
    for name, most in MOST.items():
        text = getattr(terms, name)
        if len(text.strip()) > most or "\x00" in text:
            wrong[name] = f"Shorten this to {most:,} characters of text."
    if not 1 <= terms.report_days <= MOST_REPORT_DAYS:
        wrong["report_days"] = f"State 1 to {MOST_REPORT_DAYS} business days."
    try:
        if sla.parse_span(terms.decides_within).unit is sla.Unit.UNTIL:
            wrong["decides_within"] = "Say how long it may take, such as 2 business days, and not until when."
    except ValueError as error:
        wrong["decides_within"] = str(error)
    if said := _wrong_approver(entity, terms.approver.strip()):
        wrong["approver"] = said
    return wrong | _wrong_basis(entity, account, terms)


def _wrong_basis(entity: Entity, account: FundsAccount, terms: TermsData) -> dict[str, str]:
    if terms.basis not in list(Basis):
        return {"basis": "Choose what its target is a share of, or a fixed amount."}
    if terms.basis == Basis.FIXED:
        amount_fits = terms.amount is not None and Decimal(0) < terms.amount < Decimal("1e15")
        return {} if amount_fits else {"amount": "State the amount that it should hold."}
    wrong = {}
    if terms.amount is not None:
        wrong["amount"] = "Its target is a share: leave the amount out."
    share = terms.share_pct
    if share is None or not 0 < share <= 1000 or share != round(share, 2):
        wrong["share_pct"] = "State a share of more than 0 and up to 1,000 %, with two decimals at most."
    if terms.basis == Basis.BUDGET:
        return wrong | _wrong_budget(entity, account, terms)
    named = Projection.objects.filter(entity=entity, name=terms.projection.strip(), horizon_months=terms.horizon_months or 0)
    if not named.filter(currency=account.currency).exists():
        wrong["projection"] = f"{entity.name} has no projection of that name and horizon in {account.currency}. State it first."
    return wrong


def _wrong_budget(entity: Entity, account: FundsAccount, terms: TermsData) -> dict[str, str]:
    budget, centre = terms.budget, terms.cost_centre
    if budget is None or budget.entity_id != entity.pk:
        return {"budget": f"Choose a budget of {entity.name}."}
    if budget.currency != account.currency:
        return {"budget": f"{budget.name} is kept in {budget.currency}, the reserve in {account.currency}. Choose another one."}
    if centre is not None and centre.entity_id != entity.pk:
        return {"cost_centre": f"Choose a cost centre of {entity.name}."}
    return {}


def _wrong_approver(entity: Entity, word: str) -> str:
    """Say why nobody could approve as this owner; nothing where somebody could."""
    if not word or len(word) > 300:
        return "Choose who approves its use."
    try:
        owner = owner_of(word)
    except ValueError:
        return "Name a role, or person:, group: or committee: and which."
    holders = RoleAssignment.objects.filter(entity=entity, user__is_active=True)
    match owner.kind:
        case OwnerKind.ROLE:
            is_there = holders.filter(role__code=owner.code).exists()
        case OwnerKind.PERSON:
            is_there = holders.filter(user__email__iexact=owner.code).exists()
        case OwnerKind.GROUP:
            is_there = bool(people_of_group(entity, owner.code))
        case OwnerKind.COMMITTEE:
            is_there = in_force(entity, owner.code) is not None
        case OwnerKind.MANAGER:
            is_there = owner.code.isdecimal() and 1 <= int(owner.code) <= MOST_MANAGERS
    return (
        ""
        if is_there
        else f"Nobody at {entity.name} is {named(word)}. Choose a role that somebody holds, a committee, a group or a person."
    )
