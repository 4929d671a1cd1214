"""Amending a budget on its page, and its versions beside each other."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from approvals.change_handlers import tell_of_amendment, tell_of_stuck
from approvals.events import AmendmentInForce, AmendmentStuck
from approvals.models import Request
from budgets.models import BudgetVersion
from core.models import Notice
from tests.factories.approvals import MARCH, approve_all, everything, stages_of
from tests.factories.budgets import move
from tests.factories.changes import allotted, asked_to_amend, planned_budget
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
URL = "/requests/amend/SMALL/"


@pytest.fixture
def version(kafka: House) -> BudgetVersion:
    return planned_budget(kafka.account)


def _typed(version: BudgetVersion, then: str = "look", **more: Any) -> dict[str, Any]:
    lines = {line.name.casefold(): f"line-{line.pk}" for line in version.lines.all()}
    said: dict[str, Any] = {"base": version.pk, "since": "2026-03", "reason": "The price rose.", "then": then}
    said |= {lines.get(name, name): value for name, value in more.items()}
    return said | {"form_key": "7b6f0b0e-3b87-4b8e-9a3e-6f1f0c1b2a02"}


def test_the_budget_leads_to_the_page_which_shows_what_stands_from_a_month_on(
    client: Client, kafka: House, version: BudgetVersion
) -> None:
    client.force_login(kafka.engineer)
    assert URL in client.get("/budgets/SMALL/").content.decode()

    march = client.get(URL).content.decode()
    april = client.get(URL, {"since": "2026-04"}).content.decode()

    assert 'value="10,000.00"' in march
    assert 'value="9,000.00"' in april
    assert client.get(URL, {"since": "1999-01"}).status_code == 200


def test_it_says_what_would_change_and_who_would_decide_and_keeps_nothing(
    client: Client, kafka: House, version: BudgetVersion
) -> None:
    client.force_login(kafka.engineer)

    answer = client.post(URL, _typed(version, software="11,200"))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "A major amendment." in page
    assert "treated as major" in page
    assert "Chief financial officer" in page
    assert "Nothing is held" in page
    assert "13,200.00" in page
    assert 'value="11,200"' in page
    assert (Request.objects.count(), BudgetVersion.objects.filter(state="draft").count()) == (0, 0)


def test_asked_for_it_is_shown_to_who_decides_old_against_new(client: Client, kafka: House, version: BudgetVersion) -> None:
    client.force_login(kafka.engineer)

    answer = client.post(URL, _typed(version, "ask", software="11,000"))

    request = Request.objects.get()
    assert answer["Location"] == f"/requests/{request.number}/"
    assert "Old against new" in client.get(answer["Location"]).content.decode()
    stage = stages_of(request)[0]
    client.force_login(stage.owner)
    panel = client.get(f"/queue/{stage.pk}/").content.decode()
    assert "13,000.00" in panel
    assert "Minor: Software changes by 8.3333 %" in panel
    assert "What it does to the budget" not in panel


def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(
    client: Client, kafka: House, version: BudgetVersion
) -> None:
    client.force_login(kafka.engineer)

    words = client.post(URL, _typed(version, "ask", software="lots", reason=""))
    same = client.post(URL, _typed(version, "ask"))
    stale = client.post(URL, _typed(version, "ask", software="11000", base=version.pk - 1))

    assert (words.status_code, same.status_code, stale.status_code) == (422, 422, 409)
    assert 'value="lots"' in words.content.decode()
    assert "Change at least one amount" in same.content.decode()
    assert 'value="11000"' in stale.content.decode()
    assert Request.objects.count() == 0


def test_below_what_is_held_the_refusal_shows_the_figures(client: Client, kafka: House, version: BudgetVersion) -> None:
    training = kafka.budget.accounts["PLATFORM", "training"]
    move(training, "reserved", allotted(training), month=MARCH)
    client.force_login(kafka.engineer)
    before = everything()

    looked = client.post(URL, _typed(version, training="4,900"))
    asked = client.post(URL, _typed(version, "ask", training="4,900"))

    assert (looked.status_code, asked.status_code) == (200, 409)
    assert "it can give up" in looked.content.decode()
    assert "it can give up" in asked.content.decode()
    assert everything() == before


def test_who_asks_at_a_part_only_amends_nothing(client: Client, kafka: House, version: BudgetVersion) -> None:
    client.force_login(kafka.people["executive_sponsor"])
    assert client.get(URL).status_code == 403


def test_two_versions_stand_beside_each_other_with_variance_against_both_baselines(
    client: Client, kafka: House, version: BudgetVersion
) -> None:
    move(kafka.account, "spent", "2500", month=MARCH, is_fact=True)
    approve_all(asked_to_amend(kafka.engineer, version, software="20000"))
    client.force_login(kafka.people["finance"])

    page = client.get("/budgets/SMALL/versions/").content.decode()
    chosen = client.get("/budgets/SMALL/versions/", {"before": version.number, "after": version.number + 1}).content.decode()

    assert page.count("baseline</span>") == 2
    assert "22,000.00" in chosen
    assert "+10,000.00" in chosen
    assert "83.33" in chosen
    assert "was 1,000.00" in chosen
    assert "2,500.00" in page
    wrong = client.get("/budgets/SMALL/versions/", {"before": "99", "after": "1"})
    assert wrong.status_code == 422


def test_those_who_read_the_budget_hear_of_a_new_baseline_and_finance_of_what_is_stuck(
    kafka: House, version: BudgetVersion
) -> None:
    request = approve_all(asked_to_amend(kafka.engineer, version, software="20000"))
    number = request.amendment.version_id

    tell_of_amendment(AmendmentInForce(request.pk, number, "2026-03-02T10:00:00Z"))
    tell_of_amendment(AmendmentInForce(request.pk, number, "2026-03-02T10:00:00Z"))

    told = Notice.objects.filter(kind="approvals.amended")
    assert told.filter(person=kafka.people["executive_sponsor"]).count() == 1
    assert told.filter(person=kafka.engineer).get().subject == "Small budget has a new baseline: version 3 is in force"

    waits = asked_to_amend(kafka.engineer, request.amendment.version, since=MARCH.replace(month=6), software="15400")
    approve_all(waits)
    for _ in range(2):
        tell_of_stuck(AmendmentStuck(waits.amendment.version_id, "The month is closed.", "2026-06-01T00:00:00Z"))
    assert Notice.objects.filter(kind="approvals.amendment_stuck", person=kafka.people["finance"]).count() == 1
    assert Decimal(waits.amount) > 0
