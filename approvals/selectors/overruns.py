"""Windows that facts took over their limits: which stand over, what is answered for, who asks about it, what is seen of it."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.urls import reverse

from approvals.models import Overrun, PolicyVersion, Request, Stage
from approvals.rules.overruns import Answer, Over, span
from approvals.selectors.policies import kinds_with_subject
from approvals.selectors.requests import visible_requests
from approvals.selectors.terms import OVERRIDE, OVERRUN
from budgets.models import Budget, Control, Cover, Entry, Excused, FundsAccount, Journal
from budgets.selectors.budgets import READING
from budgets.selectors.notes import BudgetNote
from budgets.selectors.statements import managers_of
from core import clock
from core.access import may
from core.models import Entity, User
from core.reach import in_reach
from core.rules.rights import Right
from core.templatetags.figures import short_day

ZERO = Decimal(0)
# What is spent: these kinds of journals open an overrun. An opening balance or what a year hands on is no spending.
SPENDING = ("spend", "recode", "reverse")


def stands_over(entity: Entity, accounts: Collection[int]) -> list[Over]:
    """Return the windows over these accounts that stand over their limit, the deepest first."""
    covering = Cover.objects.filter(account__in=accounts).values("control")
    rows = Excused.objects.filter(control__in=covering, control__entity=entity).select_related("control")
    return [
        Over(row.control_id, row.control.name, row.control.currency, row.first, row.last, row.amount)
        for row in rows.order_by("-control__depth", "control_id", "last", "first")
    ]


def live_at(accounts: Collection[int]) -> QuerySet[Overrun]:
    """Return the overruns that stand at limits over these accounts, or at these accounts, the latest first."""
    covering = Cover.objects.filter(account__in=accounts).values("control")
    rows = Overrun.objects.filter(Q(control_id__in=covering) | Q(account__in=accounts), state__in=Overrun.LIVE)
    return rows.select_related("account", "entity").order_by("-id")


def excess_of(overrun: Overrun) -> Over:
    """Return how far an overrun's window stands over now: by nothing where it does not, or its control is gone."""
    window = {"control_id": overrun.control_id, "first": overrun.first, "last": overrun.last}
    row = Excused.objects.filter(**window).first()
    return Over(overrun.control_id, overrun.name, overrun.currency, overrun.first, overrun.last, row.amount if row else ZERO)


def answers_within(over: Over) -> list[Answer]:
    """Return what counts as answered for at a window: all that stands at the lines and in the months that it covers.

    What is asked for at one limit counts at every other one over the same line, so that nobody is asked twice about the same.
    """
    covered = Cover.objects.filter(control=over.control_id).values("account")
    rows = Overrun.objects.filter(
        account__in=covered, month__gte=over.first, month__lte=over.last, state__in=Overrun.LIVE
    ).select_related("account")
    return [row.answer for row in rows]


def open_at(over: Over) -> Overrun | None:
    """Return the overrun of a window that somebody is asked about, or is to be; an approved override is none."""
    rows = Overrun.objects.filter(control_id=over.control_id, first=over.first, last=over.last, by_override=False)
    return rows.filter(state__in=Overrun.OPEN).select_related("account__cost_centre", "request", "entity").first()


def entry_over(over: Over, journal_id: int) -> Entry | None:
    """Return the entry of a journal that took most in a window; None where it took nothing there."""
    taking = _taking(over, journal_id).filter(amount__gt=0)
    return taking.select_related("account__cost_centre", "account__budget", "account__entity").order_by("-amount", "id").first()


def as_left_by(over: Over, journal: Journal) -> Over:
    """Return how far a window stands over without what came after a journal that is to be told apart from it.

    Of an override that is all that came later. Of a fact it is later overrides alone: other facts are asked about with it.
    """
    later = _within(over).filter(journal__gt=journal.pk)
    if not journal.is_override:
        later = later.filter(journal__is_override=True)
    control = Control.objects.get(pk=over.control_id)
    per_allotted = ZERO if control.own_limit is not None else 1 + control.tolerance
    rows = later.values_list("bucket", "account__currency", "amount", "pooled")
    taken = sum(
        ((-per_allotted if bucket == "allotted" else 1) * (amount if currency == over.currency else pooled))
        for bucket, currency, amount, pooled in rows
    )
    return replace(over, excess=min(over.excess, max(over.excess - taken, ZERO)))


def _taking(over: Over, journal_id: int) -> QuerySet[Entry]:
    return _within(over).filter(journal=journal_id, bucket__in=("reserved", "committed", "spent"))


def _within(over: Over) -> QuerySet[Entry]:
    covered = Cover.objects.filter(control=over.control_id).values("account")
    rows = Entry.objects.filter(account__in=covered, month__gte=over.first, month__lte=over.last)
    return rows.exclude(bucket="paid")


def asker_of(account: FundsAccount) -> User | None:
    """Return in whose name an overrun of a line is asked for: the budget's owner, else who decides over its cost centre.

    Each must be there and may ask for money there; None where nobody is.
    """
    owner = account.budget.owner
    candidates: Iterable[User] = [*([owner] if owner else []), *managers_of(account.entity, account.cost_centre)]
    path = account.cost_centre.path
    fitting = (each for each in candidates if each.is_active and may(each, Right.REQUEST, entity=account.entity, path=path))
    return next(fitting, None)


def overrun_kind(version: PolicyVersion) -> str:
    """Return the kind under which a policy has overruns decided: its own, else that of overrides; empty where it has neither."""
    return next(iter([*kinds_with_subject(version, OVERRUN), *kinds_with_subject(version, OVERRIDE)]), "")


def overruns_on(budget: Budget, user: User) -> QuerySet[Overrun]:
    """Return the overruns of a budget's lines that wait for somebody, as far as a person reads these, the oldest first."""
    reads = in_reach(user, *READING, under="account__cost_centre__path")
    rows = Overrun.objects.filter(reads, account__budget=budget).exclude(state__in=[Overrun.State.APPROVED, Overrun.State.ENDED])
    return rows.select_related("account", "request__requester").order_by("id")


def overruns_seen(user: User) -> QuerySet[Overrun]:
    """Return the overruns of lines whose figures a person reads, those that ended too."""
    reads = in_reach(user, *READING, under="account__cost_centre__path")
    rows = Overrun.objects.filter(reads)
    related = ("entity", "request", "account__budget", "account__cost_centre", "account__category")
    return rows.select_related(*related).order_by("-id")


def notes_of_overruns(budget: Budget, user: User) -> list[BudgetNote]:
    """Say on a budget's page which limits facts went over, and what comes next, each with its request where one may see it."""
    rows = list(overruns_on(budget, user))
    numbers = [row.request.number for row in rows if row.request]
    seen = set(visible_requests(user).filter(number__in=numbers).values_list("number", flat=True)) if numbers else set()
    return [_note(row, seen) for row in rows]


def _note(overrun: Overrun, seen: Collection[str]) -> BudgetNote:
    where = f"{overrun.name}, {span(overrun.first, overrun.last)}"
    sentence = f"{where}, is {overrun.amount:,.2f} {overrun.currency} over its limit"
    request = overrun.request
    if request is None:
        return BudgetNote(sentence, f"Nobody could be asked: {overrun.why} Finance sees to it as an exception.", level="bad")
    url = reverse("approvals:request", args=[request.number]) if request.number in seen else ""
    return BudgetNote(sentence, next_step_of(overrun), url, request.number)


def next_step_of(overrun: Overrun) -> str:
    """Say what is waited for."""
    request = overrun.request
    assert request is not None
    if overrun.state == Overrun.State.REFUSED:
        return f"{request.number} was not approved: move budget, amend it, or re-code the spend."
    if request.state == Request.State.RETURNED:
        return f"{request.number} was sent back to {request.requester.name}, who submits it again."
    waiting = Stage.objects.filter(request=request, round=request.round, state=Stage.State.ASSIGNED).select_related("owner")
    return f"{request.number} waits for {' and '.join(map(_waits_for, waiting))}."


def _waits_for(stage: Stage) -> str:
    """Say who holds a stage and by which day they decide, in the reader's zone."""
    who = stage.name if stage.name == stage.owner.name else f"{stage.name}, {stage.owner.name}"
    assert stage.due_at is not None
    return f"{who}, {'overdue since' if stage.due_at < clock.now() else 'until'} {short_day(stage.due_at)}"
