"""The next year: running costs planned from this year's, signed by their owner and waiting for finance; and staff of the brokers,
planned with the rate card, whose rates rose since.
"""

from datetime import timedelta
from decimal import Decimal

import yaml

from budgets.models import Budget
from budgets.rules.copying import CopyTerms, copied
from budgets.rules.day_rates import DayRateData
from budgets.rules.months import add_months
from budgets.rules.safe_yaml import read
from budgets.selectors.budgets import version_in_force
from budgets.selectors.documents import document_of
from budgets.selectors.sign_offs import Side, digest_of, signers
from budgets.services.budgets import load_document
from budgets.services.day_rates import state_day_rates
from budgets.services.rates import state_rate
from budgets.services.sign_offs import sign_off
from core.models import Entity, User
from demo.founding import HERE, LAST_MONTH, months_since, moved
from demo.story.engine import Story


def plan_next_year(story: Story, finance: User) -> None:
    """Plan that finance loads it some days before the present, and that the owner signs it."""
    story.at(story.ends - timedelta(days=4), lambda: _load(finance))
    story.at(story.ends - timedelta(days=2), _sign)


def plan_staff(story: Story, finance: User) -> None:
    """Plan that finance states a rate card, plans the brokers' staff with it, and states the next round's rates after that."""
    months = months_since(story.ends.date())
    story.at(story.ends - timedelta(days=9), lambda: _rate_card(finance, "rates", months, first=-11))
    story.at(story.ends - timedelta(days=8), lambda: _load_staff(finance, months))
    story.at(story.ends - timedelta(days=3), lambda: _rate_card(finance, "raised", months, first=3))


def _rate_card(finance: User, which: str, months: int, *, first: int) -> None:
    """State rates from a month on, told from the present one. With the first of them, what a unit of their currency is."""
    month = add_months(LAST_MONTH, months + first)
    for code, said in yaml.safe_load((HERE / "rate-card.yaml").read_text()).items():
        entity = Entity.objects.get(code=code)
        if which == "rates":
            exchange = said["exchange"] | {"rate": Decimal(said["exchange"]["rate"])}
            state_rate(entity=entity, valid_on=month, actor=finance, **exchange)
        rates = [DayRateData(**each | {"starts_on": month, "rate": Decimal(each["rate"])}) for each in said[which]]
        state_day_rates(entity=entity, rates=rates, actor=finance)


def _load_staff(finance: User, months: int) -> None:
    document = moved(read((HERE / "budgets" / "brokers.yaml").read_bytes()), months)
    load_document(document=document, actor=User.objects.get(pk=finance.pk), source_name="brokers.yaml")


def _load(finance: User) -> None:
    running = Budget.objects.get(code="RUNNING")
    version = version_in_force(running)
    assert version is not None
    terms = CopyTerms(
        code="RUNNING-NEXT",
        name=f"{running.name}, next year",
        starts_on=add_months(running.ends_on, 1),
        share_pct=Decimal(103),
    )
    document = copied(document_of(version), terms)
    document["budget"]["sign_off"] = True
    # Read anew: what a person may do is read once.
    load_document(document=document, actor=User.objects.get(pk=finance.pk), source_name="next-year.yaml")


def _sign() -> None:
    version = Budget.objects.get(code="RUNNING-NEXT").versions.get()
    sign_off(version_id=version.pk, side=Side.OWNER, digest=digest_of(version), actor=signers(version, Side.OWNER)[0])
