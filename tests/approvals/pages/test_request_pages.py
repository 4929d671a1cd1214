"""The list of requests and a request's own page: who sees what, where the money stands, what can be done."""

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from approvals.models import Request
from approvals.services.attachments import attach
from approvals.services.decisions import reject_stage, send_back
from budgets.services.periods import close_period
from core.models import User
from tests.factories.approvals import MARCH, approve_all, at, draft, everything, held, line, stages_of, submitted
from tests.factories.core import UserFactory, assign
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def shown(client: Client, user: User, path: str, status: int = 200) -> str:
    client.force_login(user)
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def figures(html: str, label: str) -> list[str]:
    return re.findall(rf'data-label="{label}"[^>]*>(?:<span>)?([\d.,]+)', html)


def answered(verdict: Any, request: Request, comment: str) -> None:
    stage = stages_of(request)[0]
    verdict(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment=comment)


def test_the_list_says_who_holds_what_and_since_when(client: Client, kafka: House) -> None:
    submitted(kafka.engineer, kafka.account, title="Waiting one")
    draft(kafka.engineer, kafka.account, title="Draft one")
    html = shown(client, kafka.engineer, "/requests/")
    assert "Waiting one" in html
    assert re.search(r'data-label="Who holds it">Program director<', html)
    assert re.search(r'data-label="Who holds it">Engineer<', html)
    assert "Today, 10:00" in html


def test_an_escalated_request_is_held_by_both(client: Client, kafka: House) -> None:
    from approvals.services.timers import fire_due

    submitted(kafka.engineer, kafka.account)
    with at(2026, 3, 6, 12, 0):
        fire_due(limit=10)
        html = shown(client, kafka.engineer, "/requests/")
    assert "Program director, Executive sponsor" in html


def test_an_empty_list_says_what_comes_next(client: Client, kafka: House, auditor: User) -> None:
    assert "Your requests appear here" in shown(client, kafka.engineer, "/requests/")
    assert "Requests of your scope appear here" in shown(client, auditor, "/requests/")
    assert "No request matches" in shown(client, kafka.engineer, "/requests/?q=nothing")


def test_the_list_narrows_by_words_state_kind_and_month(client: Client, kafka: House) -> None:
    submitted(kafka.engineer, kafka.account, title="Disks")
    approve_all(submitted(kafka.engineer, kafka.account, title="Seats", kind="scope_change"))
    for query, there, gone in (
        ("q=disk", "Disks", "Seats"),
        ("state=approved", "Seats", "Disks"),
        ("kind=scope_change", "Seats", "Disks"),
    ):
        html = shown(client, kafka.engineer, f"/requests/?{query}")
        assert there in html
        assert gone not in html
    assert "Disks" in shown(client, kafka.engineer, "/requests/?month=2026-03")
    assert "No request matches" in shown(client, kafka.engineer, "/requests/?month=2026-04")
    for bad in ("month=never", "state=lost", "page=999", "page=x", "q=%00"):
        shown(client, kafka.engineer, f"/requests/?{bad}")


def test_fifty_to_a_page_and_a_fixed_number_of_queries(
    client: Client, kafka: House, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(52):
        draft(kafka.engineer, kafka.account, title=f"Draft {number:02}")
    html = shown(client, kafka.engineer, "/requests/")
    assert "1 to 50 of 52" in html
    assert "page=2" in html
    with django_assert_max_num_queries(14):
        client.get("/requests/")


def test_the_page_shows_where_the_money_of_each_line_stands(client: Client, kafka: House) -> None:
    lines = [line(kafka.account, "100", vat="20", recoverable="15"), line(kafka.account, "50", description="Second")]
    request = submitted(kafka.engineer, kafka.account, lines=lines)
    html = shown(client, kafka.engineer, f"/requests/{request.number}/")
    assert figures(html, "Reserved") == ["105.00", "50.00", "155.00"]
    assert "VAT 20.00, of which 15.00 comes back" in html
    approve_all(request)
    html = shown(client, kafka.engineer, f"/requests/{request.number}/")
    assert figures(html, "Reserved") == ["0.00", "0.00", "0.00"]
    assert figures(html, "Committed") == ["105.00", "50.00", "155.00"]


def test_the_page_tells_who_decides_why_and_what_happened(client: Client, kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, kind="infrastructure")
    answered(reject_stage, request, "Not <now>")
    html = shown(client, kafka.engineer, f"/requests/{request.number}/")
    for words in (
        "Tech lead",
        "Finance",
        "backup Program director",
        "Rejected by Tech lead",
        "Not &lt;now&gt;",
    ):
        assert words in html, words
    assert "Infrastructure below 10,000" in html
    assert "The other 12\u00a0rules" in html
    assert "Kafka Migration approvals" in html


def test_actions_follow_the_state_and_the_person(client: Client, kafka: House, auditor: User) -> None:
    request = draft(kafka.engineer, kafka.account)
    page = f"/requests/{request.number}/"
    html = shown(client, kafka.engineer, page)
    assert "Submit and hold 1,200.00" in html
    assert f"{page}edit/" in html
    client.post(f"{page}submit/")
    html = shown(client, kafka.engineer, page)
    assert f"{page}withdraw/" in html
    assert f"{page}edit/" not in html
    assert "Decide as Program director" in shown(client, kafka.people["program_director"], page)
    reading = shown(client, auditor, page)
    assert f"{page}withdraw/" not in reading
    assert "Decide as" not in reading


def test_withdrawing_frees_the_money_and_only_its_requester_may(client: Client, kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    client.force_login(kafka.people["program_director"])
    before = everything()
    assert client.post(f"/requests/{request.number}/withdraw/").status_code == 403
    assert everything() == before
    client.force_login(kafka.engineer)
    client.post(f"/requests/{request.number}/withdraw/")
    assert held(kafka.account)[0] == 0
    assert client.post(f"/requests/{request.number}/withdraw/").status_code == 409


def test_submitting_from_the_page_without_funds_shows_the_ways_out(client: Client, kafka: House) -> None:
    request = draft(kafka.engineer, kafka.budget.accounts["PRODUCT", "training"], "12500")
    client.force_login(kafka.engineer)
    answer = client.post(f"/requests/{request.number}/submit/")
    assert answer.status_code == 409
    assert "Ask for at most 12,000.00 USD here." in answer.content.decode()


def test_a_refused_request_is_copied_as_new(client: Client, kafka: House, controller: User) -> None:
    request = submitted(kafka.engineer, kafka.account)
    answered(reject_stage, request, "No")
    client.force_login(kafka.engineer)
    answer = client.post(f"/requests/{request.number}/copy/")
    made = Request.objects.exclude(pk=request.pk).get()
    assert answer.headers["Location"] == f"/requests/{made.number}/edit/"
    close_period(entity=kafka.entity, month=MARCH, actor=controller)
    html = client.get(f"/requests/{made.number}/edit/").content.decode()
    assert 'value="1,200.00"' in html
    assert 'value="2026-03"' not in html


def test_a_request_sent_back_says_what_to_change_where_it_is_changed(client: Client, kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    answered(send_back, request, "Add the quote")
    assert "Add the quote" in shown(client, kafka.engineer, f"/requests/{request.number}/edit/")


def test_attachments_come_as_downloads_that_no_browser_runs(client: Client, kafka: House, outsider: User) -> None:
    request = draft(kafka.engineer, kafka.account)
    kept = attach(request_id=request.pk, actor=kafka.engineer, name="quote.pdf", content=PDF)
    path = f"/requests/{request.number}/attachments/{kept.pk}/"
    client.force_login(kafka.engineer)
    answer = client.get(path)
    assert b"".join(answer.streaming_content) == PDF  # type: ignore[attr-defined]
    assert answer.headers["Content-Disposition"] == 'attachment; filename="quote.pdf"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert client.get(f"/requests/{request.number}/attachments/999999/").status_code == 404
    client.force_login(outsider)
    assert client.get(path).status_code == 404


def test_an_outsider_finds_no_request_by_any_door(client: Client, kafka: House, outsider: User) -> None:
    request = submitted(kafka.engineer, kafka.account, title="Secret plan")
    client.force_login(outsider)
    for door in ("", "edit/", "attachments/1/"):
        assert client.get(f"/requests/{request.number}/{door}").status_code == 404
    for door in ("edit/", "submit/", "withdraw/", "copy/"):
        assert client.post(f"/requests/{request.number}/{door}").status_code == 404
    assert "Secret plan" not in client.get("/requests/?whose=scope&q=Secret").content.decode()


def test_a_draft_is_its_requesters_alone(client: Client, kafka: House, auditor: User) -> None:
    request = draft(kafka.engineer, kafka.account)
    shown(client, auditor, f"/requests/{request.number}/", status=404)
    shown(client, kafka.people["program_director"], f"/requests/{request.number}/", status=404)


def test_scope_is_a_subtree(client: Client, kafka: House) -> None:
    there = submitted(kafka.engineer, kafka.budget.accounts["PRODUCT", "training"], title="Product's")
    person = UserFactory.create()
    assign(person, "team_lead", kafka.entity, cost_centre=kafka.budget.cost_centres["PLATFORM"])
    shown(client, person, f"/requests/{there.number}/", status=404)
    assert "Product&#x27;s" not in shown(client, person, "/requests/?whose=scope")


def test_who_is_not_signed_in_is_asked_to(client: Client, kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    for path in ("/queue/", "/requests/", "/requests/new/", f"/requests/{request.number}/"):
        assert client.get(path).status_code == 302
