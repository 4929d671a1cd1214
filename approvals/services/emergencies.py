"""Emergencies: committed at once on somebody's word, within the role's limit, and paid for by three debts with clocks.

While a debt is overdue the privilege sleeps: its person declares no other, here and in the database.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from approvals.events import DebtPaid, DebtPassedOn, EmergencyDeclared, EmergencyDenied, RequestApproved
from approvals.locks import hold_policies, lock_debt, lock_emergencies, lock_request, lock_terms
from approvals.models import Debt, DebtTimer, Emergency, EmergencyLimit, EmergencyTerms, Request, Round
from approvals.rules import sla
from approvals.rules.emergencies import needs_second_word, room_of
from approvals.rules.routing import TraceStep
from approvals.selectors.contents import content_of
from approvals.selectors.emergencies import (
    limits_for,
    may_approve,
    may_pay,
    overdue_debts,
    terms_of,
    used_in_month,
)
from approvals.selectors.facts import digest_of_request
from approvals.selectors.particulars import weight_of
from approvals.selectors.places import path_of, paths_of
from approvals.selectors.policies import kinds_of, policy_for
from approvals.selectors.terms import OWN_PAGE
from approvals.services.requests import judge_again, refuse_unless_open_to
from approvals.services.rounds import end_round
from approvals.services.spend import key_of
from approvals.subjects import subject_of
from budgets.rules.months import first_of
from budgets.selectors.books import in_books
from budgets.services.holds import release_remainder
from core import clock
from core.access import may
from core.errors import InvalidInput, Missing, NotAllowed, WrongState
from core.models import Entity, Role, User
from core.rules.rights import Right
from core.selectors.calendars import load_calendar
from core.services import audit
from core.services.outbox import publish

LONGEST_TEXT = 20_000
MOST_CRITERIA = 20
OLDEST_WORD = timedelta(hours=24)
DAY_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class LimitData:
    """Up to what amount the holders of a role commit at once, in the entity's currency."""

    role: Role
    amount: Decimal
    per: str


@dataclass(frozen=True, slots=True)
class EmergencyData:
    """What makes a request an emergency: the criterion, who said yes, when, and in what words."""

    criterion: str
    approver: User | None
    spoken_at: datetime | None
    words: str


@transaction.atomic
def state_terms(
    *,
    entity: Entity,
    criteria: Sequence[str],
    limits: Sequence[LimitData],
    actor: User | None,
    written_within: str = "24 hours",
    review_within: str = "168 hours",
    impact_within: str = "336 hours",
) -> EmergencyTerms:
    """State what an organization takes for an emergency. It takes the place of what was stated before; that stays to be read.

    Raises NotAllowed for who does not administer the whole organization, InvalidInput by field.
    """
    if actor is not None and not may(actor, Right.ADMINISTER, entity=entity, path="/"):
        raise NotAllowed(f"You do not administer {entity.name}.", remedy="Ask one of its administrators.")
    named = list(dict.fromkeys(text.strip() for text in criteria if text.strip()))
    spans = {"written_within": written_within, "review_within": review_within, "impact_within": impact_within}
    _check_terms(named, limits, spans)
    last = lock_terms(entity.pk)
    terms = EmergencyTerms.objects.create(
        entity=entity, number=last + 1, criteria=named, stated_by=actor, stated_at=clock.now(), **spans
    )
    EmergencyLimit.objects.bulk_create(
        EmergencyLimit(terms=terms, role=limit.role, amount=limit.amount, per=limit.per) for limit in limits
    )
    said = [f"{limit.role.code}: {limit.amount:.2f} {limit.per}" for limit in limits]
    after = {"number": terms.number, "criteria": named, "limits": said, **spans}
    audit.record(actor=actor, verb="emergency_terms.stated", subject=terms, entity=entity, after=after)
    return terms


@transaction.atomic
def declare_emergency(*, request_id: int, actor: User, data: EmergencyData) -> Emergency:
    """Commit a draft at once, on the word of somebody who could have approved it, and open what is owed for that.

    Raises NotAllowed (somebody else's, no limit, above it: `above_limit`, a debt is overdue: `sleeps`), InvalidInput by field,
    Missing (no terms, no policy), NoFunds, ClosedPeriod, WrongState, NotFound.
    """
    now = clock.now()
    request = lock_request(request_id)
    refuse_unless_open_to(request, actor)
    if request.subject_kind in OWN_PAGE:
        raise WrongState("Changing a budget is no emergency.", remedy="Submit it as usual.")
    lock_emergencies(actor.pk)
    judge_again(request, actor, now)
    entity, path = request.entity, path_of(request)
    terms = terms_of(entity)
    if terms is None:
        raise Missing(
            f"{entity.name} has not stated what an emergency is.", remedy="Ask an administrator, or submit it as usual."
        )
    amount = in_books(weight_of(request), request.currency, entity, on=now.date())
    _refuse_asleep(actor, now)
    _refuse_above_limit(actor, terms, path, amount, now)
    approver, spoken_at = _check_word(data, terms, request, path, amount, now)
    # Before its round: the limit of a day asks nobody where it is an emergency.
    emergency = Emergency.objects.create(
        request=request,
        terms=terms,
        requester=actor,
        approver=approver,
        criterion=data.criterion,
        spoken_at=spoken_at,
        words=data.words.strip(),
        amount=amount,
        declared_at=now,
    )
    _route(request, data, approver, terms, now)
    _open_debts(emergency, now)
    after = {"criterion": data.criterion, "approver": approver.pk, "amount": str(request.amount), "digest": request.digest}
    audit.record(actor=actor, verb="emergency.declared", subject=request, entity=entity, after=after)
    publish(EmergencyDeclared(emergency_id=emergency.pk, at=now.isoformat()))
    publish(RequestApproved(request_id=request.pk, round=request.round, actor_id=actor.pk, at=now.isoformat()))
    subject_of(request).on_submit(request=request, actor=actor)
    subject_of(request).on_approve(request=request, actor=actor)
    return emergency


@transaction.atomic
def pay_debt(*, debt_id: int, actor: User, outcome: str = "", text: str = "") -> Debt:
    """Pay a debt: confirm or deny the word, write the review, state the impact, or say whether the spending goes on.

    Denied, or ended, what is still committed is let go; what was spent stays. Raises NotAllowed, WrongState (paid already),
    InvalidInput by field, ClosedPeriod, NotFound.
    """
    now = clock.now()
    debt = lock_debt(debt_id)
    emergency = debt.emergency
    if debt.closed_at is not None:
        raise WrongState("This is paid already.", remedy="Nothing is left to do.")
    if not may_pay(debt, actor, paths_of(emergency.request)):
        raise NotAllowed("This is not yours to answer.", remedy=f"{debt.owner.name} owes it.", code="not_yours")
    words = _checked_text(text)
    if debt.kind == Debt.Kind.REVIEW or needs_second_word(debt.kind, has_text=bool(debt.text)):
        return _state_text(debt, actor, words, now)
    wanted = {Debt.Kind.WRITTEN: ("confirmed", "denied"), Debt.Kind.IMPACT: ("goes_on", "ends")}[Debt.Kind(debt.kind)]
    if outcome not in wanted:
        raise _bad("outcome", "Choose one of the two answers.")
    ends = outcome == wanted[1]
    if ends and not words:
        raise _bad("text", "Say why; whoever spent it reads it.")
    debt.remark = words
    _close(debt, actor, outcome, now)
    if ends:
        _let_go(debt, actor, now)
    return debt


def _state_text(debt: Debt, actor: User, words: str, now: datetime) -> Debt:
    if not words:
        raise _bad("text", "Write what happened and what it came to.")
    debt.text, debt.text_at = words, now
    if debt.kind == Debt.Kind.REVIEW:
        _close(debt, actor, Debt.Outcome.REVIEWED, now)
        return debt
    debt.owner = debt.emergency.approver
    debt.save(update_fields=["text", "text_at", "owner"])
    _record(debt, actor, "debt.stated", {"text": words[:500]})
    publish(DebtPassedOn(debt_id=debt.pk, at=now.isoformat()))
    return debt


def _close(debt: Debt, actor: User, outcome: str, now: datetime) -> None:
    debt.closed_at, debt.closed_by, debt.outcome = now, actor, outcome
    debt.save(update_fields=["text", "text_at", "remark", "closed_at", "closed_by", "outcome"])
    _record(debt, actor, "debt.paid", {"outcome": outcome, "text": (debt.remark or debt.text)[:500]})
    publish(DebtPaid(debt_id=debt.pk, at=now.isoformat()))


def _let_go(debt: Debt, actor: User, now: datetime) -> None:
    """Free what is still committed. Where the word was denied, the request counts as rejected; what was spent stays spent."""
    emergency = debt.emergency
    request = lock_request(emergency.request_id)
    if debt.outcome == Debt.Outcome.DENIED:
        emergency.denied_at = now
        emergency.save(update_fields=["denied_at"])
        request.overturn()
        request.updated_at = now
        request.save(update_fields=["state", "updated_at"])
        after = {"by": actor.pk, "reason": debt.remark[:500]}
        audit.record(actor=actor, verb="emergency.denied", subject=request, entity=request.entity, after=after)
        publish(EmergencyDenied(emergency_id=emergency.pk, at=now.isoformat()))
    key = f"emergency:{emergency.pk}:{debt.kind}"
    try:
        with transaction.atomic():
            release_remainder(
                key=key,
                pending_key=key_of(request, "commit"),
                actor=actor,
                month=first_of(now.date()),
                memo=f"{request.number}: {debt.get_outcome_display()}",
            )
    except WrongState as refusal:
        # All of it is spent, or was let go before: nothing is left to free.
        if refusal.code != "settled":
            raise


def _refuse_asleep(actor: User, now: datetime) -> None:
    overdue = overdue_debts(actor, now=now).order_by("due_at").first()
    if overdue is None:
        return
    number, kind = overdue.emergency.request.number, overdue.get_kind_display()
    who = "You owe" if overdue.owner_id == actor.pk else f"{overdue.owner.name} owes"
    raise NotAllowed(
        f"You declare no emergency while the {kind} of {number} is overdue.",
        remedy=f"{who} it. Or submit the request as usual.",
        code="sleeps",
        details={"request": number, "debt": overdue.kind},
    )


def _refuse_above_limit(actor: User, terms: EmergencyTerms, path: str, amount: Decimal, now: datetime) -> None:
    entity = terms.entity
    room = room_of(limits_for(actor, terms, path), used=used_in_month(actor, entity, now=now))
    if room is None:
        raise NotAllowed("No role of yours declares an emergency here.", remedy="Submit the request as usual.", code="no_limit")
    if amount > room:
        said = f"In an emergency you commit up to {room:,.2f} {entity.currency} now, and this comes to {amount:,.2f}."
        remedy = "Ask for less, or submit it as usual."
        raise NotAllowed(said, remedy=remedy, code="above_limit", details={"limit": f"{room:.2f}", "currency": entity.currency})


def _check_word(
    data: EmergencyData, terms: EmergencyTerms, request: Request, path: str, amount: Decimal, now: datetime
) -> tuple[User, datetime]:
    """Return who said yes, and when. Raises InvalidInput for what is missing or cannot be so."""
    wrong = {}
    if data.criterion not in terms.criteria:
        wrong["criterion"] = "Choose what makes it an emergency."
    approver = data.approver
    if approver is None or approver.pk == request.requester_id or not may_approve(approver, request.entity, path, amount):
        wrong["approver"] = "Choose somebody whose word is enough for this amount."
    if data.spoken_at is None or not now - OLDEST_WORD <= data.spoken_at <= now:
        wrong["spoken_at"] = "State when they said yes: within the last 24 hours."
    if not data.words.strip() or len(data.words) > LONGEST_TEXT or "\x00" in data.words:
        wrong["words"] = "Write what was said, and how: a call, a message, in person."
    if wrong or approver is None or data.spoken_at is None:
        raise InvalidInput("Something is missing.", remedy=next(iter(wrong.values())), details=wrong)
    return approver, data.spoken_at


def _route(request: Request, data: EmergencyData, approver: User, terms: EmergencyTerms, now: datetime) -> None:
    """Begin and end a round in which nobody is asked: what was asked is kept, as for any other."""
    hold_policies(request.entity_id)
    version = policy_for(entity=request.entity, cost_centre_paths=paths_of(request), at=now)
    kind = kinds_of(version).get(request.kind)
    if kind is None:
        raise _bad("kind", "Choose a kind that the policy knows.")
    why = f"{data.criterion}; {approver.name} said yes by word. The written approval is owed within {terms.written_within}."
    request.subject_kind = kind.subject
    request.policy_version = version
    request.is_emergency = True
    request.trace = [asdict(TraceStep(position=0, rule="Emergency", matched=True, chosen=True, reason=why))]
    request.digest = digest_of_request(request)
    request.round += 1
    request.submitted_at = request.updated_at = now
    request.submit()
    request.save()
    Round.objects.create(
        request=request,
        number=request.round,
        digest=request.digest,
        content=content_of(request),
        policy_version=version,
        trace=request.trace,
        submitted_at=now,
    )
    request.decided_at = now
    request.approve()
    request.save(update_fields=["state", "decided_at"])
    end_round(request=request, outcome=Round.Outcome.APPROVED, now=now)


def _open_debts(emergency: Emergency, now: datetime) -> None:
    terms = emergency.terms
    owed = (
        (Debt.Kind.WRITTEN, emergency.approver, terms.written_within),
        (Debt.Kind.REVIEW, emergency.requester, terms.review_within),
        (Debt.Kind.IMPACT, emergency.requester, terms.impact_within),
    )
    calendar = load_calendar(emergency.request.entity.calendar, around=now)
    for kind, owner, within in owed:
        span = sla.parse_span(within)
        due = sla.due_at(span, calendar, now)
        debt = Debt.objects.create(
            emergency=emergency, kind=kind, owner=owner, due_at=due, explanation=sla.explain(span, calendar, now)
        )
        half = now + (due - now) / 2
        moments = {DebtTimer.Kind.WARN: half, DebtTimer.Kind.BREACH: due, DebtTimer.Kind.ESCALATE: due + DAY_AFTER}
        DebtTimer.objects.bulk_create(DebtTimer(debt=debt, kind=each, due_at=moment) for each, moment in moments.items())


def _check_terms(criteria: list[str], limits: Sequence[LimitData], spans: dict[str, str]) -> None:
    wrong = {}
    if not 1 <= len(criteria) <= MOST_CRITERIA or any(len(text) > 200 or "\x00" in text for text in criteria):
        wrong["criteria"] = f"State 1 to {MOST_CRITERIA} criteria, each of up to 200 characters."
    if not limits or any(limit.amount <= 0 or limit.per not in EmergencyLimit.Per.values for limit in limits):
        wrong["limits"] = "State at least one role's limit, above zero."
    if len({limit.role.pk for limit in limits}) != len(limits):
        wrong["limits"] = "State one limit for each role."
    for name, text in spans.items():
        try:
            sla.parse_span(text)
        except ValueError as error:
            wrong[name] = str(error)
    if wrong:
        raise InvalidInput("The terms cannot be so.", remedy=next(iter(wrong.values())), details=wrong)


def _checked_text(text: str) -> str:
    if len(text) > LONGEST_TEXT or "\x00" in text:
        raise _bad("text", f"Shorten this to {LONGEST_TEXT:,} characters of text.")
    return text.strip()


def _bad(name: str, sentence: str) -> InvalidInput:
    return InvalidInput(sentence, details={name: sentence})


def _record(debt: Debt, actor: User, verb: str, after: dict[str, object]) -> None:
    entity = debt.emergency.request.entity
    audit.record(actor=actor, verb=verb, subject=debt, entity=entity, after={"kind": debt.kind, **after})


def moment(at: datetime) -> str:
    """Write a deadline as events carry it."""
    return at.astimezone(UTC).isoformat()
