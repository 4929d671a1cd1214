"""The unified view's pages and files, what is expected of sources, and the same for programs."""

import csv
import io
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from budgets.services.accounts import ensure_account
from core import clock
from core.models import AuditRecord, User
from core.workbooks import read_workbook
from reconciliation.models import ImportFile, Source
from reconciliation.services.sources import ExpectedData, expect_of_source, save_source
from reporting.rules.wording import money
from reporting.selectors.unified import unified_view
from reporting.selectors.unified_scope import Scope
from tests.factories.budgets import JANUARY, CategoryFactory, move
from tests.factories.core import assign
from tests.fixtures.imports import SPEND_MAPPING, Importing
from tests.fixtures.reporting import MARCH, Reported

PAGE = "/reports/unified/"
SPAN = "first=2026-01&last=2026-03"
FORMULA = "=1+1 Category"


@pytest.fixture
def filled(reported: Reported, import_rows: Importing) -> Reported:
    """What the report's fixture spends by other means, two rows of the ledger, one that waits; a category like a formula."""
    import_rows("2026-03-05,L-1,Streamline,software,PRODUCT,10.01", "2026-02-06,L-2,Streamline,Telescopes,PRODUCT,2.50")
    import_rows("2026-02-07,L-3,Streamline,training,PRODUCT,5.00", name="second.csv")
    return reported


def scope(filled: Reported) -> Scope:
    return Scope(filled.budget.entity, JANUARY, MARCH, is_whole=True, sees_books=True)


def shown(client: Client, user: User, query: str = SPAN, page: str = PAGE, status: int = 200) -> str:
    client.force_login(user)
    answer = client.get(f"{page}?{query}")
    assert answer.status_code == status
    return str(answer.content.decode())


def test_it_shows_what_it_comes_to_and_that_the_ledger_agrees(client: Client, filled: Reported, auditor: User) -> None:
    html = shown(client, auditor)
    view = unified_view(scope(filled))
    assert view.agrees
    assert f"spent {money(view.total.actual)} of {money(view.total.plan)} USD" in html
    assert f"balances say {money(view.ledger)}: the same, to the cent" in html
    assert "Preliminary" in html
    # The total of the table, of the months and of the sources are one figure.
    assert html.count(f">{money(view.total.actual)}<") >= 3
    assert "1 imported row in quarantine" in html
    assert f">{money(Decimal('2.50'))}</td>" in html
    assert "Ledger export" in html
    assert "second.csv" in html


def test_every_figure_opens_entries_that_come_to_it(client: Client, filled: Reported, auditor: User) -> None:
    html = shown(client, auditor)
    links = {
        (way.replace("&amp;", "&"), text)
        for way, text in re.findall(r'<a href="(/reports/unified/entries/[^"]*)">([^<]+)</a>', html)
    }
    assert len(links) > 12
    for way, text in sorted(links):
        page = str(client.get(way).content.decode())
        assert f": {text} USD</h1>" in page, way
    ledger = next(way for way, text in sorted(links) if "system=erp" in way and "category=training" in way)
    page = str(client.get(ledger).content.decode())
    assert "1 entry" in page.replace("\u00a0", " ")
    assert "Ledger export</a>" in page


def test_groups_shut_and_open(client: Client, filled: Reported, auditor: User) -> None:
    small = filled.small
    parts = CategoryFactory.create(
        entity=small.entity, parent=small.categories["software"], code="parts", name="Parts of software"
    )
    account = ensure_account(budget=small.budget, cost_centre=small.cost_centres["PRODUCT"], category=parts)
    move(account, "spent", "1.11", month=MARCH, is_fact=True)
    html = shown(client, auditor)
    assert "Parts of software" in html
    assert "Software itself" in html
    toggle = re.search(r'href="\?([^"]*shut=software)#categories"', html)
    assert toggle
    shut = shown(client, auditor, toggle[1].replace("&amp;", "&"))
    assert "Parts of software" not in shut
    assert "Open all groups" in shut


def test_a_past_day_shows_what_was_there_then(client: Client, filled: Reported, auditor: User) -> None:
    html = shown(client, auditor, f"{SPAN}&as_of=2020-01-01")
    assert "spent 0.00 USD, and nothing was planned" in html
    assert "Nothing was planned, held or spent here" in html
    assert "none yet" in html


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("first=2026-13", "Write the month as year and month"),
        ("first=2026-05&last=2026-01", "The last month lies before the first."),
        ("first=2020-01&last=2026-01", "A view spans 36 months at most."),
        ("as_of=2999-01-01", "That is not over yet."),
        ("as_of=soon", "Write the day as year, month and day"),
    ],
)
def test_what_cannot_be_is_said_and_the_usual_is_shown(
    client: Client, filled: Reported, auditor: User, query: str, sentence: str
) -> None:
    html = shown(client, auditor, query, status=422)
    assert sentence in html
    assert "the same, to the cent" in html
    client.force_login(auditor)
    for file in ("csv", "xlsx", "entries"):
        assert client.get(f"{PAGE}{file}/?{query}").status_code == 400


@pytest.mark.parametrize("query", ["bucket=moon", "system=moon", "month=x", "entity=moon", "budget=moon", "cost_centre=moon"])
def test_entries_of_no_figure_are_refused(client: Client, filled: Reported, auditor: User, query: str) -> None:
    client.force_login(auditor)
    assert client.get(f"{PAGE}entries/?{SPAN}&{query}").status_code in {400, 404}
    assert client.get(f"{PAGE}entries/?{SPAN}&category=moon").status_code == 404
    assert client.get(f"{PAGE}entries/?{SPAN}&page=99").status_code == 200


def test_the_files_add_up_and_hold_no_formula(client: Client, filled: Reported, auditor: User) -> None:
    category = filled.small.categories["software"]
    type(category).objects.filter(pk=category.pk).update(name=FORMULA)
    view = unified_view(scope(filled))
    text = shown(client, auditor, page=f"{PAGE}csv/").removeprefix("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert f"'{FORMULA}" in text
    assert not any(cell.startswith("=") for row in rows for cell in row.values())
    leaves = [row for row in rows if row["Row"] in {"category", "category itself"}]
    for name, whole in (("Actual", view.total.actual), ("Budget", view.total.plan), ("Ledger export", Decimal("15.01"))):
        total = next(row for row in rows if row["Row"] == "total")
        assert sum(Decimal(row[name]) for row in leaves) == Decimal(total[name]) == whole
    assert next(row for row in rows if row["Row"] == "in quarantine")["Ledger export"] == "2.50"
    client.force_login(auditor)
    cells = read_workbook(client.get(f"{PAGE}xlsx/?{SPAN}").content)
    assert cells[0] == list(rows[0])
    assert len(cells) == len(rows) + 1
    at = cells[0].index("Actual")
    assert [Decimal(row[at]) for row in cells[1:4]] == [Decimal(row["Actual"]) for row in rows[:3]]


def test_a_part_of_the_organization_has_a_view_of_its_part(client: Client, filled: Reported, outsider: User) -> None:
    client.force_login(outsider)
    assert client.get(PAGE, {"entity": "acme"}).status_code == 404
    product = filled.small.cost_centres["PRODUCT"]
    assign(outsider, "team_lead", filled.budget.entity, kind="approver", cost_centre=product)
    html = shown(client, outsider, f"{SPAN}&entity=acme")
    assert "Product spent 15.01 of" in html
    assert "/reconciliation/imports/" not in html
    # That a file came is told to whoever reads a part; which it was is the affair of the books.
    assert "second.csv" not in html
    assert "Ledger export" in html
    assert client.get(PAGE, {"entity": "acme", "cost_centre": "PLATFORM"}).status_code == 404
    assert client.get(f"{PAGE}entries/", {"entity": "acme", "cost_centre": "PLATFORM"}).status_code == 404


def test_what_is_expected_of_a_source_is_stated_and_shows(
    client: Client, filled: Reported, spend_source: Source, controller: User, executive: User
) -> None:
    way = f"/reconciliation/sources/{spend_source.pk}/expect/"
    assert way in shown(client, controller)
    assert way not in shown(client, executive)
    said = {"system": "cards", "cadence": "weekly", "grace_days": "2", "keeper": controller.pk}
    client.force_login(controller)
    wrong = client.post(way, said | {"cadence": "none"})
    assert wrong.status_code == 422
    assert "what is not expected is never late" in wrong.content.decode()
    assert client.post(way, said | {"system": "bank"}).status_code == 422
    assert client.post(way, said | {"grace_days": "61"}).status_code == 422
    assert not AuditRecord.objects.filter(verb="source.expected").exists()
    assert client.post(way, said).status_code == 302
    record = AuditRecord.objects.get(verb="source.expected")
    before, after = dict(record.before or {}), dict(record.after or {})
    assert (before["system"], after["cadence"], after["keeper"]) == ("erp", "weekly", controller.email)
    ImportFile.objects.update(received_at=clock.now().replace(year=2025))
    html = shown(client, executive)
    assert re.search(r"Ledger export is \d+\s days? late|Ledger export is [\d,]+\u00a0days late", html)
    assert f"Ask {controller.name}" in html
    assert ">Cards</th>" in html
    client.force_login(executive)
    assert client.post(way, said).status_code == 403


def test_the_admin_states_it_too_and_nothing_else(client: Client, spend_source: Source, administrator: User) -> None:
    User.objects.filter(pk=administrator.pk).update(is_staff=True)
    client.force_login(administrator)
    way = f"/admin/reconciliation/source/{spend_source.pk}/change/"
    assert client.post(way, {"system": "billing", "cadence": "monthly", "grace_days": 3, "name": "Else"}).status_code == 302
    spend_source.refresh_from_db()
    assert (spend_source.system, spend_source.cadence, spend_source.name) == ("billing", "monthly", "Ledger export")
    assert AuditRecord.objects.filter(verb="source.expected").count() == 1


@pytest.mark.parametrize(
    "said",
    [
        *({"system": "bank"}, {"system": "moon"}, {"cadence": "hourly"}, {"grace_days": 3}),
        {"cadence": "weekly", "grace_days": 61},
    ],
)
def test_the_database_refuses_what_cannot_be_expected(spend_source: Source, said: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Source.objects.filter(pk=spend_source.pk).update(**said)


def test_statements_are_few_whatever_there_is(
    client: Client, filled: Reported, controller: User, import_rows: Importing, django_assert_max_num_queries: Any
) -> None:
    client.force_login(controller)
    client.get(f"{PAGE}?{SPAN}")
    view = scope(filled)
    with django_assert_max_num_queries(5):
        unified_view(view)
    for number in range(6):
        by: dict[str, Any] = {"entity": filled.budget.entity, "mapping": SPEND_MAPPING, "actor": controller}
        save_source(code=f"more-{number}", name=f"More {number}", format_code="spend_csv", **by)
        import_rows(f"2026-03-1{number},M-{number},Streamline,software,PLATFORM,1.00", name=f"more-{number}.csv")
    with django_assert_max_num_queries(5):
        unified_view(view)
    with django_assert_max_num_queries(18):
        assert client.get(f"{PAGE}?{SPAN}").status_code == 200


def test_programs_get_the_same_figures(api: Callable[..., Any], filled: Reported, auditor: User) -> None:
    answer = api(auditor).get(f"unified?entity=acme&{SPAN}")
    assert answer.status_code == 200
    found, view = answer.json(), unified_view(scope(filled))
    assert found["agrees"] is True
    assert found["ledger"] == found["total"]["actual"] == f"{view.ledger:.2f}"
    assert found["total"]["by_origin"] == {key: f"{amount:.2f}" for key, amount in view.total.spent.items()}
    assert sum(Decimal(each["own"]["actual"]) for each in found["categories"]) == view.ledger
    assert sum(Decimal(each["amounts"]["actual"]) for each in found["months"]) == view.ledger
    assert found["quarantined"] == [
        {"origin": f"source-{Source.objects.get().pk}", "currency": "USD", "count": 1, "amount": "2.50", "unread": 0}
    ]
    source = found["sources"][0]
    assert (source["file"], source["accepted"], source["standing"], source["days_late"]) == ("second.csv", 1, "unasked", 0)
    assert (found["state"], found["as_of"], found["budget"]) == ("preliminary", None, None)
    past = api(auditor).get(f"unified?entity=acme&{SPAN}&as_of=2020-01-01T00:00:00Z").json()
    assert (past["total"]["actual"], past["categories"]) == ("0.00", [])
    assert api(auditor).get(f"unified?budget=SMALL&{SPAN}").json()["budget"] == "SMALL"


def test_programs_are_refused_in_words(
    api: Callable[..., Any], filled: Reported, auditor: User, outsider: User, controller: User, spend_source: Source
) -> None:
    for query in ("first=2026-13", "first=2026-05&last=2026-01", "as_of=2999-01-01T00:00:00Z"):
        assert api(auditor).get(f"unified?{query}").status_code in {400, 422}
    assert api(auditor).get("unified?entity=moon").status_code == 404
    assert api(outsider).get("unified?entity=acme").status_code == 404
    said = {"system": "erp", "cadence": "weekly", "grace_days": 1, "keeper": controller.email}
    answer = api(controller).post(f"sources/{spend_source.pk}/expect", said)
    assert (answer.status_code, answer.json()["keeper"], answer.json()["cadence"]) == (200, controller.email, "weekly")
    for wrong in ({"keeper": "nobody@else.example"}, {"system": "bank"}, {"cadence": "none"}):
        assert api(controller).post(f"sources/{spend_source.pk}/expect", said | wrong).status_code == 400
    assert api(auditor).post(f"sources/{spend_source.pk}/expect", said).status_code == 403


def test_the_same_again_leaves_no_record(spend_source: Source, controller: User) -> None:
    data = ExpectedData("erp", "weekly", 2, controller)
    for _ in range(2):
        expect_of_source(source_id=spend_source.pk, data=data, actor=controller)
    assert AuditRecord.objects.filter(verb="source.expected").count() == 1


def test_a_program_reads_the_entries_of_each_figure_and_they_come_to_it(
    api: Callable[..., Any], auditor: User, outsider: User, filled: Reported
) -> None:
    reader = api(auditor)
    view = reader.get(f"unified?entity=acme&{SPAN}").json()
    assert view["total"]["actual"] != "0.00"
    for bucket, figure in (("spent", "actual"), ("allotted", "budget"), ("held", "held")):
        found = reader.get(f"unified/entries?entity=acme&{SPAN}&bucket={bucket}").json()
        assert (found["total"], found["currency"], found["page"]) == (view["total"][figure], "USD", 1)
    for category in view["categories"]:
        found = reader.get(f"unified/entries?entity=acme&{SPAN}&category={category['code']}").json()
        assert found["total"] == category["whole"]["actual"]
        for origin, amount in category["own"]["by_origin"].items():
            path = f"unified/entries?entity=acme&{SPAN}&category={category['code']}&direct=true&origin={origin}"
            mine = reader.get(path).json()
            assert mine["total"] == amount
            assert {entry["origin"] for entry in mine["entries"]} == {origin}
    for wrong in ("bucket=moon", "page=0", "month=soon", "as_of=2999-01-01T00:00:00Z", "system=moon"):
        assert reader.get(f"unified/entries?entity=acme&{SPAN}&{wrong}").status_code == 400
    assert reader.get("unified/entries?entity=acme&category=moon").status_code in {400, 404, 422}
    assert api(outsider).get("unified/entries?entity=acme").status_code == 404
