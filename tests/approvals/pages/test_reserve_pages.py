"""Reserves on their pages and through the API: made, stated, drawn on from a refusal, reported, given up."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from approvals.models import DrawReport, Request, Reserve
from approvals.services.decisions import send_back
from approvals.services.draw_reports import write_report
from approvals.services.requests import save_draft
from budgets.models import FundsAccount
from core import clock
from core.models import User
from tests.factories.approvals import MONDAY, approve_all, asked, stages_of
from tests.factories.core import UserFactory, assign
from tests.factories.reserves import REPORT, WRITTEN, draw, line_of_reserve, reserve
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
KEY = "7b6f0b0e-3b87-4b8e-9a3e-6f1f0c1b2a05"


@pytest.fixture
def kept(distro: House, controller: User) -> Reserve:
    return reserve(distro.budget, controller)


@pytest.fixture
def taker(distro: House) -> FundsAccount:
    return distro.budget.accounts["PLATFORM", "training"]


def stated(**more: Any) -> dict[str, Any]:
    said = {
        "starts_on": "2026-03",
        "purpose": "Unplanned needs",
        "basis": "fixed",
        "share_pct": "",
        "amount": "900.00",
        "approver": "engineering_director",
        "decides_within": "2 business days",
        "document": REPORT,
        "report_days": "5",
        "note": "",
    }
    return said | more


def typed(line: FundsAccount, **more: Any) -> dict[str, Any]:
    said = {"taker": line.pk, "month": "2026-03", "amount": "120.00", "reason": "Prices rose.", "document": WRITTEN}
    return {**said, "then": "do", "form_key": KEY, **more}


def page_of(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


# ---------------------------------------------------------------- keeping one


def test_finance_makes_one_of_a_line_and_states_it_anew(client: Client, distro: House, controller: User) -> None:
    account = line_of_reserve(distro.budget)
    client.force_login(controller)
    assert "Emergency" in page_of(client, "/reserves/acme/new/")
    made = client.post("/reserves/acme/new/", stated(account=account.pk, name="Emergency reserve", code="emergency"))
    kept = Reserve.objects.get()
    assert made["Location"] == f"/reserves/{kept.pk}/"
    page = page_of(client, made["Location"])
    for words in (
        "900.00 USD: a fixed amount",
        "engineering director, within 2 business days",
        REPORT,
        "5\u00a0business days after the approval",
    ):
        assert words in page

    again = client.post(f"/reserves/{kept.pk}/state/", stated(amount="800", starts_on="2026-04"))
    assert again.status_code == 302
    assert kept.terms.count() == 2
    refused = client.post(f"/reserves/{kept.pk}/state/", stated())
    assert (refused.status_code, kept.terms.count()) == (409, 2)
    assert "has a statement from April 2026 on" in refused.content.decode()

    assert client.post(f"/reserves/{kept.pk}/close/", {"reason": ""}).status_code == 422
    assert client.post(f"/reserves/{kept.pk}/close/", {"reason": "No need."}).status_code == 302
    assert "Given up on" in page_of(client, f"/reserves/{kept.pk}/")


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"account": ""}, "Choose the budget line."),
        ({"name": ""}, "Give it a name"),
        ({"code": "Not Plain"}, "Write small letters"),
        ({"basis": "budget"}, "State a share of more than 0"),
        ({"basis": "budget", "share_pct": "twenty"}, "Write the share in digits"),
        ({"basis": "budget", "share_pct": "20"}, "Choose a budget of Acme"),
        ({"basis": "savings", "share_pct": "10"}, "has no projection of that name"),
        ({"amount": "lots"}, "is not an amount"),
        ({"amount": ""}, "State the amount that it should hold"),
        ({"approver": "nobody"}, "Choose one from the list"),
        ({"decides_within": "soon"}, "is no span of time"),
        ({"report_days": "91"}, "less than or equal to 90"),
    ],
)
def test_what_cannot_be_is_said_and_stays(
    client: Client, distro: House, controller: User, more: dict[str, str], sentence: str
) -> None:
    account = line_of_reserve(distro.budget)
    client.force_login(controller)
    said = stated(account=account.pk, name="Emergency reserve", code="emergency") | more
    page = client.post("/reserves/acme/new/", said)
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert page.context["form"]["purpose"].value() == "Unplanned needs"
    assert not Reserve.objects.exists()


def test_who_keeps_no_books_reads_of_it_and_states_nothing(client: Client, distro: House, kept: Reserve, outsider: User) -> None:
    client.force_login(distro.engineer)
    assert "Unplanned infrastructure needs" in page_of(client, f"/reserves/{kept.pk}/")
    assert client.post(f"/reserves/{kept.pk}/state/", stated()).status_code == 403
    assert client.post(f"/reserves/{kept.pk}/close/", {"reason": "No."}).status_code == 403
    client.force_login(outsider)
    assert client.get(f"/reserves/{kept.pk}/").status_code == 404
    assert client.get("/reserves/?entity=acme").status_code == 404
    assert kept.terms.count() == 1


# ---------------------------------------------------------------- drawing


def test_both_lines_and_its_approver_are_shown_then_it_is_asked_once(
    client: Client, distro: House, kept: Reserve, taker: FundsAccount
) -> None:
    client.force_login(distro.engineer)
    url = f"/reserves/{kept.pk}/draw/"
    looked = client.post(url, typed(taker, then="look", reason=""))
    page = looked.content.decode()
    assert looked.status_code == 200
    for words in ("500.00", "380.00", "Engineering director", REPORT):
        assert words in page
    assert not Request.objects.exists()

    done, again = client.post(url, typed(taker)), client.post(url, typed(taker))
    request = Request.objects.get()
    assert done["Location"] == again["Location"] == f"/requests/{request.number}/"
    page = page_of(client, done["Location"])
    for words in ("Emergency reserve: Unplanned infrastructure needs", WRITTEN, "Before and after"):
        assert words in page
    assert "waits for a decision" in page_of(client, "/reserves/?entity=acme&month=2026-03")


@pytest.mark.parametrize(
    ("more", "status", "sentence"),
    [
        ({"taker": ""}, 422, "Choose the line that needs it."),
        ({"taker": "999999"}, 422, "Choose one of the lines listed."),
        ({"month": ""}, 422, "Choose the month in which it is needed."),
        ({"amount": "lots"}, 422, "“lots” is not an amount."),
        ({"amount": "-5"}, 422, ""),
        ({"reason": ""}, 422, "Say why in a sentence"),
        ({"document": ""}, 422, "Write the Emergency spending report, or attach it."),
        ({"month": "2027-05"}, 422, "May 2027 is closed or was never opened"),
        ({"amount": "500.01"}, 409, "has 500.00 left in March 2026"),
    ],
)
def test_what_cannot_be_drawn_is_said_and_stays(
    client: Client, distro: House, kept: Reserve, taker: FundsAccount, more: dict[str, str], status: int, sentence: str
) -> None:
    client.force_login(distro.engineer)
    page = client.post(f"/reserves/{kept.pk}/draw/", typed(taker, **more))
    assert page.status_code == status
    assert sentence in page.content.decode()
    assert page.context["form"]["reason"].value() == more.get("reason", "Prices rose.")
    assert not Request.objects.exists()


def test_the_document_may_be_a_file(client: Client, distro: House, kept: Reserve, taker: FundsAccount) -> None:
    client.force_login(distro.engineer)
    file = SimpleUploadedFile("report.txt", b"Prices rose overnight.")
    client.post(f"/reserves/{kept.pk}/draw/", typed(taker, document="", file=file))
    request = Request.objects.get()
    assert (request.state, request.attachments.count()) == ("submitted", 1)
    assert "report.txt" in page_of(client, "/reserves/?entity=acme&month=2026-03")
    bad = SimpleUploadedFile("report.pdf", b"no pdf at all")
    refused = client.post(f"/reserves/{kept.pk}/draw/", typed(taker, document="", file=bad, form_key=KEY[:-1] + "6"))
    assert (refused.status_code, Request.objects.count()) == (422, 1)


def test_one_that_was_sent_back_is_changed_on_its_page(client: Client, distro: House, kept: Reserve, taker: FundsAccount) -> None:
    request = draw(distro.engineer, kept, taker)
    [stage] = stages_of(request)
    send_back(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Less, please.")
    client.force_login(distro.engineer)
    url = f"/requests/{request.number}/draw/"
    assert url in page_of(client, f"/requests/{request.number}/")
    assert WRITTEN in page_of(client, url)
    client.post(url, typed(taker, amount="80"))
    request.refresh_from_db()
    assert (request.state, request.amount, request.round) == ("submitted", 80, 2)


def test_a_refusal_for_lack_of_funds_leads_to_it(client: Client, distro: House, kept: Reserve, taker: FundsAccount) -> None:
    data = asked(taker, "12300", kind="monthly_cost", monthly_increase="10")
    request = save_draft(actor=distro.engineer, entity=distro.entity, data=data)
    client.force_login(distro.engineer)
    refused = client.post(f"/requests/{request.number}/submit/")
    assert refused.status_code == 409
    page = refused.content.decode()
    assert "Draw on Emergency reserve, which has 500.00 USD left" in page
    link = f"/reserves/{kept.pk}/draw/?taker={taker.pk}&amp;month=2026-03&amp;amount=300.00"
    assert link in page
    form = client.get(link.replace("&amp;", "&")).context["form"]
    assert (form["amount"].value(), form["month"].value(), form["taker"].value()) == ("300.00", "2026-03", str(taker.pk))


def test_its_line_is_not_offered_to_ask_money_from(client: Client, distro: House, kept: Reserve) -> None:
    client.force_login(distro.engineer)
    page = client.get("/requests/new/?kind=monthly_cost").content.decode()
    assert f'value="{distro.account.pk}"' in page
    assert f'value="{kept.account_id}"' not in page


# ---------------------------------------------------------------- the report about a draw


def test_it_is_written_given_back_and_confirmed(client: Client, distro: House, kept: Reserve, taker: FundsAccount) -> None:
    request = approve_all(draw(distro.engineer, kept, taker))
    url = f"/requests/{request.number}/report/"
    client.force_login(distro.engineer)
    assert url in page_of(client, f"/requests/{request.number}/")
    assert "has not written it yet" in page_of(client, url)
    assert client.post(f"{url}write/", {"outcome": ""}).status_code == 422
    assert client.post(f"{url}write/", {"outcome": "It ran for three days."}).status_code == 302
    assert client.post(f"{url}confirm/", {"then": "confirm", "missing": ""}).status_code == 403

    client.force_login(distro.people["engineering_director"])
    assert "Give it back" in page_of(client, url)
    assert client.post(f"{url}confirm/", {"then": "return", "missing": ""}).status_code == 422
    client.post(f"{url}confirm/", {"then": "return", "missing": "What did it cost?"})
    assert DrawReport.objects.get().written_at is None
    write_report(request_id=request.pk, outcome="It cost 120.", actor=distro.engineer)
    client.post(f"{url}confirm/", {"then": "confirm", "missing": ""})
    assert DrawReport.objects.get().confirmed_by == distro.people["engineering_director"]
    assert "confirmed by Engineering director" in page_of(client, url)
    assert "No report is owed." in page_of(client, "/reserves/?entity=acme&month=2026-03")


def test_an_overdue_one_is_shown(client: Client, distro: House, kept: Reserve, taker: FundsAccount) -> None:
    request = approve_all(draw(distro.engineer, kept, taker))
    client.force_login(distro.engineer)
    with clock.at(MONDAY + timedelta(days=10)):
        page = page_of(client, "/reserves/?entity=acme&month=2026-03")
        assert "overdue" in page
        assert request.number in page
        assert "overdue" in page_of(client, f"/requests/{request.number}/report/")


def test_a_request_that_is_no_draw_owes_none(client: Client, distro: House, kept: Reserve, taker: FundsAccount) -> None:
    request = draw(distro.engineer, kept, taker)
    client.force_login(distro.engineer)
    assert client.get(f"/requests/{request.number}/report/").status_code == 404


# ---------------------------------------------------------------- the report of all


def test_the_report_is_taken_along_as_csv(client: Client, distro: House, kept: Reserve, taker: FundsAccount) -> None:
    request = approve_all(draw(distro.engineer, kept, taker))
    client.force_login(distro.engineer)
    answer = client.get("/reserves/report.csv?entity=acme&month=2026-03")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert answer["Content-Disposition"] == 'attachment; filename="reserves-acme-2026-03.csv"'
    held = {name: rows[0][name] for name in ("target", "held_at_start", "added", "drawn", "given_back", "left", "against_target")}
    assert list(held.values()) == ["500.00", "0.00", "500.00", "120.00", "0.00", "380.00", "-120.00"]
    told = {name: rows[1][name] for name in ("record", "request", "drawn", "approved_by", "document", "report")}
    assert told == {
        "record": "draw",
        "request": request.number,
        "drawn": "120.00",
        "approved_by": "Engineering director",
        "document": "written",
        "report": "owed",
    }


def test_another_parts_draws_are_sums_without_names(client: Client, distro: House, kept: Reserve, taker: FundsAccount) -> None:
    request = approve_all(draw(distro.engineer, kept, taker))
    person = UserFactory.create(name="Product engineer")
    assign(person, "engineer", distro.entity, cost_centre=distro.budget.cost_centres["PRODUCT"])
    client.force_login(person)
    for url in (
        "/reserves/?entity=acme&month=2026-03",
        f"/reserves/{kept.pk}/",
        "/reserves/report.csv?entity=acme&month=2026-03",
    ):
        page = page_of(client, url)
        assert "120.00" in page
        assert request.number not in page
        assert taker.name not in page


@pytest.mark.parametrize("month", ["2026-13", "soon", "0001-01", "9999-01"])
def test_a_month_that_is_none_is_refused(client: Client, distro: House, kept: Reserve, month: str) -> None:
    client.force_login(distro.engineer)
    assert client.get(f"/reserves/?entity=acme&month={month}").status_code == 400


def test_without_reserves_it_says_what_to_do(client: Client, distro: House, controller: User) -> None:
    client.force_login(controller)
    assert "keeps no reserve in March 2026" in page_of(client, "/reserves/")


# ---------------------------------------------------------------- for programs


def test_programs_make_draw_report_and_give_up(
    api: Callable[..., Any], distro: House, controller: User, taker: FundsAccount
) -> None:
    account = line_of_reserve(distro.budget)
    said = {
        "account": account.pk,
        "code": "emergency",
        "name": "Emergency reserve",
        "starts_on": "2026-01",
        "purpose": "Unplanned needs",
        "basis": "budget",
        "share_pct": "20",
        "budget": "SMALL",
        "approver": "engineering_director",
        "document": REPORT,
        "report_days": 5,
    }
    finance, engineer, director = api(controller), api(distro.engineer), api(distro.people["engineering_director"])
    assert finance.post("reserves?dry_run=true", said).status_code in {200, 201}
    assert not Reserve.objects.exists()
    made = finance.post("reserves", said)
    assert made.status_code == 201, made.content
    number = made.json()["id"]
    assert made.json()["terms"][0]["share_pct"] == "20"
    assert engineer.get("reserves").json()["results"][0]["code"] == "emergency"
    assert engineer.post("reserves", said | {"code": "x"}).status_code == 403

    body = {
        "account": taker.pk,
        "months": [{"month": "2026-03", "amount": "120.00"}],
        "reason": "Prices rose.",
        "document": WRITTEN,
    }
    asked_for = engineer.post(f"reserves/{number}/draw", body)
    assert asked_for.status_code == 201, asked_for.content
    draws = f"reserve-draws/{asked_for.json()['request']}"
    assert engineer.get(draws).json()["report"] is None
    assert engineer.post(f"{draws}/report", {"outcome": "Done."}).status_code == 404
    approve_all(Request.objects.get())

    report = engineer.get(f"reserves/{number}/report?month=2026-03").json()
    assert (report["added"], report["drawn"], report["left"], report["target"]) == ("500.00", "120.00", "380.00", None)
    assert report["draws"][0] | {"report_due_at": ""} == {
        "request": asked_for.json()["request"],
        "line": taker.name,
        "amount": "120.00",
        "is_waiting": False,
        "approved_by": ["Engineering director"],
        "document": "written",
        "report": "owed",
        "report_due_at": "",
    }
    assert engineer.post(f"{draws}/report", {"outcome": "Done."}).json()["report"]["state"] == "written"
    assert director.post(f"{draws}/give-back", {"missing": "What did it cost?"}).json()["report"]["state"] == "owed"
    assert engineer.post(f"{draws}/report", {"outcome": "Done, for 120."}).status_code == 200
    assert engineer.post(f"{draws}/confirm").status_code == 403
    assert director.post(f"{draws}/confirm").json()["report"]["state"] == "confirmed"

    anew = {name: said[name] for name in said if name not in {"account", "code", "name"}} | {"starts_on": "2026-03"}
    assert [each["number"] for each in finance.post(f"reserves/{number}/state", anew).json()["terms"]] == [2, 1]
    assert finance.post(f"reserves/{number}/state", anew | {"budget": "NONE"}).status_code == 400
    assert finance.post(f"reserves/{number}/close", {"reason": "No need."}).json()["closed_because"] == "No need."
    assert finance.post(f"reserves/{number}/close", {"reason": "No need."}).status_code == 409
