"""The other parts of a purchase that one person asks for bit by bit."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from approvals.models import PolicyVersion, Request, RequestLine
from approvals.rules.document_limits import SplitsPart
from approvals.rules.splits import Part
from approvals.selectors.call_offs import COUNTED, SPEND
from approvals.selectors.policies import kinds_of, versions_in_force
from approvals.selectors.risks import Ask
from core.models import Entity


def has_splits(entity: Entity) -> bool:
    """Say whether a policy that routes here adds the parts of a purchase up."""
    versions = versions_in_force().filter(policy__entity=entity)
    return versions.filter(document__has_key="splits").exists()


def parts_of(ask: Ask, version: PolicyVersion, *, now: datetime) -> list[Part]:
    """Return what the same person asks for besides, as the same purchase by the policy, the latest first.

    Counted is what waits or is approved, was submitted last no longer ago than the window (exactly so long ago counts), and is
    money in the same currency. Nothing where the policy adds nothing up, or this is no spending.
    """
    stated = version.document.get("splits")
    if not stated or kinds_of(version)[ask.facts.kind].subject != SPEND:
        return []
    splits = SplitsPart.model_validate(stated)
    if "vendor" in splits.same and ask.vendor is None and ask.vendor_name.strip():
        # A vendor that nobody has asked for before.
        return []
    rows = Request.objects.filter(
        requester=ask.requester,
        entity=ask.entity,
        currency=ask.facts.currency,
        subject_kind=SPEND,
        state__in=COUNTED,
        submitted_at__gte=now - timedelta(days=splits.window),
    ).exclude(pk=ask.request_id)
    found = _alike(rows, ask, splits).order_by("-submitted_at", "-pk").values_list("number", "amount")
    return [Part(number, amount) for number, amount in found]


def _alike(rows: QuerySet[Request], ask: Ask, splits: SplitsPart) -> QuerySet[Request]:
    """Keep what is the same purchase. Without a vendor it shares a budget line as well."""
    lines = RequestLine.objects.filter(request=OuterRef("pk"))
    accounts = [line.account for line in ask.lines]
    if "vendor" in splits.same:
        shares = Q(Exists(lines.filter(account__in=accounts)))
        rows = rows.filter(vendor=ask.vendor) if ask.vendor else rows.filter(shares, vendor__isnull=True)
    if "kind" in splits.same:
        rows = rows.filter(kind=ask.facts.kind)
    if "cost_centre" in splits.same:
        centres = {account.cost_centre_id for account in accounts}
        rows = rows.filter(Exists(lines.filter(account__cost_centre__in=centres)))
    if "category" in splits.same:
        rows = rows.filter(Exists(lines.filter(account__category__in={account.category_id for account in accounts})))
    return rows
