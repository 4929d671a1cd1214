"""Overrides: a request that the funds refuse, and an approval that lets just this pass."""

from django.db.models import QuerySet

from approvals.models import Override, Request
from approvals.selectors.facts import digest_of_request
from approvals.selectors.places import paths_of
from approvals.selectors.policies import kinds_with_subject, policy_for
from approvals.selectors.terms import OVERRIDE, OWN_PAGE, override_of
from budgets.rules.postings import Posting
from budgets.selectors.balances import Effect, effect_of
from core.errors import Missing


def override_kind(request: Request) -> str:
    """Return the kind under which an override of a request's refusal is asked for; empty where its policy has none."""
    try:
        version = policy_for(entity=request.entity, cost_centre_paths=paths_of(request))
    except Missing:
        return ""
    return next(iter(kinds_with_subject(version, OVERRIDE)), "")


def may_be_overridden(request: Request) -> bool:
    """Say whether a request is one whose refusal can be overridden: a draft that asks for money, under a policy that has it."""
    return request.is_editable and request.subject_kind not in OWN_PAGE and bool(override_kind(request))


def passes_stops(request: Request) -> bool:
    """Say whether an override was approved for just what a request asks for now."""
    return _approved(request).filter(covered_digest=digest_of_request(request)).exists()


def overrides_of(request: Request) -> QuerySet[Override]:
    """Return the overrides that were asked for a request, the newest first."""
    return Override.objects.filter(covers=request).select_related("request").order_by("-request_id")


def effects_overridden(request: Request) -> list[Effect]:
    """Return the limits that what an override covers would go beyond if it were held now; none for any other request."""
    override = override_of(request) if request.state == Request.State.SUBMITTED else None
    if override is None:
        return []
    lines = override.covers.lines.order_by("number")
    effects = effect_of([Posting(line.account_id, line.month, "reserved", line.funds) for line in lines])
    return [effect for effect in effects if not effect.passes]


def _approved(request: Request) -> QuerySet[Override]:
    return Override.objects.filter(covers=request, request__state=Request.State.APPROVED)
