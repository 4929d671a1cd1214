"""What a person may choose from when they ask for money."""

from collections import defaultdict
from datetime import date

from django.contrib.postgres.aggregates import BoolOr
from django.db.models import Q

from approvals.forms import Choices
from approvals.models import PolicyRule
from approvals.rules.particulars import day
from approvals.selectors.call_offs import CallOffs, contracts_to_call_off
from approvals.selectors.limits import cards_of
from approvals.selectors.policies import kinds_for, offers_for, versions_in_force
from approvals.selectors.reserves import lines_of_reserves
from budgets.models import FundsAccount, Period, Vendor
from budgets.selectors.accounts import accounts_for_requests
from core.models import User

MOST_VENDORS = 500


def choices_for(person: User) -> Choices:
    """Return the budget lines, kinds, vendors and open months of a person, in a fixed number of queries."""
    accounts = accounts_for_requests(person)
    entity_ids = sorted({account.entity_id for account in accounts})
    # Nobody spends from a reserve directly.
    kept = lines_of_reserves(entity_ids)
    accounts = [account for account in accounts if account.pk not in kept]
    offers = offers_for(person)
    asked = _asked_by_rules(entity_ids)
    return Choices(
        accounts=accounts,
        kinds=kinds_for(person),
        subjects=offers.subjects,
        needs_request=offers.over,
        vendors=_vendors(entity_ids),
        open_months=_open_months(accounts),
        asks_increase=bool(asked["increase"]),
        asks_emergency=bool(asked["emergency"]),
        cards=[(card.pk, str(card)) for card in cards_of(person)],
        contracts=[(each.contract.request.number, words_of(each)) for each in contracts_to_call_off(entity_ids)],
    )


def words_of(found: CallOffs) -> str:
    """Name a contract with its end and what of its value is left, for a list to choose from."""
    contract, request = found.contract, found.contract.request
    left = f"{found.left:,.2f} {request.currency} left"
    return f"{request.vendor}: {request.title[:60]}, until {day(contract.until_on)}, {left} ({request.number})"


def _asked_by_rules(entity_ids: list[int]) -> dict[str, bool | None]:
    """Say whether a rule that routes asks for a monthly increase, or whether it is an emergency."""
    rules = PolicyRule.objects.filter(version__in=versions_in_force().filter(policy__entity__in=entity_ids))
    return rules.aggregate(
        increase=BoolOr(Q(measure=PolicyRule.Measure.MONTHLY_INCREASE)), emergency=BoolOr(Q(emergency__isnull=False))
    )


def _vendors(entity_ids: list[int]) -> list[str]:
    names = Vendor.objects.filter(entity__in=entity_ids, is_active=True).order_by("name").values_list("name", flat=True)
    return list(dict.fromkeys(names[:MOST_VENDORS]))


def _open_months(accounts: list[FundsAccount]) -> dict[int, frozenset[date]]:
    """Return the open months of each entity, as far as one of its budgets runs."""
    if not accounts:
        return {}
    first = min(account.budget.starts_on for account in accounts)
    last = max(account.budget.ends_on for account in accounts)
    rows = Period.objects.filter(
        entity__in={account.entity_id for account in accounts}, state=Period.State.OPEN, month__gte=first, month__lte=last
    )
    found: dict[int, set[date]] = defaultdict(set)
    for entity_id, month in rows.values_list("entity_id", "month"):
        found[entity_id].add(month)
    return {entity_id: frozenset(months) for entity_id, months in found.items()}
