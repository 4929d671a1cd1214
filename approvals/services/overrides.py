"""Letting a request pass that the funds refuse: asked for with an SLA, bound to just what the request says.

Nothing is held while it is decided. Approved, the request that it covers may be submitted, and passes every stop then: what it
holds above a limit is excused there. Any change of what it asks for needs another override.
"""

from uuid import UUID

from django.db import transaction

from approvals.data import LineData, RequestData
from approvals.locks import lock_form, lock_request
from approvals.models import Override, Request
from approvals.selectors.facts import digest_of_request
from approvals.selectors.overrides import override_kind
from approvals.selectors.terms import OVERRIDE, OWN_PAGE, override_of
from approvals.services.requests import refuse_unless_open_to, save_draft, submit_request
from approvals.services.spend import try_reserve
from approvals.subjects import SubjectKind, register
from core.errors import InvalidInput, Missing, NoFunds, Stale, WrongState
from core.models import User


@transaction.atomic
def ask_override(*, actor: User, covers_id: int, reason: str, form_key: UUID) -> Request:
    """Ask that a draft of one's own may pass the limits that refuse it. One that was sent back is asked again.

    Raises WrongState (it fits: submit it), Missing (the policy has no override), NotAllowed, InvalidInput, ClosedPeriod,
    NotFound.
    """
    kept = lock_form(form_key)
    if kept is not None and kept.requester_id == actor.pk and not kept.is_editable:
        return kept
    returned = Override.objects.filter(covers=covers_id, request__state=Request.State.RETURNED).order_by("-request_id").first()
    if returned is not None:
        lock_request(returned.request_id)
    covers = lock_request(covers_id)
    refuse_unless_open_to(covers, actor)
    if covers.subject_kind in OWN_PAGE:
        raise WrongState("This asks for no money.", remedy="Move less, or amend otherwise.")
    kind = override_kind(covers)
    if not kind:
        raise Missing("The policy knows no override.", remedy="Move or amend budget, or ask for less.", code="no_override")
    _refuse_if_it_fits(covers, actor)
    lines = [
        LineData(line.description, line.account_id, line.month, line.net, line.vat, line.recoverable)
        for line in covers.lines.order_by("number")
    ]
    request = save_draft(
        actor=actor,
        entity=covers.entity,
        data=RequestData(kind=kind, title=f"Override for {covers.number}: {covers.title}"[:200], lines=lines, reason=reason),
        request_id=returned.request_id if returned else None,
        form_key=None if returned else form_key,
        subject_kind=OVERRIDE,
    )
    said = {"covers": covers, "covered_digest": digest_of_request(covers)}
    Override.objects.update_or_create(request=request, defaults=said)
    return submit_request(request_id=request.pk, actor=actor)


def refusal_of(*, request: Request, actor: User) -> NoFunds | None:
    """Return what the funds say against a draft now; None where it fits. Nothing is held."""
    try:
        try_reserve(request=request, actor=actor)
    except NoFunds as refusal:
        return refusal
    return None


def _refuse_if_it_fits(covers: Request, actor: User) -> None:
    if not covers.lines.exists() or refusal_of(request=covers, actor=actor) is None:
        raise WrongState(f"{covers.number} is not refused for its funds.", remedy="Submit it.", code="fits")


# ---------------------------------------------------------------- what a request for it does


def check(*, request: Request, actor: User) -> None:
    """Refuse where what it covers was changed, or submitted, since it was asked for. Raises Stale, InvalidInput."""
    override = override_of(request)
    if override is None:
        raise InvalidInput("This says not what may pass.", remedy="Ask for it at the request that was refused.")
    covers = lock_request(override.covers_id)
    if not covers.is_editable or digest_of_request(covers) != override.covered_digest:
        raise Stale(f"{covers.number} was changed or submitted meanwhile.", remedy="Send this back; it is asked for anew.")


def forget(*, request: Request, actor: User) -> None:
    """Nothing was held for it, so nothing is let go."""


def take_back(*, request: Request, actor: User) -> None:
    """Refuse once the request that it covers was submitted on it. Raises WrongState (used)."""
    override = override_of(request)
    if override is not None and not lock_request(override.covers_id).is_editable:
        said = f"{override.covers.number} was submitted on this approval."
        raise WrongState(said, remedy="Reject or send that back.", code="used")


overrides = register(
    SubjectKind(
        OVERRIDE,
        "Override of a limit",
        on_submit=check,
        on_approve=check,
        on_release=forget,
        on_approve_undone=take_back,
        on_release_undone=check,
    )
)
