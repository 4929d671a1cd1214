"""A limit that facts went over: a request about it starts by itself, and ends by itself where a credit brings it back.

The author is Purser; it asks in the name of whoever owns the budget. It comes after the posting, by the outbox: nothing here
fails what was posted, and a posting that is looked at again changes nothing.
"""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from approvals.events import OverrunAsked, OverrunEvent, OverrunLeft, OverrunSettled
from approvals.locks import lock_overruns, lock_request
from approvals.models import Overrun, Request, RequestLine, Round
from approvals.rules.overruns import ZERO, Over, lowered, span, unanswered
from approvals.selectors.overruns import (
    SPENDING,
    answers_within,
    as_left_by,
    asker_of,
    entry_over,
    excess_of,
    live_at,
    open_at,
    overrun_kind,
    stands_over,
)
from approvals.selectors.policies import policy_for
from approvals.selectors.terms import OVERRUN, overrun_of
from approvals.services.requests import new_number, put_before, take_back
from approvals.services.rounds import end_round
from approvals.subjects import SubjectKind, register
from budgets.models import Journal
from core import clock
from core.errors import Missing, Refusal, WrongState
from core.models import User
from core.services import audit
from core.services.outbox import publish

MOST_WORDS = 200


@transaction.atomic
def attend_overruns(*, journal_id: int) -> int:
    """Look at the windows that a journal touched; return how many overruns were opened, raised, lowered or ended.

    Lowers or ends what credits gave back, counts what an approved override took as approved, and asks about what facts took
    beyond that. Safe again and at once: a second look finds nothing left to ask about.
    """
    journal = Journal.objects.select_related("entity").get(pk=journal_id)
    accounts = set(journal.entries.values_list("account_id", flat=True))
    if not live_at(accounts).exists() and not stands_over(journal.entity, accounts):
        return 0
    lock_overruns(journal.entity_id)
    now = clock.now()
    changed = _give_back(accounts, now)
    opens = (journal.is_override and journal.source_type == "request") or (journal.is_fact and journal.kind in SPENDING)
    for over in stands_over(journal.entity, accounts) if opens else []:
        changed += _look(over, journal, now)
    return changed


def _look(over: Over, journal: Journal, now: datetime) -> int:
    """Ask about what a journal took beyond what is answered for in a window; return whether there was some."""
    amount = unanswered(as_left_by(over, journal), answers_within(over))
    entry = entry_over(over, journal.pk) if amount else None
    if entry is None:
        return 0
    standing = None if journal.is_override else open_at(over)
    if standing is not None and _raise(standing, amount, now):
        return 1
    overrun = Overrun.objects.create(
        entity=journal.entity,
        control_id=over.control_id,
        name=over.name,
        first=over.first,
        last=over.last,
        account=entry.account,
        month=entry.month,
        amount=amount,
        currency=over.currency,
        rate=entry.rate,
        journal=journal,
        by_override=journal.is_override,
        opened_at=now,
    )
    _record("opened", overrun)
    if journal.is_override:
        _count_as_approved(overrun, journal)
    else:
        _ask(overrun, now)
    return 1


def _count_as_approved(overrun: Overrun, journal: Journal) -> None:
    """What an approval let pass is answered for: by the request that was submitted on it."""
    overrun.request_id = int(journal.source_id)
    overrun.approve()
    overrun.save(update_fields=["request", "state"])


def _raise(overrun: Overrun, by: Decimal, now: datetime) -> bool:
    """Let an open overrun stand for more. What is asked about less is asked anew, the whole amount; say whether it was open."""
    if overrun.request_id is not None:
        lock_request(overrun.request_id)
        overrun.refresh_from_db()
    if overrun.state not in Overrun.OPEN:
        return False
    before, overrun.amount = overrun.amount, overrun.amount + by
    overrun.save(update_fields=["amount"])
    _record("raised", overrun, before=before)
    _ask(overrun, now)
    return True


def _give_back(accounts: set[int], now: datetime) -> int:
    """Lower or end what stands for more than its window stands over, what is still open first; return how much of it."""
    windows: dict[tuple[object, ...], list[Overrun]] = {}
    for overrun in live_at(accounts):
        windows.setdefault((overrun.control_id, overrun.first, overrun.last), []).append(overrun)
    changed = 0
    for rows in windows.values():
        rows.sort(key=lambda row: row.state not in Overrun.OPEN)
        falls = lowered(excess_of(rows[0]).excess, [row.answer for row in rows])
        for row in rows:
            if row.pk in falls:
                _lower(row, falls[row.pk], now)
        changed += len(falls)
    return changed


def _lower(overrun: Overrun, to: Decimal, now: datetime) -> None:
    """Let an overrun stand for less. What is asked goes on as it was asked; at nothing it is over, and is withdrawn."""
    request = lock_request(overrun.request_id) if overrun.request_id is not None else None
    if request is not None:
        overrun.refresh_from_db()
    before, overrun.amount = overrun.amount, to
    if to > ZERO:
        overrun.save(update_fields=["amount"])
        _record("lowered", overrun, before=before)
        if overrun.state == Overrun.State.UNASKED:
            _say(OverrunLeft, overrun, now)
        return
    was_asked = overrun.state == Overrun.State.ASKED
    overrun.ended_at = now
    overrun.end()
    overrun.save(update_fields=["amount", "ended_at", "state"])
    _record("ended", overrun, before=before)
    _say(OverrunSettled, overrun, now)
    if was_asked and request is not None:
        take_back(request=request, by=None, now=now)


def _ask(overrun: Overrun, now: datetime) -> None:
    """Put an overrun before those who decide by the policy; where that cannot be, keep why, and let finance see to it."""
    asked = overrun.request
    if asked is not None and asked.amount >= overrun.answer.on_line() and asked.state == Request.State.SUBMITTED:
        return
    try:
        with transaction.atomic():
            _put(overrun, now)
    except Refusal as refusal:
        overrun.refresh_from_db()
        if overrun.state == Overrun.State.ASKED:
            # What was asked about less goes on as it is; what came on top is for finance until it is decided.
            overrun.why = f"Asked about less: {refusal}"[:400]
        else:
            overrun.why = str(refusal)[:400]
        overrun.save(update_fields=["why"])
        _say(OverrunLeft, overrun, now)
    else:
        _say(OverrunAsked, overrun, now)
        _say(OverrunSettled, overrun, now)


def _put(overrun: Overrun, now: datetime) -> None:
    request = _written(overrun, now)
    overrun.request, overrun.why = request, ""
    overrun.save(update_fields=["request", "why"])
    put_before(request=request, by=None, now=now)


def _written(overrun: Overrun, now: datetime) -> Request:
    """Return the request about an overrun as it stands: a new one, or the one that is asked, taken out of its round.

    Raises Missing: the policy has no kind for it, or nobody owns the budget who may ask.
    """
    account = overrun.account
    asker = asker_of(account)
    if asker is None:
        raise Missing(
            f"Nobody may ask for money at {account.cost_centre}.", remedy="Name an owner of the budget.", code="no_asker"
        )
    kind = overrun_kind(policy_for(entity=overrun.entity, cost_centre_paths=[account.cost_centre.path]))
    if not kind:
        raise Missing("The policy knows no overrun and no override.", remedy="Give it a kind with that subject.", code="no_kind")
    request = overrun.request or Request(
        number=new_number(now), entity=overrun.entity, requester=asker, subject_kind=OVERRUN, created_at=now
    )
    if request.state == Request.State.SUBMITTED:
        _recall(request, now)
    request.kind, request.currency, request.updated_at = kind, account.currency, now
    request.amount = overrun.answer.on_line()
    where = f"{overrun.name}, {span(overrun.first, overrun.last)}"
    request.title = f"Over its limit: {where}"[:MOST_WORDS]
    request.reason = (
        f"{overrun.amount:,.2f} {overrun.currency} were spent beyond what {where} may hold, first by "
        f"{overrun.journal.memo or 'an entry'}."
        " Purser asks in your name: approve it, or move budget, amend it or re-code the spend, and this ends by itself."
    )
    request.save()
    line = request.lines.first() or RequestLine(request=request, number=1)
    line.description, line.account, line.month, line.net = "Spent beyond the limit", account, overrun.month, request.amount
    line.save()
    return request


def _recall(request: Request, now: datetime) -> None:
    """Take a request out of its round, to be asked about more."""
    request.send_back()
    request.save(update_fields=["state"])
    end_round(request=request, outcome=Round.Outcome.RETURNED, now=now)


def _say(event: type[OverrunEvent], overrun: Overrun, now: datetime) -> None:
    publish(event(overrun_id=overrun.pk, at=now.isoformat()))


def _record(verb: str, overrun: Overrun, *, before: Decimal | None = None) -> None:
    said = {
        "amount": f"{overrun.amount:.2f}",
        "currency": overrun.currency,
        "over": f"{overrun.name}, {overrun.first} to {overrun.last}",
    }
    was = {"amount": f"{before:.2f}"} if before is not None else None
    audit.record(actor=None, verb=f"overrun.{verb}", subject=overrun, entity=overrun.entity, before=was, after=said)


# ---------------------------------------------------------------- what a request for it does


def check(*, request: Request, now: datetime) -> None:
    """Refuse what stands over no limit any more. Raises WrongState."""
    overrun = overrun_of(request)
    if overrun is None or overrun.state == Overrun.State.ENDED:
        raise WrongState("The limit is kept again.", remedy="Withdraw this: nothing is left to approve.", code="kept")


def ask(*, request: Request, actor: User) -> None:
    """It waits for a decision."""
    overrun = overrun_of(request)
    if overrun is not None and overrun.state != Overrun.State.ASKED:
        overrun.ask()
        overrun.save(update_fields=["state"])


def let_stand(*, request: Request, actor: User) -> None:
    """It is approved: what stands over is answered for."""
    _turn(request, "approve", OverrunSettled)


def leave(*, request: Request, actor: User) -> None:
    """It is not approved: finance sees to it. What was sent back waits for its requester."""
    overrun = overrun_of(request)
    if request.state != Request.State.RETURNED and overrun is not None and overrun.state == Overrun.State.ASKED:
        _turn(request, "refuse", OverrunLeft)


def reopen(*, request: Request, actor: User) -> None:
    """It waits for a decision again. Raises WrongState where it ended meanwhile."""
    overrun = overrun_of(request)
    if overrun is None or overrun.state == Overrun.State.ENDED:
        raise WrongState("The limit is kept again meanwhile.", remedy="Nothing is left to decide.", code="kept")
    if overrun.state != Overrun.State.ASKED:
        _turn(request, "reopen", OverrunSettled)


def _turn(request: Request, step: str, event: type[OverrunEvent]) -> None:
    overrun = overrun_of(request)
    assert overrun is not None
    getattr(overrun, step)()
    overrun.save(update_fields=["state"])
    _say(event, overrun, clock.now())


overruns = register(
    SubjectKind(
        OVERRUN,
        "Overrun of a limit",
        on_submit=ask,
        on_approve=let_stand,
        on_release=leave,
        on_approve_undone=reopen,
        on_release_undone=reopen,
        before_submit=check,
    )
)
