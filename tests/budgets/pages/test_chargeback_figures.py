"""How well chargebacks go: what was not shared out, what follows measured use, and a dispute answered over a weekend."""

import re
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from budgets.rules import chargeback
from budgets.selectors.chargeback_figures import figures_of_chargebacks
from budgets.services.statements import dispute_statement, resolve_dispute
from core import clock
from tests.budgets.api.test_chargebacks_api import Program
from tests.factories.budgets import move
from tests.factories.chargebacks import JANUARY, Charged, pool, read, stated

# A Friday and the Monday after it, at ten in the morning.
FRIDAY, MONDAY = datetime(2026, 2, 6, 10), datetime(2026, 2, 9, 10)


def shared_in_part(charged: Charged) -> None:
    """Of 120.09: 70.09 by use, 30.00 by shares, and 20.00 stay for want of readings."""
    move(charged.small.accounts["PLATFORM", "people"], "spent", "20.00", thread="raw-row:3", is_fact=True)
    pools = [
        pool("calls", usage="calls", collects={"cost_centre": "PLATFORM", "category": "software"}),
        pool("courses", collects={"cost_centre": "PLATFORM", "category": "training"}),
        pool("desks", usage="desks", collects={"cost_centre": "PLATFORM", "category": "people"}),
    ]
    stated(charged.entity, charged.controller, *pools)
    read(charged.entity, charged.controller, "calls", PRODUCT="4000", DATA="3000")
    charged.sent()


def test_what_was_not_shared_out_and_what_follows_use(charged: Charged) -> None:
    shared_in_part(charged)
    figures = figures_of_chargebacks(charged.entity, since=JANUARY)
    assert (figures.collected, figures.allocated, figures.by_use) == (Decimal("120.09"), Decimal("100.09"), Decimal("70.09"))
    # 83.345 and 70.026 per cent; a part is not rounded up to the whole.
    assert (figures.accuracy_pct, figures.by_use_pct) == (Decimal("83.3"), Decimal("70.0"))


def test_the_words_of_a_part_do_not_count(charged: Charged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chargeback, "_use", lambda pool, units, whole: "as the meter says")
    monkeypatch.setattr(chargeback, "_share_words", lambda share, above: "3 of 5 parts")
    shared_in_part(charged)
    assert figures_of_chargebacks(charged.entity, since=JANUARY).by_use == Decimal("70.09")


def test_a_dispute_over_a_weekend_took_one_working_day(client: Client, charged: Charged) -> None:
    zone = ZoneInfo(charged.entity.calendar.time_zone)
    friday, monday = FRIDAY.replace(tzinfo=zone), MONDAY.replace(tzinfo=zone)
    program = Program(charged.controller)
    with clock.at(friday):
        shared_in_part(charged)
        statement = charged.entity.chargebacks.get().statements.get(receiver=charged.product)
        dispute = dispute_statement(statement_id=statement.pk, actor=charged.product_lead, words="Too many calls.")
        assert figures_of_chargebacks(charged.entity, since=JANUARY).mean_days is None
    with clock.at(monday):
        resolve_dispute(dispute_id=dispute.pk, actor=charged.controller, answer="The meter says so.")
        client.force_login(charged.controller)
        shown = re.sub(r"\s+", " ", client.get(reverse("budgets:chargebacks")).content.decode())
        said = program.get(f"chargebacks/figures?entity={charged.entity.code}")
    assert "0 open; 1.0 working days to resolve, target below 5" in shown
    assert "83.3" in shown
    assert "70.0" in shown
    assert said == {
        "entity": charged.entity.code,
        "currency": "USD",
        "since": "2025-03",
        "collected": "120.09",
        "allocated": "100.09",
        "by_use": "70.09",
        "accuracy_pct": "83.3",
        "by_use_pct": "70",
        "statements": 2,
        "accepted": 0,
        "acceptance_pct": "0",
        "disputes": 1,
        "open_disputes": 0,
        "mean_days": "1",
    }
