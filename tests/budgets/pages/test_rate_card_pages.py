"""The rate card on its page: who sees and states it, a file whose difference is shown first, and budgets held against it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from budgets.models import Budget, BudgetVersion, DayRate
from budgets.selectors.budgets import version_in_force
from budgets.services.budgets import load_document
from budgets.services.periods import close_period
from core.models import AuditRecord, Entity, User
from tests.factories.core import UserFactory, assign
from tests.factories.day_rates import DEVELOPER, line, rated, staffed_document

CARD, STATE, LOAD, KEEP = (f"/budgets/rate-card/{rest}" for rest in ("?entity=acme", "acme/state/", "acme/load/", "acme/keep/"))
TYPED = {
    "role": DEVELOPER,
    "name": "Developer",
    "starts_on": "2026-06",
    "rate": "1,250.50",
    "currency": "eur",
    "source": "Contract 7",
}
FILE = (
    "role,name,starts_on,rate,currency,source\ndeveloper,Developer,2026-09,800,USD,Round\ntester,Tester,2026-01,500,USD,Round\n"
)
STAFF = "/budgets/STAFF/staffing/"


@pytest.fixture
def finance(client: Client, controller: User, entity: Entity) -> Client:
    client.force_login(controller)
    return client


@pytest.fixture
def budget(entity: Entity) -> Budget:
    rated(entity, "750")
    document = staffed_document(line({"fte": 4, "sprints": 10, "role": DEVELOPER}))
    return load_document(document=document, actor=None).budget


def file(text: str) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("card.csv", text.encode())}


def text_of(html: str) -> str:
    return html.replace("\u00a0", " ")


def test_a_rate_is_stated_and_shown_with_its_source(finance: Client, controller: User) -> None:
    assert "No day rate is stated." in finance.get(CARD).content.decode()
    html = finance.post(STATE, TYPED, follow=True).content.decode()
    assert "From June 2026 on a day of Developer costs 1,250.50 EUR." in html
    assert "1,250.50 EUR</span>" in html
    assert f"Contract 7; stated by {controller.name}" in html
    stated = DayRate.objects.get()
    assert (stated.rate, stated.currency, stated.starts_on, stated.stated_by) == (
        Decimal("1250.50"),
        "EUR",
        date(2026, 6, 1),
        controller,
    )
    assert "That is what holds already." in finance.post(STATE, TYPED, follow=True).content.decode()


def test_a_known_role_keeps_its_name_and_is_taken_off_by_a_blank_rate(finance: Client, entity: Entity) -> None:
    rated(entity, "700")
    html = finance.post(STATE, TYPED | {"name": "", "rate": ""}, follow=True).content.decode()
    assert "From June 2026 on Developer is not on the card." in html
    assert DayRate.objects.latest("id").name == "Developer"
    assert "off the card" in html


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"role": "two words"}, "A role is a short name of letters and digits"),
        ({"role": "unknown", "name": ""}, "It does not say in up to 100 characters what the role is called"),
        ({"rate": "much"}, "is not an amount"),
        ({"rate": "0"}, "The amount is zero"),
        ({"currency": "XYZ"}, "A currency is three letters"),
        ({"starts_on": "June"}, "Write the month as year and month"),
        ({"source": ""}, "This field is required"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    finance: Client, change: dict[str, str], words: str
) -> None:
    answer = finance.post(STATE, TYPED | {"source": "Contract 99"} | change)
    html = answer.content.decode()
    assert (answer.status_code, words in html) == (422, True)
    assert 'value="Contract 99"' in html or "source" in change
    assert not DayRate.objects.exists()


def test_a_file_shows_what_it_changes_and_states_just_that(finance: Client, entity: Entity) -> None:
    rated(entity, "500", role="tester")
    rated(entity, "750")
    shown = finance.post(LOAD, file(FILE))
    html = text_of(shown.content.decode())
    assert "1 day rate to state" in html
    assert "1 rate says what holds already." in html
    assert ("750.00 USD" in html, "800.00 USD" in html) == (True, True)
    assert DayRate.objects.count() == 2
    kept = finance.post(KEEP, {"shown": shown.context["form"].initial["shown"]}, follow=True).content.decode()
    assert "Day rates stated: 1." in kept
    assert DayRate.objects.latest("id").starts_on == date(2026, 9, 1)
    assert "800.00 USD from Sep 2026" in text_of(kept)


def test_a_file_that_cannot_be_read_says_where_and_states_nothing(finance: Client) -> None:
    answer = finance.post(LOAD, file(FILE.replace("500", "lots")))
    assert answer.status_code == 422
    assert "line 3: “lots” is not an amount" in answer.content.decode()
    assert not DayRate.objects.exists()


def test_what_was_shown_to_another_or_changed_is_not_kept(finance: Client, entity: Entity) -> None:
    shown = finance.post(LOAD, file(FILE)).context["form"].initial["shown"]
    assert finance.post(KEEP, {"shown": shown[:-2] + "xx"}).status_code == 400
    other = UserFactory.create()
    assign(other, "other-finance", entity, kind="finance")
    finance.force_login(other)
    assert "This was shown to somebody else" in finance.post(KEEP, {"shown": shown}).content.decode()
    assert not DayRate.objects.exists()


def test_the_card_goes_out_as_the_file_that_would_state_it(finance: Client, entity: Entity) -> None:
    rated(entity, "750", source="=Round")
    rated(entity, None, "2026-10")
    out = finance.get("/budgets/rate-card/card.csv?entity=acme").content.decode("utf-8-sig")
    assert out.splitlines() == [
        "role,name,starts_on,rate,currency,source",
        "developer,Developer,2026-01,750.00,USD,'=Round",
        "developer,Developer,2026-10,,USD,Band 4",
    ]
    assert "Nothing new" in finance.post(LOAD, file(out)).content.decode()


def test_who_asks_or_decides_does_not_see_the_card(client: Client, entity: Entity, budget: Budget) -> None:
    for kind, status in (("approver", 403), ("requester", 403), ("auditor", 200)):
        person = UserFactory.create()
        assign(person, f"a-{kind}", entity, kind=kind)
        client.force_login(person)
        assert client.get(CARD).status_code == status
    html = client.get(CARD).content.decode()
    assert "750.00 USD" in html
    assert "State a day rate" not in html
    assert client.post(STATE, TYPED).status_code == 403


def test_a_budget_is_held_against_the_card_and_planned_anew(finance: Client, entity: Entity, budget: Budget) -> None:
    assert "Staff is planned at the rates of now" in finance.get(f"{STAFF}?since=2026-09").content.decode()
    rated(entity, "800", "2026-09")
    html = text_of(finance.get(f"{STAFF}?since=2026-09").content.decode())
    assert "Staff: +8,000.00 USD at the rates of now" in html
    assert "4 people × 10 sprints × 10 days a sprint × 750.00 a day<" in html
    assert "800.00 a day; June 2026 to August 2026 as they were planned" in html
    shown = finance.post(f"{STAFF}reprice/", {"since": "2026-09"})
    preview = text_of(shown.content.decode())
    assert ("300,000.00" in preview, "308,000.00" in preview, "+8,000.00" in preview) == (True, True, True)
    assert "800.00 a day; June 2026 to August 2026 as they were planned" in preview
    assert BudgetVersion.objects.filter(budget=budget).count() == 1
    confirmed = finance.post("/budgets/load/confirm/", {"shown": shown.context["form"].initial["shown"]}, follow=True)
    assert "Staff, version 2, is in force." in confirmed.content.decode()
    version = version_in_force(budget)
    assert version is not None
    assert version.lines.get().amount == Decimal(308_000)
    assert AuditRecord.objects.filter(verb="budget_version.in_force").count() == 2
    again = finance.post(f"{STAFF}reprice/", {"since": "2026-09"}, follow=True)
    assert "Every line is planned at the rates of now." in again.content.decode()


def test_a_closed_month_is_not_planned_anew(finance: Client, entity: Entity, budget: Budget) -> None:
    rated(entity, "800", "2026-06")
    for month in range(1, 8):
        close_period(entity=entity, month=date(2026, month, 1), actor=None)
    html = finance.post(f"{STAFF}reprice/", {"since": "2026-06"}, follow=True).content.decode()
    assert "Choose a later month, so that closed months keep their amounts." in html
    assert finance.post(f"{STAFF}reprice/", {"since": "2026-08"}).status_code == 200


@pytest.mark.parametrize(
    ("since", "words"), [("2027-01", "Choose a month of these"), ("soon", "Write the month as year and month")]
)
def test_a_month_that_is_none_of_the_budgets_is_refused(finance: Client, budget: Budget, since: str, words: str) -> None:
    for answer in (finance.get(f"{STAFF}?since={since}"), finance.post(f"{STAFF}reprice/", {"since": since})):
        assert (answer.status_code, words in answer.content.decode()) == (422, True)


def test_the_card_names_the_budgets_that_are_planned_with_it(finance: Client, budget: Budget) -> None:
    html = text_of(finance.get(CARD).content.decode())
    assert f'<a href="{STAFF}">Staff</a><span>1 line</span>' in html
    assert "No budget in force is planned" not in html
    assert f'href="{STAFF}"' in finance.get("/budgets/STAFF/").content.decode()


def test_the_version_says_at_what_each_line_was_planned(finance: Client, entity: Entity, budget: Budget) -> None:
    html = text_of(finance.get("/budgets/STAFF/versions/1/").content.decode())
    assert "4 people × 10 sprints × 10 days a sprint × 750.00 a day" in html


def test_roles_cost_no_query_each(
    finance: Client, entity: Entity, budget: Budget, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    finance.get(CARD)
    with django_assert_max_num_queries(60) as few:
        finance.get(CARD)
    for number in range(12):
        rated(entity, "100", role=f"role-{number}")
    with django_assert_max_num_queries(len(few)):
        finance.get(CARD)
