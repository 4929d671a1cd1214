"""A budget that begins from a table: each way to plan a line, what categories hold, and what cannot be read, row by row."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from budgets.models import Budget, BudgetVersion
from budgets.selectors.budgets import version_in_force
from core.models import User
from core.rules.workbooks import Total, as_workbook
from tests.factories.budgets import CategoryFactory
from tests.factories.day_rates import rated
from tests.fixtures.budgets import SmallBudget

PAGE = "/budgets/begin/?entity=acme"
COLUMNS = "category,cost_centre,line,amount,phasing,starts_on,ends_on,people,sprints,role,day_rate,currency"
ROWS = (
    "software,PLATFORM,Licences,12000,even,,,,,,,",
    "software,PRODUCT,Tools,1000.01,working days,2026-03,2026-05,,,,,",
    "people,PLATFORM,Developers,,even,2026-06,2026-10,4,10,developer,,",
    "people,PRODUCT,Lead,,,,,0.5,4,,500,",
    "people,,,400000,,,,,,,,",
)


@pytest.fixture
def finance(client: Client, controller: User, small_budget: SmallBudget) -> Client:
    client.force_login(controller)
    return client


def typed(small: SmallBudget, *rows: str, columns: str = COLUMNS, **more: Any) -> dict[str, Any]:
    return {
        "code": "NEXT",
        "name": "Next",
        "kind": "operating",
        "cost_centre": small.parent.pk,
        "currency": "usd",
        "starts_on": "2026-01",
        "months": "12",
        "window": "year",
        "pasted": "\n".join([columns, *rows]),
        **more,
    }


def loaded(finance: Client, said: dict[str, Any]) -> Budget:
    shown = finance.post(PAGE, said)
    assert shown.status_code == 200, shown.context["places"]
    assert not Budget.objects.filter(code="NEXT").exists()
    done = finance.post("/budgets/load/confirm/", {"shown": shown.context["form"].initial["shown"]}, follow=True)
    assert "Next, version 1, is in force." in done.content.decode()
    return Budget.objects.get(code="NEXT")


def lines_of(budget: Budget) -> dict[str, dict[int, Decimal]]:
    version = version_in_force(budget)
    assert version is not None
    return {line.name: {row.month.month: row.amount for row in line.months.all()} for line in version.lines.all()}


def holds_of(budget: Budget) -> dict[str, Decimal]:
    version = version_in_force(budget)
    assert version is not None
    return {row.category.code: row.amount for row in version.categories.select_related("category")} | {"": version.total}


def test_each_way_to_plan_a_line_comes_to_what_it_says(finance: Client, small_budget: SmallBudget) -> None:
    rated(small_budget.entity, "750")
    rated(small_budget.entity, "800", "2026-09")
    budget = loaded(finance, typed(small_budget, *ROWS))
    lines = lines_of(budget)
    assert lines["Licences"] == dict.fromkeys(range(1, 13), Decimal(1000))
    assert (set(lines["Tools"]), sum(lines["Tools"].values())) == ({3, 4, 5}, Decimal("1000.01"))
    assert lines["Developers"] == {6: 60_000, 7: 60_000, 8: 60_000, 9: 64_000, 10: 64_000}
    assert sum(lines["Lead"].values()) == Decimal(10_000)
    # A category holds what its row says, else what its lines come to; the total is what they hold together.
    assert holds_of(budget) == {"software": Decimal("13000.01"), "people": Decimal(400_000), "": Decimal("413000.01")}
    assert (budget.currency, budget.starts_on, budget.ends_on) == ("USD", date(2026, 1, 1), date(2026, 12, 1))


def test_months_by_hand_come_from_a_workbook_too(finance: Client, small_budget: SmallBudget) -> None:
    head = ["category", "cost_centre", "line", "total", "2026-01", "2026-02"]
    rows: list[list[str | Decimal | Total]] = [
        ["software", "PLATFORM", "Licences", Decimal("30.03"), Decimal("10.01"), Decimal("20.02")]
    ]
    content = as_workbook("Next", head, rows, places=2, texts=3)
    said = typed(small_budget) | {"pasted": "", "file": SimpleUploadedFile("next.xlsx", content)}
    budget = loaded(finance, said)
    assert lines_of(budget) == {"Licences": {1: Decimal("10.01"), 2: Decimal("20.02")}}
    version = BudgetVersion.objects.get(budget=budget)
    assert version.lines.get().phasing == "stated"


def test_a_category_inside_another_lies_in_its_envelope(finance: Client, small_budget: SmallBudget) -> None:
    CategoryFactory.create(entity=small_budget.entity, code="saas", name="SaaS", parent=small_budget.categories["software"])
    rows = ("saas,PLATFORM,Tools,100,even,,,,,,,", "software,PLATFORM,Licences,50,even,,,,,,,")
    assert holds_of(loaded(finance, typed(small_budget, *rows))) == {"saas": 100, "software": 150, "": 150}


def test_it_may_wait_to_be_signed(finance: Client, small_budget: SmallBudget) -> None:
    shown = finance.post(PAGE, typed(small_budget, ROWS[0], sign_off="on"))
    done = finance.post("/budgets/load/confirm/", {"shown": shown.context["form"].initial["shown"]}, follow=True)
    assert "Next, version 1, waits to be signed." in done.content.decode()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (",PLATFORM,Licences,5,,,,,,,,", "Name its category."),
        ("software,,Licences,5,,,,,,,,", "Name its cost centre."),
        ("moon,PLATFORM,Licences,5,,,,,,,,", "There is no category moon."),
        ("software,MOON,Licences,5,,,,,,,,", "There is no cost centre MOON."),
        ("software,PLATFORM,Licences,,,,,,,,,", "Say what it comes to in one way"),
        ("software,PLATFORM,Licences,5,,,,1,1,developer,,", "Say what it comes to in one way"),
        ("software,PLATFORM,Licences,5.001,,,,,,,,", "more decimals than USD has"),
        ("software,PLATFORM,Licences,5,by moon,,,,,,,", "is no way to spread it"),
        ("software,PLATFORM,Licences,5,,June,,,,,,", "Write starts_on as a month"),
        ("software,PLATFORM,Licences,,,,,four,1,developer,,", "Write its people as a number"),
        ("software,PLATFORM,Licences,,,,,4,1,developer,5,", "one of the two"),
        ("software,,,,,,,,,,,", "A row without a line says what its category holds"),
        ("software,PLATFORM,Twice,5,,,,,,,,", "Row 2 is this line already."),
    ],
)
def test_what_a_row_cannot_say_is_told_by_row_and_what_was_typed_stays(
    finance: Client, small_budget: SmallBudget, row: str, words: str
) -> None:
    answer = finance.post(PAGE, typed(small_budget, "software,PLATFORM,Twice,5,,,,,,,,", row))
    assert answer.status_code == 422
    assert words in answer.context["places"]["row 3"]
    assert "Twice,5" in answer.content.decode()
    assert not Budget.objects.filter(code="NEXT").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pasted": ""}, "Choose a file or paste the cells"),
        ({"pasted": "category,cost_centre,line,colour\nsoftware,PLATFORM,A,red"}, "“colour” is none of them"),
        ({"pasted": "category,cost_centre,line,amount (EUR)\nsoftware,PLATFORM,A,5"}, "The table is in EUR"),
        ({"code": "begin"}, "is the address of another page"),
        ({"code": "two words"}, "budget.code"),
        ({"currency": "EUR"}, "no exchange rate for EUR holds today"),
        ({"months": "0"}, "greater than or equal to 1"),
        ({"starts_on": "soon"}, "Write the month as year and month"),
        ({"cost_centre": "9999999"}, "Select a valid choice"),
    ],
)
def test_what_the_budget_cannot_be_is_said(
    finance: Client, small_budget: SmallBudget, change: dict[str, Any], words: str
) -> None:
    answer = finance.post(PAGE, typed(small_budget, ROWS[0]) | change)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Budget.objects.filter(code="NEXT").exists()


def test_a_role_without_a_rate_and_a_line_outside_the_months_are_refused(finance: Client, small_budget: SmallBudget) -> None:
    answer = finance.post(PAGE, typed(small_budget, "people,PLATFORM,Developers,,,,,4,10,developer,,"))
    assert (answer.status_code, "has no role developer" in answer.content.decode()) == (422, True)
    answer = finance.post(PAGE, typed(small_budget, "software,PLATFORM,Licences,5,,2027-06,,,,,,"))
    assert (answer.status_code, "reaches outside the budget" in answer.content.decode()) == (422, True)


def test_the_page_has_the_codes_and_a_table_to_begin_with(finance: Client, small_budget: SmallBudget) -> None:
    html = finance.get(PAGE).content.decode()
    assert all(f">{code}</dt>" in html for code in ("software", "people", "PLATFORM", "ENG"))
    example = finance.get("/budgets/begin/example.csv").content.decode("utf-8-sig")
    rated(small_budget.entity, "750")
    said = typed(small_budget) | {"pasted": example}
    assert holds_of(loaded(finance, said)) == {"software": 15_000, "people": 300_000, "": 315_000}


def test_only_who_keeps_the_books_begins_one(client: Client, small_budget: SmallBudget, auditor: User) -> None:
    client.force_login(auditor)
    assert client.get(PAGE).status_code == 403
