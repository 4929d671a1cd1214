"""The request form: what it offers, what it keeps, what it refuses and how it says so."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from approvals.models import Request
from approvals.services.requests import submit_request
from budgets.models import Vendor
from budgets.services.accounts import ensure_account
from budgets.services.periods import close_period
from core.models import User
from tests.factories.approvals import MARCH, everything, held, submitted
from tests.factories.budgets import BudgetFactory, CategoryFactory, CostCentreFactory
from tests.factories.core import UserFactory, assign
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def typed(house: House, **more: Any) -> dict[str, Any]:
    """Return what a person types for one line of 1,200.00."""
    fields = {
        "title": "Licences for the platform",
        "kind": "vendor_payment",
        "vendor": "",
        "needed_by": "",
        "reason": "The old ones end in March",
        "line-0-description": "Licences",
        "line-0-account": str(house.account.pk),
        "line-0-month": "2026-03",
        "line-0-net": "1,200.00",
        "line-0-vat": "",
        "line-0-recoverable": "",
        "then": "submit",
    }
    return fields | {name.replace("line_0_", "line-0-"): value for name, value in more.items()}


def engineer(client: Client, house: House) -> Client:
    client.force_login(house.engineer)
    return client


def error_of(html: str, field: str) -> str:
    """Return the error that stands beside a field."""
    found = re.search(rf'id="id_{field}_error">.*?<span>(.*?)</span>', html, re.DOTALL)
    return found[1] if found else ""


def test_the_form_offers_the_persons_budget_lines_under_budget_and_cost_centre(client: Client, kafka: House) -> None:
    html = engineer(client, kafka).get("/requests/new/").content.decode()
    assert 'optgroup label="Small budget · PLATFORM Platform"' in html
    assert f'value="{kafka.account.pk}"' in html
    assert "Vendor payment" in html
    assert '<option value="Acme Cloud">' in html
    assert '<option value="2026-03" selected>Mar 2026</option>' in html


def test_submitting_holds_the_money_and_leads_to_the_request(client: Client, kafka: House) -> None:
    answer = engineer(client, kafka).post("/requests/new/", typed(kafka, line_0_vat="240", line_0_recoverable="200"))
    request = Request.objects.get()
    assert answer.headers["Location"] == f"/requests/{request.number}/"
    assert request.state == "submitted"
    assert held(kafka.account)[0] == request.amount == 1240


def test_keep_as_draft_holds_nothing(client: Client, kafka: House) -> None:
    engineer(client, kafka).post("/requests/new/", typed(kafka, then="draft"))
    assert Request.objects.get().state == "draft"
    assert held(kafka.account)[0] == 0


def test_a_new_vendors_name_goes_through_the_service_and_an_old_one_is_found(client: Client, kafka: House) -> None:
    page = engineer(client, kafka)
    page.post("/requests/new/", typed(kafka, vendor="ACME  cloud", then="draft"))
    page.post("/requests/new/", typed(kafka, vendor="Brand New Ltd", then="draft"))
    names = set(Request.objects.values_list("vendor__name", flat=True))
    assert names == {"Acme Cloud", "Brand New Ltd"}
    assert Vendor.objects.filter(entity=kafka.entity).count() == 2


REFUSED = (
    ("title", "", "Say in a few words"),
    ("title", "x" * 2_097_152, "Shorten this to 200 characters; it has 2097152"),
    ("reason", "x" * 2_097_152, "Shorten this to 2,000 characters"),
    ("kind", "", "Choose the kind"),
    ("kind", "bribe", "Choose one of the kinds"),
    ("needed_by", "soon", "Enter a date such as 2026-11-20"),
    ("line-0-account", "", "Choose the budget line"),
    ("line-0-account", "999999999", "Choose one of your budget lines"),
    ("line-0-month", "", "Choose the month"),
    ("line-0-month", "2026-13", "Choose a month such as"),
    ("line-0-month", "2031-01", "Jan 2031 is closed or was never opened"),
    ("line-0-net", "", "Enter the amount"),
    ("line-0-net", "NaN", "is not an amount"),
    ("line-0-net", "1e400", "is not an amount"),
    ("line-0-net", "Infinity", "is not an amount"),
    ("line-0-net", "-5", "The amount is negative"),
    ("line-0-net", "0", "The amount is zero"),
    ("line-0-net", "1.005", "has more decimals than USD has"),
    ("line-0-net", "9" * 30, "The amount is too large"),
    ("line-0-net", "100 EUR", "kept in USD, not EUR"),
    ("line-0-net", "€100", "kept in USD, not EUR"),
    ("line-0-vat", "-1", "The amount is negative"),
    ("line-0-recoverable", "5", "Enter at most 0.00"),
    ("line-0-description", "", "Say what this line pays for"),
)


def test_what_cannot_be_asked_is_said_beside_its_field_and_nothing_moves(client: Client, kafka: House) -> None:
    page, before = engineer(client, kafka), everything()
    for field, value, says in REFUSED:
        answer = page.post("/requests/new/", typed(kafka) | {field: value})
        html = answer.content.decode()
        assert answer.status_code == 422, (field, value[:20])
        assert says in error_of(html, field), (field, value[:20])
        assert 'value="Licences for the platform"' in html or field == "title"
    assert everything() == before


def test_what_was_typed_stays_when_it_is_refused(client: Client, kafka: House) -> None:
    html = engineer(client, kafka).post("/requests/new/", typed(kafka, line_0_net="NaN", vendor="Brand <New>")).content.decode()
    assert 'value="NaN"' in html
    assert "Brand &lt;New&gt;" in html
    assert "The old ones end in March" in html


def test_a_month_that_closed_is_refused_by_name(client: Client, kafka: House, controller: User) -> None:
    close_period(entity=kafka.entity, month=MARCH, actor=controller)
    html = engineer(client, kafka).post("/requests/new/", typed(kafka)).content.decode()
    assert "Mar 2026 is closed or was never opened. Choose an open month" in error_of(html, "line-0-month")


def test_an_unprintable_character_is_refused(client: Client, kafka: House) -> None:
    answer = engineer(client, kafka).post("/requests/new/", typed(kafka, reason="a\x00b"))
    assert answer.status_code == 422
    assert "Remove the unprintable characters" in answer.content.decode()


def test_money_that_is_not_there_is_refused_with_figures_and_ways_out_and_kept_as_a_draft(client: Client, kafka: House) -> None:
    other = kafka.budget.accounts["PRODUCT", "training"]
    earlier = submitted(kafka.engineer, other, "1500")
    answer = engineer(client, kafka).post("/requests/new/", typed(kafka, line_0_account=str(other.pk), line_0_net="11000"))
    html = answer.content.decode()
    assert answer.status_code == 409
    for words in ("Where it stopped", "Training, Product", "12,000.00", "1,500.00", "10,500.00", "11,000.00", earlier.number):
        assert words in html
    assert "Ask for at most 10,500.00 USD here." in html
    draft = Request.objects.exclude(pk=earlier.pk).get()
    assert draft.state == "draft"
    assert f'name="draft" value="{draft.number}"' in html
    assert held(other)[0] == 1500


def test_the_same_form_sent_again_changes_the_draft_it_was_kept_as(client: Client, kafka: House) -> None:
    page = engineer(client, kafka)
    page.post("/requests/new/", typed(kafka, then="draft"))
    draft = Request.objects.get()
    page.post("/requests/new/", typed(kafka, draft=draft.number, title="Another title"))
    draft.refresh_from_db()
    assert (Request.objects.count(), draft.title, draft.state) == (1, "Another title", "submitted")


def test_lines_are_added_and_removed_without_scripts_and_keep_their_text(client: Client, kafka: House) -> None:
    page = engineer(client, kafka)
    more = page.post("/requests/new/", typed(kafka, add="line", line_0_net="half typed")).content.decode()
    assert 'name="line-1-net"' in more
    assert 'value="half typed"' in more
    assert "is not an amount" not in more
    two = typed(kafka, remove="0") | {"line-1-description": "Second", "line-1-net": "7"}
    less = page.post("/requests/new/", two).content.decode()
    assert 'value="Second"' in less
    assert 'name="line-1-net"' not in less
    assert Request.objects.count() == 0


def test_empty_lines_fall_away(client: Client, kafka: House) -> None:
    two = typed(kafka) | {"line-1-description": "", "line-1-account": "", "line-1-month": "2026-03", "line-1-net": ""}
    engineer(client, kafka).post("/requests/new/", two)
    assert Request.objects.get().lines.count() == 1


def test_a_request_of_too_many_lines_is_refused_whole(client: Client, kafka: House) -> None:
    many = typed(kafka)
    for number in range(1, 60):
        many |= {f"line-{number}-{name}": many[f"line-0-{name}"] for name in ("description", "account", "month", "net")}
    answer = engineer(client, kafka).post("/requests/new/", many)
    assert answer.status_code == 422
    assert "at most 50 lines" in answer.content.decode()
    assert 'name="line-59-net"' in answer.content.decode()


def test_lines_in_two_currencies_are_asked_for_apart(client: Client, kafka: House) -> None:
    centre = CostCentreFactory.create(entity=kafka.entity)
    abroad = BudgetFactory.create(entity=kafka.entity, currency="EUR", cost_centre=centre)
    account = ensure_account(budget=abroad, cost_centre=centre, category=CategoryFactory.create(entity=kafka.entity))
    second = {"description": "x", "account": str(account.pk), "month": "2026-03", "net": "5"}
    two = typed(kafka) | {f"line-1-{name}": value for name, value in second.items()}
    answer = engineer(client, kafka).post("/requests/new/", two)
    assert answer.status_code == 422
    assert "The lines are in EUR and USD" in answer.content.decode()


def test_a_quote_is_attached_and_one_that_is_not_what_its_name_says_is_refused(client: Client, kafka: House) -> None:
    page = engineer(client, kafka)
    page.post("/requests/new/", typed(kafka, quote=SimpleUploadedFile("quote.pdf", PDF), then="draft"))
    draft = Request.objects.get()
    kept = draft.attachments.get()
    assert kept.name == "quote.pdf"
    html = page.post(f"/requests/{draft.number}/edit/", typed(kafka, detach=str(kept.pk), title="Half typed")).content.decode()
    assert draft.attachments.count() == 0
    assert 'value="Half typed"' in html
    answer = page.post("/requests/new/", typed(kafka, quote=SimpleUploadedFile("quote.pdf", b"MZ\x90 not a pdf")))
    assert answer.status_code == 422
    assert "not what its name says" in error_of(answer.content.decode(), "quote")
    assert not Request.objects.filter(state="submitted").exists()


def test_while_one_types_it_says_what_is_left_now_and_after(client: Client, kafka: House) -> None:
    training = kafka.budget.accounts["PRODUCT", "training"]
    submitted(kafka.engineer, training, "1500")
    html = (
        engineer(client, kafka)
        .post("/requests/remains/", typed(kafka, line_0_account=str(training.pk), line_0_net="500"))
        .content.decode()
    )
    assert "10,500.00 left now" in html
    assert "10,000.00 after this" in html
    assert "Submit and hold 500.00" in html
    assert "Small budget" in html
    short = client.post("/requests/remains/", typed(kafka, line_0_account=str(training.pk), line_0_net="11000")).content.decode()
    assert "short by 500.00" in short


def test_while_one_types_half_a_form_is_no_error(client: Client, kafka: House) -> None:
    for answer in (
        engineer(client, kafka).post("/requests/remains/", {}),
        client.post("/requests/remains/", typed(kafka, line_0_net="1e400", title="")),
        client.post("/requests/chain/", {"kind": "vendor_payment"}),
        client.post("/requests/chain/", typed(kafka, line_0_net="")),
    ):
        assert answer.status_code == 200


def test_before_submitting_it_says_who_decides_why_and_by_when(client: Client, kafka: House) -> None:
    html = engineer(client, kafka).post("/requests/chain/", typed(kafka, kind="infrastructure")).content.decode()
    assert html.index("Tech lead") < html.index("Finance")
    assert "Backup: Program director" in html
    assert "Thu 5 Mar, 10:00" in html
    assert "Infrastructure below 10,000" in html


def test_before_submitting_a_gap_in_the_policy_says_whom_to_ask(client: Client, kafka: House) -> None:
    html = engineer(client, kafka).post("/requests/chain/", typed(kafka, kind="team_expense", line_0_net="6000")).content.decode()
    assert "No rule says who decides" in html
    assert "Ask the program director" in html


def test_a_possible_double_is_named_and_a_strangers_request_is_not(client: Client, kafka: House) -> None:
    own = submitted(kafka.engineer, kafka.account, "1200", vendor_name="Acme Cloud")
    page = engineer(client, kafka)
    html = page.post("/requests/remains/", typed(kafka, vendor="acme cloud", line_0_net="1150")).content.decode()
    assert own.number in html
    assert "Same vendor and month, nearly the same amount." in html
    far = page.post("/requests/remains/", typed(kafka, vendor="acme cloud", line_0_net="900")).content.decode()
    assert own.number not in far
    stranger = UserFactory.create()
    assign(stranger, "engineer", kafka.entity, kind="requester", cost_centre=kafka.budget.cost_centres["PLATFORM"])
    training = kafka.budget.accounts["PRODUCT", "training"]
    client.force_login(stranger)
    html = client.post("/requests/remains/", typed(kafka)).content.decode()
    assert own.number in html
    hidden = submitted(kafka.engineer, training, "5", vendor_name="Acme Cloud")
    assert (
        hidden.number not in client.post("/requests/remains/", typed(kafka, vendor="Acme Cloud", line_0_net="5")).content.decode()
    )


def test_the_draft_is_kept_by_itself_once_it_is_whole(client: Client, kafka: House) -> None:
    page = engineer(client, kafka)
    assert page.post("/requests/autosave/", typed(kafka, line_0_net="")).status_code == 204
    answer = page.post("/requests/autosave/", typed(kafka))
    draft = Request.objects.get()
    assert draft.state == "draft"
    assert f'value="{draft.number}"' in answer.content.decode()
    page.post("/requests/autosave/", typed(kafka, draft=draft.number, line_0_net="1300"))
    assert [request.amount for request in Request.objects.all()] == [1300]
    submit_request(request_id=draft.pk, actor=kafka.engineer)
    assert page.post("/requests/autosave/", typed(kafka, draft=draft.number)).status_code == 204


def test_only_its_requester_edits_and_only_while_it_may_change(client: Client, kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    assert engineer(client, kafka).get(f"/requests/{request.number}/edit/").status_code == 409
    client.force_login(kafka.people["program_director"])
    assert client.get(f"/requests/{request.number}/edit/").status_code == 409
    assert client.post("/requests/new/", typed(kafka, draft=request.number)).status_code == 409


def test_an_auditor_does_not_ask_for_money(client: Client, kafka: House, auditor: User) -> None:
    client.force_login(auditor)
    for path in ("/requests/new/", "/requests/remains/", "/requests/chain/", "/requests/lines/", "/requests/autosave/"):
        assert client.post(path, typed(kafka)).status_code == 403
    assert Request.objects.count() == 0
