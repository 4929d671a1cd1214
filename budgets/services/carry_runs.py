"""Carrying a budget on: what its cost centres say of what is left, as one journal, once for each month."""

from datetime import date

from django.db import transaction

from budgets.locks import lock_key, lock_structure
from budgets.models import Budget, CarryRun, Journal
from budgets.rules.carrying import ZERO, given_up
from budgets.rules.months import months_between
from budgets.rules.sentences import month_name
from budgets.selectors.books import in_books
from budgets.selectors.carry_previews import (
    CarryLine,
    CarryPreview,
    CarrySpan,
    access_run_of,
    budgets_to_carry_into,
    journals_of,
    preview_carrying,
    refuse_second_carry,
    said_of,
    standing_runs,
)
from budgets.selectors.months import open_among
from budgets.services.ledger import Posting, reverse
from budgets.services.movements import Movement, carry_out
from core import clock
from core.access import hold_to_limit
from core.errors import ClosedPeriod, InvalidInput, Stale, WrongState
from core.models import User
from core.rules.rights import Right
from core.services import audit

LOOK_AGAIN = "Look at what would be carried on now, then carry it."


@transaction.atomic
def carry_budget(
    *, budget: Budget, into_budget: Budget, span: CarrySpan, actor: User, seen: str = "", dry_run: bool = False
) -> CarryRun:
    """Carry on what is left of each line as far as its cost centre says, and all that is overspent, with every posting kept out.

    `seen` is the mark of the preview that was shown. With `dry_run` everything is done and undone again, refusals included.
    Raises WrongState (carried_before; nothing to carry), Stale where the books moved since they were shown, ClosedPeriod,
    NotAllowed above the actor's limit, and InvalidInput.
    """
    _check(budget, into_budget, span)
    lock_key(f"carry:{budget.pk}")
    refuse_second_carry(budget, span)
    lock_structure()
    preview = preview_carrying(budget, into_budget, span)
    if seen and seen != preview.mark():
        raise Stale("The books moved since this was shown.", remedy=LOOK_AGAIN)
    _refuse(preview)
    _hold_to_limit(preview, actor)
    postings = _postings(preview)
    run = _written(preview, actor)
    said = {"budget": budget.code, "into_budget": into_budget.code, "months": [str(span.first), str(span.last)]}
    said |= {"into": str(span.into), "carried": f"{preview.carried:.2f}", "lapsed": f"{preview.lapses:.2f}"}
    movement = Movement(run.key, "allotment.carried", budget, budget.entity, actor, said)
    memo = f"{month_name(span.first)} to {month_name(span.last)} carried into {month_name(span.into)}"
    carry_out(movement, kind=Journal.Kind.CARRY, postings=postings, source=("carry_run", str(run.pk)), is_fact=True, memo=memo)
    transaction.set_rollback(dry_run)
    return run


@transaction.atomic
def undo_carry(*, budget: Budget, run_id: int, actor: User, reason: str) -> CarryRun:
    """Take back what a budget carried on, by the opposite journal; then its months can be carried on anew.

    Raises WrongState where it was taken back before, or carried further meanwhile; ClosedPeriod, NotFound, InvalidInput.
    """
    if not reason.strip():
        raise InvalidInput("No reason is given.", remedy="Say why in a sentence.", details={"reason": "Say why in a sentence."})
    lock_key(f"carry:{budget.pk}")
    run = access_run_of(budget, run_id)
    if run.undone_at is not None:
        raise WrongState("This was taken back before.", remedy="There is nothing to take back.", code="already_reversed")
    _refuse_carried_further(run)
    run.undone_at, run.undone_by, run.undone_because = clock.now(), actor, reason
    run.save(update_fields=["undone_at", "undone_by", "undone_because"])
    after = {"run": run.pk, "reason": reason}
    audit.record(actor=actor, verb="allotment.carried_back", subject=budget, entity=budget.entity, after=after)
    reverse(journal_id=journals_of([run])[run.pk].pk, key=f"carried-back:{run.pk}", actor=actor, memo=reason)
    return run


def _check(budget: Budget, into_budget: Budget, span: CarrySpan) -> None:
    if not span.first <= span.last < span.into:
        sentence = "What is left is carried into a later month: choose one after the last."
        raise InvalidInput("The months do not follow one another.", remedy=sentence, details={"into": sentence})
    if into_budget not in budgets_to_carry_into(budget, span.into):
        sentence = f"{into_budget.name} takes nothing of {budget.name} in {month_name(span.into)}. Choose another budget."
        raise InvalidInput("That budget does not take it.", remedy=sentence, details={"into_budget": sentence})


def _refuse(preview: CarryPreview) -> None:
    if preview.bad:
        wrong = {line.account.name: line.error for line in preview.bad}
        raise InvalidInput("Some lines cannot be carried on.", remedy=next(iter(wrong.values())), details=wrong)
    if not preview.may_post:
        raise WrongState(
            "There is nothing to carry: nothing is overspent, and nothing that is left goes on.",
            remedy="What is left lapses by what the cost centres say; state otherwise first where that is wrong.",
            code="nothing_to_carry",
        )


def _hold_to_limit(preview: CarryPreview, actor: User) -> None:
    budget = preview.budget
    moved = sum((abs(line.carried) for line in preview.lines), ZERO)
    amount = in_books(moved, budget.currency, budget.entity, on=clock.now().date())
    what = f"carrying {moved:,.2f} {budget.currency}"
    hold_to_limit(actor, Right.BUDGET, entity=budget.entity, path=budget.cost_centre.path, amount=amount, what=what)


def _postings(preview: CarryPreview) -> list[Posting]:
    span = preview.span
    is_open = open_among(preview.budget.entity, months_between(span.first, span.last))
    if not is_open:
        whole = month_name(span.first) if span.first == span.last else f"{month_name(span.first)} to {month_name(span.last)}"
        raise ClosedPeriod(
            f"No month of {whole} is open.", remedy="Open the last one again on the page of months, carry on, and close it."
        )
    return [posting for line in preview.lines if line.carried for posting in _moved(line, is_open, span.into)]


def _moved(line: CarryLine, is_open: set[date], into: date) -> list[Posting]:
    assert line.target is not None
    given = given_up(line.months, is_open, lapses=line.lapses)
    out = [Posting(line.account.pk, month, "allotted", amount) for month, amount in sorted(given.items())]
    return [*out, Posting(line.target.pk, into, "allotted", line.carried)]


def _written(preview: CarryPreview, actor: User) -> CarryRun:
    span = preview.span
    return CarryRun.objects.create(
        budget=preview.budget,
        into_budget=preview.into_budget,
        first=span.first,
        last=span.last,
        into=span.into,
        currency=preview.budget.currency,
        carried=preview.carried,
        lapsed=preview.lapses,
        lines=[said_of(line) for line in preview.lines],
        carried_by=actor,
    )


def _refuse_carried_further(run: CarryRun) -> None:
    later = standing_runs(run.into_budget).filter(first__lte=run.into, last__gte=run.into).first()
    if later is not None:
        raise WrongState(
            f"What was carried into {month_name(run.into)} was carried further, into {month_name(later.into)}.",
            remedy="Take that back first.",
            code="carried_further",
        )
