"""Who is told of emergencies and of what is owed for them."""

from collections.abc import Iterable

from django.urls import reverse

from approvals.events import (
    DebtBreached,
    DebtEscalated,
    DebtEvent,
    DebtPaid,
    DebtPassedOn,
    DebtWarned,
    EmergencyDeclared,
    EmergencyDenied,
    EmergencyEvent,
)
from approvals.models import Debt, Emergency
from approvals.selectors.places import path_of
from budgets.selectors.balances import thread_balance
from core.access import holders_of, people_with
from core.events import on
from core.models import User
from core.rules.rights import Right
from core.services.notices import notify, settle


@on(EmergencyDeclared)
def tell_of_emergency(event: EmergencyDeclared) -> None:
    """Whoever said yes owes it in writing; finance hears of it."""
    emergency = _emergency(event)
    request = emergency.request
    asked = f"{emergency.requester} spends {request.amount:,.2f} {request.currency} in an emergency: {request.title}."
    words = f"{emergency.requester} says that you approved {request.number} by word: confirm or deny it"
    body = f"{asked} {emergency.criterion}. What was said: {emergency.words}"
    _tell(emergency, [emergency.approver], "asked", words, body, level="act")
    _tell(emergency, _finance(emergency), "declared", f"Emergency: {request.number} is committed at once", body)


@on(EmergencyDenied)
def tell_of_denial(event: EmergencyDenied) -> None:
    """What was not spent is free again; what was spent is for finance to see to."""
    emergency = _emergency(event)
    request = emergency.request
    held = thread_balance([line.thread for line in request.lines.all()])
    spent = sum(each["spent"] for each in held.values())
    body = f"{emergency.approver} says that they did not approve it. Spent already: {spent:,.2f} {request.currency}."
    words = f"The emergency {request.number} is denied: what was not spent is free again"
    _tell(emergency, [emergency.requester, *_finance(emergency)], "denied", words, body, level="watch")


@on(DebtWarned)
def remind_of_debt(event: DebtWarned) -> None:
    """Half of the time is gone."""
    _tell_owner(event, "warned", "is still owed")


@on(DebtPassedOn)
def ask_for_word_on_impact(event: DebtPassedOn) -> None:
    """The impact is stated: whoever approved says whether the spending goes on."""
    _tell_owner(event, "passed_on", "waits for your word")


@on(DebtBreached)
def tell_of_overdue_debt(event: DebtBreached) -> None:
    """It is overdue, and the privilege sleeps."""
    _tell_owner(event, "breached", "is overdue")
    debt = _debt(event)
    if debt.closed_at is None:
        emergency = debt.emergency
        words = f"{_named(debt)} is overdue: no other emergency until it is paid"
        _tell(
            emergency,
            [emergency.requester, *_finance(emergency)],
            f"{debt.kind}_breached",
            words,
            f"{debt.owner} owes it.",
            level="watch",
        )


@on(DebtEscalated)
def tell_who_watches(event: DebtEscalated) -> None:
    """A day after: its owner, the requester, finance, and whom the policy names."""
    debt = _debt(event)
    if debt.closed_at is not None:
        return
    emergency = debt.emergency
    version = emergency.request.policy_version
    contacts = holders_of(version.contact_role_code, entity=emergency.request.entity, path="/") if version else []
    people = [debt.owner, emergency.requester, *contacts, *_finance(emergency)]
    _tell(
        emergency,
        people,
        f"{debt.kind}_escalated",
        f"{_named(debt)} is overdue for a day",
        f"{debt.owner} owes it.",
        level="watch",
    )


@on(DebtPaid)
def tell_of_payment(event: DebtPaid) -> None:
    """Nobody is asked for it any more; the requester hears how it ended."""
    debt = _debt(event)
    emergency = debt.emergency
    still = emergency.debts.filter(closed_at__isnull=True).values_list("owner_id", flat=True)
    people = {debt.owner_id, emergency.approver_id, emergency.requester_id} - set(still)
    settle(people=people, urls={_url(emergency)})
    if debt.closed_by_id != emergency.requester_id:
        words = f"{_named(debt)}: {debt.get_outcome_display()}"
        _tell(
            emergency,
            [emergency.requester],
            f"{debt.kind}_paid",
            words,
            f"{debt.closed_by}: {debt.remark}" if debt.remark else "",
        )


def _tell_owner(event: DebtEvent, what: str, words: str) -> None:
    debt = _debt(event)
    if debt.closed_at is None:
        body = f"{debt.emergency.request.title}. Due {debt.due_at:%Y-%m-%d %H:%M} UTC."
        _tell(debt.emergency, [debt.owner], f"{debt.kind}_{what}_owner", f"{_named(debt)} {words}", body, level="act")


def _named(debt: Debt) -> str:
    return f"The {debt.get_kind_display()} of the emergency {debt.emergency.request.number}"


def _tell(emergency: Emergency, people: Iterable[User], what: str, words: str, body: str, *, level: str = "info") -> None:
    for person in dict.fromkeys(people):
        notify(
            person=person,
            kind=f"approvals.emergency_{what}",
            subject=words,
            key=f"emergency:{emergency.pk}:{what}",
            entity=emergency.request.entity,
            body=body,
            url=_url(emergency),
            level=level,
        )


def _url(emergency: Emergency) -> str:
    return reverse("approvals:emergency", args=[emergency.request.number])


def _finance(emergency: Emergency) -> list[User]:
    """Return who keeps the books of all its cost centres: a bookkeeper of another one is told nothing of it."""
    request = emergency.request
    return people_with(Right.RECONCILE, entity=request.entity, path=path_of(request))


def _emergency(event: EmergencyEvent) -> Emergency:
    related = ("request__entity", "requester", "approver")
    return Emergency.objects.select_related(*related).get(pk=event.emergency_id)


def _debt(event: DebtEvent) -> Debt:
    related = ("emergency__request__entity", "emergency__request__policy_version", "emergency__requester", "owner", "closed_by")
    return Debt.objects.select_related(*related).get(pk=event.debt_id)
