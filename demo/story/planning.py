"""Next year's running costs: planned from this year's, signed by their owner, and waiting for finance."""

from datetime import timedelta
from decimal import Decimal

from budgets.models import Budget
from budgets.rules.copying import CopyTerms, copied
from budgets.rules.months import add_months
from budgets.selectors.budgets import version_in_force
from budgets.selectors.documents import document_of
from budgets.selectors.sign_offs import Side, digest_of, signers
from budgets.services.budgets import load_document
from budgets.services.sign_offs import sign_off
from core.models import User
from demo.story.engine import Story


def plan_next_year(story: Story, finance: User) -> None:
    """Plan that finance loads it some days before the present, and that the owner signs it."""
    story.at(story.ends - timedelta(days=4), lambda: _load(finance))
    story.at(story.ends - timedelta(days=2), _sign)


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
