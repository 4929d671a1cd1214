"""Loading a budget file: shown first, loaded as shown, refused with where and why."""

import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from budgets.models import Budget, BudgetVersion, Category, CostCentre, EstimateBand, Journal, Period
from budgets.selectors.band_statements import BandData, PartData
from budgets.services.bands import state_band
from core import clock
from core.models import AuditRecord, Entity, User

PLAN = Path(__file__).with_name("plan.yaml").read_text()


def counts() -> dict[str, int]:
    return {
        model.__name__: model._default_manager.count()
        for model in (Budget, BudgetVersion, Category, CostCentre, Journal, Period, AuditRecord)
    }


def file(text: str | bytes, name: str = "plan.yaml") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)


def preview(client: Client, text: str) -> str:
    answer = client.post("/budgets/load/", {"file": file(text)})
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def token(html: str) -> str:
    found = re.search(r'name="shown" value="([^"]+)"', html)
    assert found
    return found.group(1)


@pytest.fixture
def finance(client: Client, controller: User) -> Client:
    client.force_login(controller)
    return client


def test_a_file_is_shown_and_nothing_is_kept(finance: Client) -> None:
    before = counts()
    html = preview(finance, PLAN)
    assert "Plan would be a new budget" in html
    assert "Over-allocated by 50.00 USD." in html
    assert counts() == before


def test_what_was_shown_is_what_is_loaded(finance: Client) -> None:
    answer = finance.post("/budgets/load/confirm/", {"shown": token(preview(finance, PLAN))})
    assert answer["Location"] == "/budgets/PLAN/"
    version = BudgetVersion.objects.get(budget__code="PLAN")
    assert (version.state, version.source_name) == ("in_force", "plan.yaml")


def test_the_difference_to_the_version_in_force_is_shown(finance: Client) -> None:
    finance.post("/budgets/load/confirm/", {"shown": token(preview(finance, PLAN))})
    html = preview(
        finance,
        PLAN.replace(
            'name: Testers, cost_centre: "4130", amount: "250.00"', 'name: Testers, cost_centre: "4130", amount: "200.00"'
        ),
    )
    assert "Plan would get version 2" in html
    assert "\u221250.00" in html
    assert "2\u00a0lines stay" in html
    assert "Plan would not change" in preview(finance, PLAN)


BANDS = """
  bands:
    - cost_centre: "4120"
      heading: {low: "90", high: "120"}
      parts:
        - {category: internal, low: "1080", high: "1100"}
        - {category: vendors, name: Advice, low: "20", high: "30"}
      growth_buffer_pct: {low: 10, high: 15}
"""


def told(html: str) -> list[list[str]]:
    """Return the rows of what would be stated of bands: what, word, before, after."""
    table = html.partition('id="bands-h"')[2].partition("</table>")[0].partition("<tbody")[2]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in table.split("<tr")[1:]]
    return [[re.sub(r"<[^>]+>", "", cell).replace("\u00a0", " ") for cell in row] for row in rows]


def test_bands_are_shown_before_they_are_stated(finance: Client) -> None:
    html = preview(finance, PLAN + BANDS)
    assert told(html) == [
        ["4120 Platform", "added", "", ""],
        ["Holds from", "added", "", "August 2026"],
        ["Heading", "added", "", "90.00 to 120.00"],
        ["Internal Resources", "added", "", "1,080.00 to 1,100.00"],
        ["External Vendors, Advice", "added", "", "20.00 to 30.00"],
        ["All parts", "added", "", "1,100.00 to 1,130.00"],
        ["Growth buffer", "added", "", "10 to 15 %"],
    ]
    assert not EstimateBand.objects.exists()
    finance.post("/budgets/load/confirm/", {"shown": token(html)})
    assert EstimateBand.objects.count() == 1

    other = BANDS.replace('high: "30"', 'high: "40"').replace(
        "      growth_buffer_pct: {low: 10, high: 15}\n", "      note: Asked.\n"
    )
    assert told(preview(finance, PLAN + other)) == [
        ["4120 Platform", "changed", "", ""],
        ["External Vendors, Advice", "changed", "20.00 to 30.00", "20.00 to 40.00"],
        ["All parts", "changed", "1,100.00 to 1,130.00", "1,100.00 to 1,140.00"],
        ["Growth buffer", "removed", "10 to 15 %", ""],
        ["Note", "added", "", "Asked."],
    ]
    # The amounts change, the bands do not.
    assert told(preview(finance, PLAN.replace('amount: "250.00"', 'amount: "200.00"') + BANDS)) == []
    # Without bands the file leaves them as they are.
    assert told(preview(finance, PLAN.replace('amount: "250.00"', 'amount: "210.00"'))) == []


def test_bands_that_wait_to_be_signed_are_shown_too(finance: Client) -> None:
    finance.post("/budgets/load/confirm/", {"shown": token(preview(finance, PLAN + BANDS))})
    waiting = PLAN.replace("  months: 6\n", "  months: 6\n  sign_off: true\n") + BANDS.replace('low: "90"', 'low: "95"')
    assert told(preview(finance, waiting)) == [
        ["4120 Platform", "changed", "", ""],
        ["Heading", "changed", "90.00 to 120.00", "95.00 to 120.00"],
    ]


def test_a_later_statement_is_not_undone_by_the_file_before_it(finance: Client) -> None:
    finance.post("/budgets/load/confirm/", {"shown": token(preview(finance, PLAN + BANDS))})
    later = BANDS.replace("      heading", "      starts_on: 2026-10\n      heading")
    html = preview(finance, PLAN + later)
    assert told(html)[1:] == [["Holds from", "changed", "August 2026", "October 2026"]]
    finance.post("/budgets/load/confirm/", {"shown": token(html)})
    assert told(preview(finance, PLAN.replace('amount: "250.00"', 'amount: "200.00"') + BANDS)) == []


def test_a_band_that_was_stated_in_between_makes_what_was_shown_stale(finance: Client, controller: User) -> None:
    finance.post("/budgets/load/confirm/", {"shown": token(preview(finance, PLAN))})
    shown = token(preview(finance, PLAN.replace('amount: "250.00"', 'amount: "200.00"')))
    budget = Budget.objects.get(code="PLAN")
    part = PartData(Category.objects.get(code="internal"), Decimal(1), Decimal(2))
    centre = CostCentre.objects.get(code="4120")
    state_band(budget=budget, cost_centre=centre, data=BandData(budget.starts_on, (part,)), actor=controller)
    before = counts()
    answer = finance.post("/budgets/load/confirm/", {"shown": shown})
    assert answer.status_code == 409
    assert "An estimate band of the budget was stated after you looked" in answer.content.decode()
    assert counts() == before
    again = token(preview(finance, PLAN.replace('amount: "250.00"', 'amount: "200.00"')))
    assert finance.post("/budgets/load/confirm/", {"shown": again}).status_code == 302


def test_a_version_that_came_in_between_makes_what_was_shown_stale(finance: Client) -> None:
    shown = token(preview(finance, PLAN))
    finance.post("/budgets/load/confirm/", {"shown": token(preview(finance, PLAN))})
    before = counts()
    answer = finance.post("/budgets/load/confirm/", {"shown": shown})
    assert answer.status_code == 409
    assert "Choose the file again" in answer.content.decode()
    assert counts() == before


def test_what_was_shown_is_bound_to_its_person_and_its_hour(
    finance: Client, entity: Entity, outsider: User, controller: User
) -> None:
    shown = token(preview(finance, PLAN))
    before = counts()
    assert finance.post("/budgets/load/confirm/", {"shown": shown + "x"}).status_code == 400
    assert finance.post("/budgets/load/confirm/", {}).status_code == 400
    with time_machine.travel(clock.now() + timedelta(minutes=90), tick=False):
        finance.force_login(controller)
        assert finance.post("/budgets/load/confirm/", {"shown": shown}).status_code == 409
    finance.force_login(outsider)
    assert finance.post("/budgets/load/confirm/", {"shown": shown}).status_code == 400
    assert counts() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("budget: [", "line 1"),
        ("- a\n- b\n", "does not hold a mapping"),
        (PLAN.replace('amount: "250.00"', "amount: NaN"), "budget.envelopes[0].lines[1].amount"),
        (PLAN.replace('amount: "250.00"', "amount: 1e400"), "budget.envelopes[0].lines[1].amount"),
        (PLAN.replace('amount: "250.00"', 'amount: "250.00", colour: red'), "this field is not known"),
        (PLAN.replace("currency: USD", "currency: EUR"), "State what one EUR is on the page of exchange rates"),
        (PLAN.replace("category: vendors", "category: unheard"), "unheard"),
        (b"\xff\xfe\x00", "not text in UTF-8"),
        ("a: &x [1]\nb: *x\n", "aliases are not read"),
        ("a: 1\na: 2\n", "is there twice"),
    ],
)
def test_bad_input_says_where_and_what_to_do_and_changes_nothing(
    finance: Client, entity: Entity, text: str | bytes, words: str
) -> None:
    before = counts()
    answer = finance.post("/budgets/load/", {"file": file(text)})
    assert answer.status_code == 422
    assert words in answer.content.decode().replace("&quot;", '"')
    assert counts() == before


def test_a_file_that_is_too_large_or_empty_is_refused_before_it_is_read(finance: Client) -> None:
    assert "512 kB at most" in finance.post("/budgets/load/", {"file": file("#" * 600_000)}).content.decode()
    assert finance.post("/budgets/load/", {"file": file("")}).status_code == 422
    assert finance.post("/budgets/load/", {}).status_code == 422


def test_a_file_for_books_of_others_is_refused(finance: Client, outsider: User) -> None:
    before = counts()
    for stated in ("entity: {code: elsewhere}\n", "entity: {code: brand-new, name: Brand New, currency: USD}\n"):
        answer = finance.post("/budgets/load/", {"file": file(stated + PLAN)})
        assert answer.status_code == 422
        assert "none whose books you keep" in answer.content.decode()
    assert counts() == before


def test_only_finance_loads(client: Client, requester: User, auditor: User) -> None:
    for user in (requester, auditor):
        client.force_login(user)
        assert client.get("/budgets/load/").status_code == 403
        assert client.post("/budgets/load/confirm/", {"shown": "x"}).status_code == 403


def test_a_file_that_changes_a_closed_month_says_how_to_leave_it_alone(finance: Client) -> None:
    finance.post("/budgets/load/confirm/", {"shown": token(preview(finance, PLAN))})
    Period.objects.filter(month=date(2026, 8, 1)).update(state="closed", closed_at=clock.now())
    before = counts()
    changed = PLAN.replace('cost_centre: "4130", amount: "250.00"', 'cost_centre: "4130", amount: "190.00"')
    answer = finance.post("/budgets/load/", {"file": file(changed)})
    assert answer.status_code == 422
    assert "August 2026 is closed. The file would change it: state that line month by month" in answer.content.decode()
    assert counts() == before
