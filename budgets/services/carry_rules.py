"""Stating what a cost centre carries on. No statement is changed: the next one follows it."""

from datetime import date

from django.db import transaction

from budgets.locks import lock_key
from budgets.models import CarryRule, CostCentre
from budgets.rules.carrying import CarryTerms, check_terms
from budgets.rules.months import first_of
from budgets.rules.sentences import month_name
from budgets.selectors.carry_rules import latest_rule, terms_of
from core.errors import InvalidInput, WrongState
from core.models import User
from core.money import is_currency
from core.services import audit


@transaction.atomic
def state_carry_rule(*, cost_centre: CostCentre, starts_on: date, terms: CarryTerms, actor: User, note: str = "") -> CarryRule:
    """State what a cost centre carries on, from the end of a month on until the next statement begins.

    The same again is the statement that is there. Raises InvalidInput, and WrongState where a statement begins later.
    """
    _check(cost_centre, terms)
    lock_key(f"carry-rule:{cost_centre.pk}")
    month = first_of(starts_on)
    before = latest_rule(cost_centre)
    if before is not None and (before.starts_on, terms_of(before), before.note) == (month, terms, note):
        return before
    if before is not None and before.starts_on > month:
        raise WrongState(
            f"{cost_centre.name} has a statement from {month_name(before.starts_on)} on.",
            remedy=f"State it from {month_name(before.starts_on)} on, or later: statements follow one another.",
        )
    rule = CarryRule.objects.create(
        entity=cost_centre.entity,
        cost_centre=cost_centre,
        number=before.number + 1 if before else 1,
        starts_on=month,
        kind=terms.kind,
        share_pct=terms.share_pct,
        amount=terms.amount,
        currency=terms.currency,
        note=note,
        stated_by=actor,
    )
    earlier = _said(before) if before else None
    entity = cost_centre.entity
    audit.record(actor=actor, verb="carry_rule.stated", subject=cost_centre, entity=entity, before=earlier, after=_said(rule))
    return rule


def _check(cost_centre: CostCentre, terms: CarryTerms) -> None:
    check_terms(terms)
    if terms.amount is not None and not is_currency(terms.currency):
        sentence = "State the amount's currency by its three letters, such as EUR."
        raise InvalidInput("The amount has no currency.", remedy=sentence, details={"currency": sentence})
    if terms.amount is None and terms.currency:
        sentence = "A currency belongs to an amount."
        raise InvalidInput("There is no amount for the currency.", remedy=sentence, details={"currency": sentence})
    if terms.kind == CarryRule.Kind.ABOVE and cost_centre.parent_id is None:
        sentence = f"Nothing is above {cost_centre.name}: say all, nothing, a share or an amount."
        raise InvalidInput("There is no cost centre above.", remedy=sentence, details={"kind": sentence})


def _said(rule: CarryRule) -> dict[str, str | int]:
    amount = f"{rule.amount:.2f} {rule.currency}" if rule.amount is not None else ""
    share = f"{rule.share_pct:.2f} %" if rule.share_pct is not None else ""
    return {
        "number": rule.number,
        "starts_on": str(rule.starts_on),
        "kind": rule.kind,
        "up_to": amount or share,
        "note": rule.note,
    }
