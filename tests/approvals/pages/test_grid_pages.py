"""Amending a budget month by month on its page, and through the API."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from approvals.models import Amendment, Request
from approvals.services.decisions import send_back
from budgets.models import BudgetLineMonth, BudgetVersion
from budgets.services.amendments import put_amendment_in_force
from budgets.services.periods import close_period
from tests.factories.approvals import MARCH, approve_all, everything, stages_of
from tests.factories.budgets import move
from tests.factories.changes import allotted, allotted_in, asked_to_amend, planned_budget
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
URL = "/requests/amend/SMALL/months/"
APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)


@pytest.fixture
def version(kafka: House) -> BudgetVersion:
    return planned_budget(kafka.account)


def _cell(version: BudgetVersion, line: str, month: str) -> str:
    return f"cell-{version.lines.get(name=line).pk}-{month}"


def _typed(version: BudgetVersion, then: str = "look", reason: str = "The price rose.", **cells: str) -> dict[str, Any]:
    """Return what the form sends: `software_04="1,200"` is April's amount of the line Software."""
    said = {_cell(version, name[:-3].capitalize(), f"2026-{name[-2:]}"): text for name, text in cells.items()}
    said |= {"base": str(version.pk), "since": "2026-03", "reason": reason, "then": then}
    return said | {"form_key": "7b6f0b0e-3b87-4b8e-9a3e-6f1f0c1b2a05"}


def _allotted(kafka: House) -> tuple[Decimal, Decimal]:
    return allotted_in(kafka.account, APRIL), allotted_in(kafka.account, MAY)


def _states(name: str, page: str) -> str:
    """Return the text that a cell shows."""
    return page.split(f'id="{name}"', 1)[1].split('value="', 1)[1].split('"', 1)[0]


def test_the_budget_leads_to_its_lines_by_month_with_their_sums(client: Client, kafka: House, version: BudgetVersion) -> None:
    client.force_login(kafka.engineer)
    assert URL in client.get("/budgets/SMALL/").content.decode()
    assert URL in client.get("/requests/amend/SMALL/").content.decode()

    page = client.get(URL).content.decode()

    assert _states(_cell(version, "Software", "2026-03"), page) == "1,000.00"
    assert _cell(version, "Software", "2026-02") not in page
    assert "18,000.00" in page.split("<tfoot>", 1)[1]
    april = client.get(URL, {"since": "2026-04"}).content.decode()
    assert _cell(version, "Software", "2026-03") not in april


def test_the_server_adds_up_without_a_reason_and_keeps_nothing(client: Client, kafka: House, version: BudgetVersion) -> None:
    client.force_login(kafka.engineer)
    before = everything()

    answer = client.post(URL, _typed(version, "sum", reason="", software_04="1 500.50", training_05="$2,000"))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert _states(_cell(version, "Software", "2026-04"), page) == "1 500.50"
    assert "20,000.50" in page.split("<tfoot>", 1)[1]
    assert "2\N{NO-BREAK SPACE}amounts differ" in page
    assert everything() == before


def test_it_says_what_would_change_and_is_asked_for_as_the_policy_says(
    client: Client, kafka: House, version: BudgetVersion
) -> None:
    client.force_login(kafka.engineer)

    looked = client.post(URL, _typed(version, software_04="2,000")).content.decode()
    assert "A minor amendment." in looked
    assert "was 1,000.00" in looked
    assert _states(_cell(version, "Software", "2026-04"), looked) == "2,000"
    assert Request.objects.count() == 0
    asked = client.post(URL, _typed(version, "ask", software_04="2,000"))

    request = Request.objects.get()
    assert asked["Location"] == f"/requests/{request.number}/"
    assert (request.kind, request.amount) == ("amendment_minor", Decimal(1000))
    assert version.budget.versions.get(state="in_force") == version
    april, may = _allotted(kafka)
    approve_all(request)
    assert _allotted(kafka) == (april + 1000, may)


def test_an_amount_is_moved_between_months_of_one_line(client: Client, kafka: House, version: BudgetVersion) -> None:
    client.force_login(kafka.engineer)

    client.post(URL, _typed(version, "ask", software_04="400", software_05="1,600"))

    request = Request.objects.get()
    assert (request.amount, request.amendment.size) == (Decimal(600), "minor")
    line = request.amendment.version.lines.get(name="Software")
    assert {row.month.month: row.amount for row in line.months.all()}[5] == Decimal(1600)
    assert (line.amount, line.phasing) == (Decimal(12000), "stated")
    april, may = _allotted(kafka)
    approve_all(request)
    assert _allotted(kafka) == (april - 600, may + 600)


def test_each_bad_cell_is_marked_with_its_sentence_and_nothing_typed_is_lost(
    client: Client, kafka: House, version: BudgetVersion
) -> None:
    client.force_login(kafka.engineer)
    before = everything()

    answer = client.post(URL, _typed(version, "ask", software_04="lots", software_05="1.005", training_06="-5", training_07="7"))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "3\N{NO-BREAK SPACE}amounts cannot be taken" in page
    assert "“lots” is not an amount." in page
    assert "has more decimals than USD has" in page
    assert "The amount is negative." in page
    assert page.count('aria-invalid="true"') == 3
    assert _states(_cell(version, "Software", "2026-04"), page) == "lots"
    assert _states(_cell(version, "Training", "2026-07"), page) == "7"
    assert "not known" in page.split("<tfoot>", 1)[1]
    assert everything() == before


def test_nothing_changed_no_reason_and_no_version_are_told(client: Client, kafka: House, version: BudgetVersion) -> None:
    client.force_login(kafka.engineer)

    same = client.post(URL, _typed(version, "ask", software_04="1000"))
    silent = client.post(URL, _typed(version, "ask", reason="", software_04="1001"))
    nowhere = client.post(URL, _typed(version, "ask", software_04="1001") | {"base": "999999"})
    words = client.post(URL, _typed(version, "ask", software_04="1001") | {"base": "x"})

    assert [answer.status_code for answer in (same, silent, nowhere, words)] == [422] * 4
    assert "Change at least one amount" in same.content.decode()
    assert "Say why in a sentence" in silent.content.decode()
    assert "Open it anew" in nowhere.content.decode()
    assert Request.objects.count() == 0


def test_a_later_month_to_begin_with_refuses_what_was_typed_before_it(
    client: Client, kafka: House, version: BudgetVersion
) -> None:
    client.force_login(kafka.engineer)

    answer = client.post(URL, _typed(version, software_03="5", software_05="6") | {"since": "2026-04"})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Amounts change from Apr 2026 on" in page
    assert _states(_cell(version, "Software", "2026-03"), page) == "5"


def test_a_closed_month_takes_nothing(client: Client, kafka: House, version: BudgetVersion) -> None:
    close_period(entity=kafka.entity, month=MAY, actor=None)
    client.force_login(kafka.engineer)

    assert _cell(version, "Software", "2026-05") not in client.get(URL).content.decode()
    answer = client.post(URL, _typed(version, "ask", software_05="6"))

    assert answer.status_code == 422
    assert "May 2026 is closed or was never opened" in answer.content.decode()


def test_another_version_in_between_brings_the_page_back_with_both_values_and_goes_on_from_there(
    client: Client, kafka: House, version: BudgetVersion
) -> None:
    """Typed: April 1,500, May 900. Meanwhile the other version raised each month of Software from March on to 1,100."""
    client.force_login(kafka.engineer)
    other = asked_to_amend(kafka.engineer, version, software="11000")
    approve_all(other)
    now = version.budget.versions.get(state="in_force")
    before = everything()
    mine = {"software_04": "1,500", "software_05": "900", "software_06": "1,000.00", "training_04": "501"}

    answer = client.post(URL, _typed(version, "ask", **mine))

    page = answer.content.decode()
    assert answer.status_code == 409
    assert f"Version {now.number} came in force while you typed over version {version.number}" in page
    assert _states(_cell(now, "Software", "2026-04"), page) == "1,500"
    assert page.count("in force: 1,100.00</span> was 1,000.00") == 2
    assert "in force: 500.00" in page
    assert _states(_cell(now, "Software", "2026-06"), page) == "1,100.00"
    assert f'name="base" value="{now.pk}"' in page
    assert everything() == before
    mine.pop("software_06")
    done = client.post(URL, _typed(now, "ask", **mine))
    assert done.status_code == 302
    draft = Request.objects.exclude(pk=other.pk).get().amendment.version
    months = BudgetLineMonth.objects.filter(line__version=draft, line__name="Software")
    assert dict(months.filter(month__in=[APRIL, MAY, date(2026, 6, 1)]).values_list("month", "amount")) == {
        APRIL: Decimal(1500),
        MAY: Decimal(900),
        date(2026, 6, 1): Decimal(1100),
    }


def test_a_line_that_is_gone_meanwhile_is_named_with_what_was_typed(client: Client, kafka: House, version: BudgetVersion) -> None:
    client.force_login(kafka.engineer)
    data = _typed(version, "ask", training_04="777")
    other = asked_to_amend(kafka.engineer, version, software="11000")
    draft = Amendment.objects.get(request=other).version
    draft.lines.filter(name="Training").update(name="Courses")
    put_amendment_in_force(version_id=draft.pk, actor=None)

    page = client.post(URL, data).content.decode()

    assert "These lines are not in version" in page
    assert "<dt>Training, Apr 2026</dt><dd>777</dd>" in page


def test_below_what_is_held_the_refusal_shows_the_figures(client: Client, kafka: House, version: BudgetVersion) -> None:
    training = kafka.budget.accounts["PLATFORM", "training"]
    move(training, "reserved", allotted(training), month=MARCH)
    client.force_login(kafka.engineer)
    before = everything()

    looked = client.post(URL, _typed(version, training_04="400"))
    asked = client.post(URL, _typed(version, "ask", training_04="400"))

    assert (looked.status_code, asked.status_code) == (200, 409)
    assert "it can give up" in asked.content.decode()
    assert everything() == before


def test_sent_back_it_comes_with_the_amounts_that_it_asks_for(client: Client, kafka: House, version: BudgetVersion) -> None:
    client.force_login(kafka.engineer)
    client.post(URL, _typed(version, "ask", software_04="1,200"))
    request = Request.objects.get()
    stage = stages_of(request)[0]
    send_back(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Less, please.")
    address = f"/requests/{request.number}/amend/months/"

    page = client.get(address).content.decode()
    again = client.post(address, _typed(version, "ask", software_04="1,100"))

    assert _states(_cell(version, "Software", "2026-04"), page) == "1,200.00"
    assert again.status_code == 302
    request.refresh_from_db()
    assert (request.amount, Request.objects.count()) == (Decimal(100), 1)


def test_who_asks_at_a_part_only_or_reads_only_changes_nothing(client: Client, kafka: House, version: BudgetVersion) -> None:
    client.force_login(kafka.people["executive_sponsor"])
    assert client.get(URL).status_code == 403
    assert client.post(URL, _typed(version, "ask", software_04="1")).status_code == 403


def test_a_program_amends_by_line_and_month(api: Callable[..., Any], kafka: House, version: BudgetVersion) -> None:
    engineer = api(kafka.engineer)
    cell = {"category": "software", "cost_centre": "PLATFORM", "line": "Software", "month": "2026-04", "amount": "2000.00"}
    body = {"budget": "SMALL", "base": version.number, "since": "2026-03", "cells": [cell], "reason": "The price rose."}

    tried = engineer.post("amendments?dry_run=true", body)
    assert tried.status_code in {200, 201}
    assert Request.objects.count() == 0
    made = engineer.post("amendments", body)

    assert made.status_code == 201
    said = made.json()
    assert said["request"] == Request.objects.get().number
    assert (said["size"], said["state"], said["total_before"], said["total_after"]) == ("minor", "draft", "18000.00", "19000.00")
    assert engineer.post("amendments", body | {"cells": [cell, cell]}).status_code == 400
    assert engineer.post("amendments", body | {"cells": [cell | {"line": "None"}]}).status_code == 400
    assert engineer.post("amendments", body | {"cells": [cell | {"month": "2026-02"}]}).status_code == 400
    assert engineer.post("amendments", body | {"base": 999}).status_code == 400
    approve_all(Request.objects.get())
    assert engineer.post("amendments", body).status_code == 409
