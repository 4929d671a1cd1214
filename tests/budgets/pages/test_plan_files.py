"""A budget's plan out as files, in again from a table, and copied: shown first, then in force."""

import re
from decimal import Decimal
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from budgets.models import Budget, BudgetLine, BudgetVersion, Milestone
from budgets.rules.safe_yaml import read
from budgets.selectors.documents import document_of
from budgets.services.budgets import load_document
from core.models import Entity, User
from core.rules.workbooks import Value, as_workbook
from core.workbooks import XLSX, read_workbook
from tests.factories.core import UserFactory, assign
from tests.fixtures.budgets import SmallBudget

PLAN = """
schema: purser/budget/1
entity: {code: acme}
vendors: [{code: cloud, name: Cloud supply}]
budget:
  code: PLAN
  name: A plan
  currency: USD
  total: "500.00"
  cost_centre: ENG
  starts_on: 2026-01
  months: 12
  control: {window: ytd, lines: warn, groups: stop, tolerance_pct: "5", cost_centres: [PLATFORM]}
  envelopes:
    - category: software
      amount: "400.00"
      variance_threshold: "20.00"
      lines:
        - {name: Licences, cost_centre: PLATFORM, amount: "100.00"}
        - {name: "=1+1", cost_centre: PRODUCT, months: {2026-03: "7.00"}}
    - category: people
      amount: "100.00"
      lines: [{name: Lead, cost_centre: PRODUCT, amount: "100.00", high: "140.00", starts_on: 2026-05}]
  milestones: [{code: M1, name: Live, due_on: 2026-03-31, planned_cost: "10.00", vendor: cloud}]
"""


@pytest.fixture
def version(small_budget: SmallBudget, controller: User) -> BudgetVersion:
    return load_document(document=read(PLAN.encode()), actor=controller).version


@pytest.fixture
def finance(client: Client, controller: User, version: BudgetVersion) -> Client:
    client.force_login(controller)
    return client


def _confirmed(client: Client, answer: Any) -> Any:
    shown = re.search(r'name="shown" value="([^"]+)"', answer.content.decode())
    assert shown is not None, answer.content.decode()
    return client.post("/budgets/load/confirm/", {"shown": shown[1]}, follow=True)


def test_a_version_comes_out_as_the_file_that_loads_it(finance: Client, version: BudgetVersion, controller: User) -> None:
    answer = finance.get("/budgets/PLAN/versions/1/file/")
    assert answer["Content-Disposition"] == 'attachment; filename="PLAN-1.yaml"'
    document = yaml.safe_load(answer.content)
    assert document == document_of(version)
    document["budget"]["code"] = "AGAIN"
    again = load_document(document=read(yaml.safe_dump(document).encode()), actor=controller).version
    assert document_of(again)["budget"] == {**document_of(version)["budget"], "code": "AGAIN"}
    assert Milestone.objects.filter(budget__code="AGAIN", vendor__code="cloud").exists()


def test_the_table_comes_out_and_changed_it_comes_in(finance: Client) -> None:
    assert finance.get("/budgets/PLAN/table/").status_code == 200
    table = finance.get("/budgets/PLAN/versions/1/table/").content.decode("utf-8-sig")
    assert "'=1+1" in table
    changed = table.replace("software,PRODUCT,'=1+1,7.00", "software,PRODUCT,'=1+1,").replace(",7.00,", ",17.00,")
    shown = finance.post("/budgets/PLAN/table/", {"file": SimpleUploadedFile("t.csv", changed.encode("utf-8-sig"))})
    html = shown.content.decode()
    assert shown.status_code == 200
    assert "A plan would get version 2" in html
    assert ">+10.00</td>" in html
    assert BudgetVersion.objects.filter(budget__code="PLAN").count() == 1
    _confirmed(finance, shown)
    lines = BudgetLine.objects.filter(version__budget__code="PLAN", version__state="in_force")
    assert dict(lines.values_list("name", "amount")) == {"Licences": Decimal(100), "=1+1": Decimal(17), "Lead": Decimal(100)}
    assert lines.get(name="Lead").amount_high == Decimal(140)


def test_the_workbook_comes_out_and_the_same_one_changes_nothing(finance: Client, api: Any, controller: User) -> None:
    answer = finance.get("/budgets/PLAN/versions/1/workbook/")
    assert answer["Content-Disposition"] == 'attachment; filename="PLAN-1.xlsx"'
    assert answer["Content-Type"] == XLSX
    assert b"".join(api(controller).get("budgets/PLAN/versions/1/workbook").streaming_content) == answer.content
    shown = finance.post("/budgets/PLAN/table/", {"file": SimpleUploadedFile("t.xlsx", answer.content)}).content.decode()
    assert "No amount changes" in shown


def test_a_changed_workbook_is_shown_first_and_a_bad_one_is_said_by_its_cell(finance: Client) -> None:
    rows = read_workbook(finance.get("/budgets/PLAN/versions/1/workbook/").content)
    months: list[list[Value]] = [[*row[:3], "", *(Decimal(each) for each in row[4:])] for row in rows[1:]]
    months[0][4] = Decimal(rows[1][4]) + 5
    changed = as_workbook("x", rows[0], months, places=2, texts=3)
    shown = finance.post("/budgets/PLAN/table/", {"file": SimpleUploadedFile("t.xlsx", changed)})
    assert ">+5.00</td>" in shown.content.decode()
    _confirmed(finance, shown)
    lines = BudgetLine.objects.filter(version__budget__code="PLAN", version__state="in_force")
    assert lines.get(name="Licences").amount == Decimal(105)

    for content, words in (
        (changed[:-9], "The workbook is damaged"),
        (_without_value(changed), '<dt class="mono">cell E2</dt><dd>This formula has no value yet.'),
        (b"category\xff", "not text in UTF-8"),
    ):
        wrong = finance.post("/budgets/PLAN/table/", {"file": SimpleUploadedFile("t.xlsx", content)})
        assert (wrong.status_code, words in wrong.content.decode()) == (422, True), words


def _without_value(workbook: bytes) -> bytes:
    """Return the workbook with a formula in E2 that was never reckoned."""
    out = BytesIO()
    with ZipFile(BytesIO(workbook)) as old, ZipFile(out, "w") as new:
        for name in old.namelist():
            text = re.sub(r'(<c r="E2" s="2">)<v>[^<]*</v>', r"\1<f>1+1</f>", old.read(name).decode())
            new.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize(
    ("posted", "words"),
    [
        ({}, "Choose a file or paste the cells, one of the two."),
        ({"pasted": "category,cost_centre,line,2026-01\nsoftware,NOWHERE,A,1"}, "NOWHERE"),
        ({"pasted": "category,cost_centre,line,2027-01\nsoftware,PLATFORM,A,1"}, "outside the budget"),
        ({"pasted": "category,cost_centre,line,2026-01\nsoftware,PLATFORM,A,much"}, "row 2"),
        ({"pasted": "category,cost_centre,line,2026-01\nsoftware,PLATFORM,A,0"}, "comes to nothing"),
    ],
)
def test_a_table_that_cannot_be_taken_is_said_and_kept(finance: Client, posted: dict[str, str], words: str) -> None:
    answer = finance.post("/budgets/PLAN/table/", posted)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert words in html
    assert posted.get("pasted", "").replace("\n", "\r\n").split("\r\n")[-1] in html
    assert BudgetVersion.objects.filter(budget__code="PLAN").count() == 1


def test_a_copy_begins_the_next_year_a_tenth_larger(finance: Client) -> None:
    assert 'value="2027-01"' in finance.get("/budgets/PLAN/copy/").content.decode()
    typed = {"code": "PLAN-27", "name": "The next plan", "starts_on": "2027-01", "share_pct": "110"}
    shown = finance.post("/budgets/PLAN/copy/", typed)
    assert "The next plan would be a new budget" in shown.content.decode()
    assert not Budget.objects.filter(code="PLAN-27").exists()
    _confirmed(finance, shown)
    made = Budget.objects.get(code="PLAN-27")
    assert (str(made.starts_on), str(made.ends_on), made.line_mode, made.tolerance) == (
        "2027-01-01",
        "2027-12-01",
        "warn",
        Decimal("0.05"),
    )
    assert made.versions.get().total == Decimal(550)
    assert dict(made.versions.get().lines.values_list("name", "amount"))["Licences"] == Decimal(110)


def test_of_70_80_and_180_a_copy_of_110_percent_allots_77_88_and_198(finance: Client, controller: User) -> None:
    """What rolls over a tenth larger is shown first, and the budget that it is taken from keeps what it has."""
    document = read(PLAN.encode())
    amounts = {"A": "70", "B": "80", "C": "180"}
    lines = [{"name": name, "cost_centre": "PLATFORM", "amount": amount} for name, amount in amounts.items()]
    envelopes = [{"category": "software", "amount": "330", "lines": lines}]
    document["budget"] |= {"code": "THREE", "name": "Three", "total": "330", "envelopes": envelopes, "milestones": []}
    load_document(document=document, actor=controller)
    typed = {"code": "THREE-27", "name": "Three again", "starts_on": "2027-01", "share_pct": "110"}
    shown = finance.post("/budgets/THREE/copy/", typed)
    assert not Budget.objects.filter(code="THREE-27").exists()
    _confirmed(finance, shown)
    kept = BudgetLine.objects.filter(version__state="in_force")
    assert dict(kept.filter(version__budget__code="THREE-27").values_list("name", "amount")) == {"A": 77, "B": 88, "C": 198}
    assert dict(kept.filter(version__budget__code="THREE").values_list("name", "amount")) == {"A": 70, "B": 80, "C": 180}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"code": "not a code"}, "code"),
        ({"code": "SMALL"}, "A plan"),
        ({"share_pct": "0"}, "greater than or equal to 0.01"),
        ({"share_pct": "a lot"}, "Write the size in digits"),
        ({"starts_on": "soon"}, "Write the month as year and month"),
    ],
)
def test_a_copy_that_cannot_be_made_is_said_and_nothing_kept(finance: Client, change: dict[str, str], words: str) -> None:
    typed = {"code": "PLAN-27", "name": "A plan of next year", "starts_on": "2027-01", "share_pct": "110"}
    html = finance.post("/budgets/PLAN/copy/", typed | change).content.decode()
    assert words in html
    assert "A plan of next year" in html
    assert set(Budget.objects.values_list("code", flat=True)) == {"PLAN", "SMALL"}


def test_who_reads_a_part_gets_no_file_of_the_whole(client: Client, version: BudgetVersion, entity: Entity) -> None:
    centre = version.budget.cost_centre.children.get(code="PLATFORM")
    lead = UserFactory.create()
    assign(lead, "approver", entity, cost_centre=centre)
    client.force_login(lead)
    assert client.get("/budgets/PLAN/versions/1/").status_code == 200
    for address in ("file/", "table/", "workbook/"):
        assert client.get(f"/budgets/PLAN/versions/1/{address}").status_code == 403
    for address in ("/budgets/PLAN/copy/", "/budgets/PLAN/table/"):
        assert client.get(address).status_code in {403, 404}
