"""What a request is held against: what its person asked for today, what stands on a card, and what is left of a contract.

In the currency of the policy.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import QuerySet, Sum

from approvals.models import Card, PolicyVersion, Request, RequestLine
from approvals.rules.document import PolicyDocument
from approvals.rules.document_rules import limits_of
from approvals.rules.limits import CARD, CARD_MONTH, CONTRACT, CONTRACT_TERM, PER_DAY, PERSONAL, Held, Limit, Use, hold
from approvals.rules.paths import common_path
from approvals.rules.routing import StageSpec
from approvals.selectors.call_offs import COUNTED, SPEND, uses_of_contract
from approvals.selectors.policies import versions_in_force
from approvals.selectors.risks import Ask
from core.access import limit_of
from core.errors import NotAllowed
from core.models import Entity, User
from core.rules.rights import Right

ZERO = Decimal(0)


def has_limits(entity: Entity) -> bool:
    """Say whether a policy that routes here, or a card, has a limit."""
    versions = versions_in_force().filter(policy__entity=entity)
    return versions.filter(document__has_key="limits").exists() or Card.objects.filter(entity=entity).exists()


def cards_of(user: User) -> QuerySet[Card]:
    """Return the cards that a person may name on a request."""
    return Card.objects.filter(holder=user, is_active=True).order_by("label", "last_four")


def held_to_limits(ask: Ask, version: PolicyVersion, stages: tuple[StageSpec, ...], *, now: datetime) -> Held:
    """Hold a request for money against the limits, and add the stages that they ask for.

    Raises NotAllowed (above_limit), with figures, above a limit that names nobody.
    """
    document = PolicyDocument.model_validate(version.document)
    kind = document.kinds[ask.facts.kind]
    if kind.subject != SPEND or not (document.limits or ask.card or ask.contract):
        return Held(stages, (), ())
    limits = limits_of(document)
    held = hold(stages, limits, list(_uses(ask, {limit.what: limit for limit in limits}, now)))
    if held.refused:
        raise _refusal(held.refused[0])
    return held


def _refusal(use: Use) -> NotAllowed:
    if use.what == CONTRACT_TERM:
        remedy = "Take months of its term, or leave the contract out."
        details = {"limit": CONTRACT, "outside": f"{use.asked:.2f}", "currency": use.currency}
        return NotAllowed(use.words(), remedy=remedy, code="above_limit", details=details)
    left = max(use.most - use.used, ZERO)
    others = {PER_DAY: "wait until tomorrow", CARD_MONTH: "take another month", CONTRACT: "ask for a new contract"}
    other = others.get(use.what, "ask somebody whose limit is higher")
    return NotAllowed(
        use.words(),
        remedy=f"Ask for at most {left:,.2f} {use.currency}, or {other}.",
        code="above_limit",
        details={"limit": use.what, "most": f"{use.most:.2f}", "used": f"{use.used:.2f}", "currency": use.currency},
    )


def _uses(ask: Ask, limits: dict[str, Limit], now: datetime) -> Iterator[Use]:
    asked, currency = ask.facts.amount, ask.facts.currency
    day = limits.get(PER_DAY)
    if day is not None and day.amount is not None:
        yield Use(PER_DAY, asked_today(ask, now=now), asked, day.amount, currency)
    if PERSONAL in limits and (most := personal_limit(ask)) is not None:
        yield Use(PERSONAL, ZERO, asked, most, currency)
    if ask.card is not None:
        yield from _uses_of_card(ask, ask.card, limits)
    if ask.contract is not None:
        yield from uses_of_contract(ask, ask.contract)


def asked_today(ask: Ask, *, now: datetime) -> Decimal:
    """Return what a person has asked for on this calendar day of the organization, besides this request."""
    zone = ZoneInfo(ask.entity.time_zone)
    today = now.astimezone(zone).date()
    begins, ends = (datetime.combine(day, time(), tzinfo=zone) for day in (today, today + timedelta(days=1)))
    rows = Request.objects.filter(
        requester=ask.requester,
        entity=ask.entity,
        currency=ask.facts.currency,
        subject_kind=SPEND,
        state__in=COUNTED,
        submitted_at__gte=begins,
        submitted_at__lt=ends,
    )
    return rows.exclude(pk=ask.request_id).aggregate(total=Sum("amount"))["total"] or ZERO


def personal_limit(ask: Ask) -> Decimal | None:
    """Return up to what amount a person may ask at once: the highest limit of the roles by which they ask; None is no limit.

    The limits of roles are in the organization's currency; where the request is in another, they do not speak of it.
    """
    if ask.facts.currency != ask.entity.currency:
        return None
    return limit_of(ask.requester, Right.REQUEST, entity=ask.entity, path=common_path(ask.facts.cost_centre_paths))


def _uses_of_card(ask: Ask, card: Card, limits: dict[str, Limit]) -> Iterator[Use]:
    currency = ask.facts.currency
    each = card.request_limit if card.request_limit is not None else _amount(limits, CARD)
    if each is not None:
        yield Use(CARD, ZERO, ask.facts.amount, each, currency, str(card))
    monthly = card.month_limit if card.month_limit is not None else _amount(limits, CARD_MONTH)
    for month in sorted({line.month for line in ask.lines}) if monthly is not None else ():
        asked = sum((line.funds for line in ask.lines if line.month == month), ZERO)
        rows = RequestLine.objects.filter(month=month, request__card=card, request__state__in=COUNTED)
        used = rows.exclude(request=ask.request_id).aggregate(total=Sum("funds"))["total"] or ZERO
        yield Use(CARD_MONTH, used, asked, monthly or ZERO, currency, f"{card} in {month:%b %Y}")


def _amount(limits: dict[str, Limit], what: str) -> Decimal | None:
    return limits[what].amount if what in limits else None
