"""What a kind states beside its lines, kept in the table of its subject. Callers hold the request's lock."""

from datetime import datetime

from approvals.models import Request
from approvals.rules import particulars as rules
from approvals.selectors.facts import Asked
from approvals.selectors.particulars import MODELS, day_of, stated
from approvals.services.spend import commit, hold_again, release, reserve, take_back_commitment
from approvals.subjects import SubjectKind, register
from core.errors import InvalidInput


def write_particulars(request: Request, asked: Asked, *, was: str) -> None:
    """Keep what was stated, and nothing of the subject that the request was of before."""
    before = getattr(request, was, None) if was in MODELS else None
    if asked.subject in MODELS:
        row = before if before is not None and was == asked.subject else MODELS[asked.subject](request=request)
        for name, value in asked.particulars.items():
            setattr(row, name, value)
        row.save()
    if before is not None and was != asked.subject:
        before.delete()


def copy_particulars(source: Request, copy: Request) -> None:
    """State the same of a copy. That a trip is asked for after the fact is said anew."""
    values = stated(source)
    if "after_the_fact" in values:
        values["after_the_fact"] = False
    if values:
        MODELS[source.subject_kind](request=copy, **values).save()


def check_contract(*, request: Request, now: datetime) -> None:
    """A contract is not decided on unseen. Raises InvalidInput."""
    if not request.attachments.exists():
        said = "Attach the contract."
        raise InvalidInput("The contract itself is not attached.", remedy=said, code="no_document", details={"quote": said})


def check_trip(*, request: Request, now: datetime) -> None:
    """From its first day on, a trip is asked for after the fact, and only by who says so. Raises InvalidInput."""
    trip = request.travel
    has_begun = rules.begun(rules.TRAVEL, stated(request), day_of(request.entity, now))
    if has_begun and not trip.after_the_fact:
        said = "Say that you ask after the fact."
        raise InvalidInput(
            f"The trip began on {rules.day(trip.from_on)}; travel is approved in advance.",
            remedy=f"{said} Everybody who sees the request is told.",
            code="after_the_fact",
            details={"particulars.after_the_fact": said},
        )
    if trip.after_the_fact and not has_begun:
        trip.after_the_fact = False
        trip.save(update_fields=["after_the_fact"])


contract = register(
    SubjectKind(
        rules.CONTRACT,
        "Contract",
        on_submit=reserve,
        on_approve=commit,
        on_release=release,
        on_approve_undone=take_back_commitment,
        on_release_undone=hold_again,
        before_submit=check_contract,
    )
)
resource_change = register(
    SubjectKind(
        rules.RESOURCE_CHANGE,
        "Change of people",
        on_submit=reserve,
        on_approve=commit,
        on_release=release,
        on_approve_undone=take_back_commitment,
        on_release_undone=hold_again,
    )
)
travel = register(
    SubjectKind(
        rules.TRAVEL,
        "Travel",
        on_submit=reserve,
        on_approve=commit,
        on_release=release,
        on_approve_undone=take_back_commitment,
        on_release_undone=hold_again,
        before_submit=check_trip,
    )
)
