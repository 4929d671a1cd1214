"""Asking for a contract, people and travel on the page, and what whoever decides sees of it."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from approvals.models import Request, Stage
from core import clock
from tests.factories.approvals import MONDAY, everything, held, stages_of
from tests.factories.kinds import PDF, draft_of_kind, submitted_of_kind
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
ABOUT = {
    "contract": {"from_on": "2026-03-01", "until_on": "2026-05-31", "notice_days": "30", "total_value": "1,200.00"},
    "resource_change": {"role": "Data engineer", "heads": "2", "from_on": "2026-03-09", "until_on": "", "monthly_cost": "200"},
    "travel": {"traveller": "The engineer", "destination": "Lisbon", "from_on": "2026-03-16", "until_on": "2026-03-18"},
}


def typed(house: House, kind: str, **more: Any) -> dict[str, Any]:
    """Return what a person types for one line of 400.00."""
    fields = {
        "title": f"A {kind}",
        "kind": kind,
        "vendor": "Acme Cloud",
        "needed_by": "",
        "reason": "It is needed.",
        "line-0-description": "What it is",
        "line-0-account": str(house.account.pk),
        "line-0-month": "2026-03",
        "line-0-net": "400.00",
        "line-0-vat": "",
        "line-0-recoverable": "",
        "then": "submit",
    }
    return fields | {f"about-{name}": value for name, value in ABOUT[kind].items()} | more


@pytest.fixture
def engineer(client: Client, kafka: House) -> Client:
    client.force_login(kafka.engineer)
    return client


def error_of(html: str, field: str) -> str:
    found = re.search(rf'id="id_{field}_error">.*?<span>(.*?)</span>', html, re.DOTALL)
    return found[1] if found else ""


@pytest.mark.parametrize("kind", ABOUT)
def test_a_kind_is_asked_for_on_the_form_and_goes_to_its_deciders(engineer: Client, kafka: House, kind: str) -> None:
    answer = engineer.post("/requests/new/", typed(kafka, kind, quote=SimpleUploadedFile("contract.pdf", PDF)))

    request = Request.objects.get()
    assert answer.headers["Location"] == f"/requests/{request.number}/"
    assert request.state == Request.State.SUBMITTED
    assert held(kafka.account)[0] == 400
    shown = engineer.get(f"/requests/{request.number}/").content.decode()
    for word in {"contract": ("1 Mar 2026 to 31 May 2026", "30 days, by 1 May 2026", "1,200.00 USD, without VAT"),
                 "resource_change": ("2 × Data engineer", "9 Mar 2026 to further notice", "200.00 USD each, 400.00 together"),
                 "travel": ("Lisbon", "16 Mar 2026 to 18 Mar 2026")}[kind]:  # fmt: skip
        assert word in shown


@pytest.mark.parametrize("kind", ABOUT)
def test_the_form_says_what_a_kind_needs_before_anything_is_submitted(engineer: Client, kafka: House, kind: str) -> None:
    html = engineer.get(f"/requests/new/?kind={kind}").content.decode()
    swapped = engineer.post("/requests/about/", typed(kafka, kind)).content.decode()

    for name in ABOUT[kind]:
        assert f'name="about-{name}"' in html
        assert f'name="about-{name}"' in swapped
    assert {"contract": "attach the contract", "resource_change": "what one costs", "travel": "before the first day"}[
        kind
    ] in html
    assert "about-" not in engineer.get("/requests/new/").content.decode()


@pytest.mark.parametrize(
    ("kind", "field", "value", "says"),
    [
        ("contract", "about-until_on", "2026-02-01", "The last day is before the first"),
        ("contract", "about-total_value", "399", "The lines come to 400.00"),
        ("contract", "about-notice_days", "", "State the notice"),
        ("contract", "about-notice_days", "1e9", "a whole number"),
        ("resource_change", "about-heads", "-1", "a whole number"),
        ("resource_change", "about-monthly_cost", "NaN", "is not an amount"),
        ("resource_change", "about-role", "x" * 2_000_000, "Shorten this to 200"),
        ("travel", "about-from_on", "soon", "Enter a date"),
        ("travel", "about-destination", "", "where the trip goes"),
    ],
)
def test_what_a_kind_does_not_take_is_said_beside_its_field_and_nothing_is_lost(
    engineer: Client, kafka: House, kind: str, field: str, value: str, says: str
) -> None:
    before = everything()
    answer = engineer.post("/requests/new/", typed(kafka, kind) | {field: value})

    html = answer.content.decode()
    assert answer.status_code == 422
    assert says in error_of(html, field)
    assert everything() == before
    for name, kept in (typed(kafka, kind) | {field: value}).items():
        if name.startswith("about-") and name != field and kept:
            assert re.search(rf'name="{name}"[^>]*value="{re.escape(kept)}"|value="{re.escape(kept)}"[^>]*name="{name}"', html)


def test_a_contract_without_its_document_stays_a_draft_and_says_where(engineer: Client, kafka: House) -> None:
    answer = engineer.post("/requests/new/", typed(kafka, "contract"))

    assert answer.status_code == 400
    assert "Attach the contract." in error_of(answer.content.decode(), "quote")
    assert Request.objects.get().state == Request.State.DRAFT


def test_a_draft_of_a_kind_is_kept_while_one_types_and_comes_back(engineer: Client, kafka: House) -> None:
    assert engineer.post("/requests/autosave/", typed(kafka, "travel")).status_code == 200

    html = engineer.get(f"/requests/{Request.objects.get().number}/edit/").content.decode()
    assert 'value="Lisbon"' in html
    assert 'value="2026-03-16"' in html


def test_the_chain_is_said_before_the_kind_is_stated_in_full(engineer: Client, kafka: House) -> None:
    html = engineer.post("/requests/chain/", typed(kafka, "contract") | {"about-until_on": ""}).content.decode()

    assert "Legal" in html
    assert "Finance" in html


def test_lines_are_repeated_in_each_month_of_the_term(engineer: Client, kafka: House) -> None:
    html = engineer.post("/requests/lines/", typed(kafka, "contract") | {"spread": "months"}).content.decode()
    again = engineer.post("/requests/new/", typed(kafka, "resource_change") | {"spread": "months", "line-0-net": ""})

    assert [re.search(rf'id="id_line-{n}-month".*?value="(2026-\d\d)" selected', html, re.DOTALL)[1] for n in range(3)] == [  # type: ignore[index]
        "2026-03", "2026-04", "2026-05",
    ]  # fmt: skip
    assert "line-3-month" not in html
    assert again.content.decode().count('value="400.00"') == 10


def test_a_trip_that_has_begun_is_asked_for_only_by_who_says_so(engineer: Client, kafka: House) -> None:
    with clock.at(MONDAY.replace(day=17)):
        refused = engineer.post("/requests/new/", typed(kafka, "travel"))
        number = Request.objects.get().number
        said = typed(kafka, "travel") | {"about-after_the_fact": "on", "draft": number}
        taken = engineer.post(f"/requests/{number}/edit/", said)
        shown = engineer.get(f"/requests/{number}/").content.decode()

    assert refused.status_code == 400
    assert "travel is approved in advance" in refused.content.decode()
    assert "Say that you ask after the fact" in error_of(refused.content.decode(), "about-after_the_fact")
    assert taken.status_code == 302
    assert "Asked after the fact" in shown


def test_queue_and_panel_say_what_it_is_about_and_that_it_comes_late(client: Client, kafka: House) -> None:
    with clock.at(MONDAY.replace(day=17)):
        request = submitted_of_kind("travel", kafka.engineer, kafka.account, after_the_fact=True)
        stage = stages_of(request)[0]
        client.force_login(stage.owner)
        queue = client.get("/queue/").content.decode()
        panel = client.get(f"/queue/{stage.pk}/").content.decode()
        listed = client.get("/requests/?whose=scope").content.decode()
        told = client.get(f"/api/v1/queue/{stage.pk}").json()

    assert "The engineer to Lisbon, from 16 Mar 2026" in queue
    assert "Asked after the fact" in queue
    assert "Asked after the fact" in listed
    assert panel.count("Asked after the fact") == 2
    assert "16 Mar 2026 to 18 Mar 2026" in panel
    assert (told["about"], told["marks"]) == ("The engineer to Lisbon, from 16 Mar 2026", ["Asked after the fact"])


def test_a_program_asks_for_a_kind_and_reads_what_it_states(client: Client, kafka: House) -> None:
    client.force_login(kafka.engineer)
    line = {"description": "Flights", "account": kafka.account.pk, "month": "2026-03", "net": "400.00"}
    body = {"entity": kafka.entity.code, "kind": "travel", "title": "A trip", "reason": "It is needed.", "lines": [line]}
    send: dict[str, Any] = {"content_type": "application/json"}
    refused = client.post("/api/v1/requests", body, **send)
    made = client.post("/api/v1/requests", body | {"particulars": ABOUT["travel"]}, **send)
    number = made.json()["number"]
    seen = client.get(f"/api/v1/requests/{number}")
    changed = client.patch(
        f"/api/v1/requests/{number}", {"title": "The trip"}, headers={"if-match": seen.headers["ETag"]}, **send
    )

    assert {each["field"] for each in refused.json()["errors"]} == {
        f"particulars.{name}" for name in ("traveller", "destination", "from_on", "until_on")
    }
    assert made.status_code == 201
    assert changed.json()["particulars"] == ABOUT["travel"] | {"after_the_fact": False}
    assert changed.json()["subject"] == "travel"


def test_a_draft_of_a_kind_is_submitted_from_its_page(client: Client, kafka: House) -> None:
    kept = draft_of_kind("contract", kafka.engineer, kafka.account)
    client.force_login(kafka.engineer)

    client.post(f"/requests/{kept.number}/submit/")

    assert Stage.objects.filter(request=kept, state=Stage.State.ASSIGNED).count() == 2
