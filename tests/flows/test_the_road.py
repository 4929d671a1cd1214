"""The one road, over HTTP, as five people: asked, decided, invoiced, paid, reported."""

from decimal import Decimal
from io import StringIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from approvals.models import Request, Stage
from core.models import User
from reconciliation.models import ImportFile, Invoice, Payment
from reporting.models import Pack
from tests.fixtures.story import Road, work

AMOUNT = Decimal("4800.00")


def signed_in(person: User) -> Client:
    client = Client(raise_request_exception=True)
    client.force_login(person)
    return client


def asked(road: Road, **changes: str) -> dict[str, str]:
    """What a project manager types into the form."""
    return {
        "title": "Design review of the second cluster",
        "kind": "vendor_payment",
        "vendor": "Streamline Consulting",
        "reason": "The first one found two single points of failure.",
        "line-0-description": "Three days on site",
        "line-0-account": str(road.account.pk),
        "line-0-month": f"{road.month:%Y-%m}",
        "line-0-net": "4,800.00",
        "then": "submit",
        **changes,
    }


def submit(road: Road) -> Request:
    answer = signed_in(road.person("manager")).post("/requests/new/", asked(road))
    assert answer.status_code == 302, answer.content.decode()[:3000]
    return Request.objects.get()


def approve(road: Road, request: Request) -> None:
    stage = request.stages.get()
    answer = signed_in(stage.owner).post(
        f"/queue/{stage.pk}/decide/", {"verdict": "approve", "digest": request.digest, "comment": ""}
    )
    assert answer.status_code == 302


def drop(road: Road, source: str, name: str, content: bytes) -> ImportFile:
    """Finance chooses a file, sees what it would do, and does it."""
    finance = signed_in(road.person("finance"))
    page = finance.get("/reconciliation/imports/new/")
    chosen = page.context["form"].fields["source"].queryset.get(code=source, entity=road.cast.entities["meridian"])
    upload = SimpleUploadedFile(name, content)
    answer = finance.post("/reconciliation/imports/new/", {"source": chosen.pk, "file": upload}, follow=True)
    assert answer.status_code == 200
    received: ImportFile = ImportFile.objects.latest("id")
    finance.post(f"/reconciliation/imports/{received.pk}/start/")
    work()
    received.refresh_from_db()
    return received


def test_from_the_question_to_the_pack(road: Road) -> None:
    request = submit(road)
    assert road.money() == {"reserved": AMOUNT, "committed": 0, "spent": 0, "paid": 0}
    assert request.stages.get().owner == road.person("director")

    work()
    queue = signed_in(road.person("director")).get("/queue/")
    assert request.number in queue.content.decode()
    approve(road, request)
    assert road.money() == {"reserved": 0, "committed": AMOUNT, "spent": 0, "paid": 0}

    register = road.invoice_file(number="SC-2026-0101", net=AMOUNT, order=request.number)
    taken = drop(road, "invoices", "invoices.csv", register)
    assert (taken.rows, taken.accepted) == (1, 1)
    assert road.money() == {"reserved": 0, "committed": 0, "spent": AMOUNT, "paid": 0}
    assert Invoice.objects.get().match_state == "matched"

    drop(road, "bank", "statement.xml", road.statement_file(amount=AMOUNT, text="Invoice SC-2026-0101"))
    assert road.money() == {"reserved": 0, "committed": 0, "spent": AMOUNT, "paid": AMOUNT}
    assert Invoice.objects.get().money_state == "paid"
    assert Payment.objects.get().allocations.count() == 1

    finance = signed_in(road.person("finance"))
    finance.post("/reports/KAFKA/issue/", {"month": f"{road.month:%Y-%m}"})
    work()
    pack = Pack.objects.get()
    executive = signed_in(road.person("sponsor"))
    assert "4,800.00" in executive.get(f"/reports/packs/{pack.pk}/").content.decode()
    pdf = executive.get(f"/reports/packs/{pack.pk}/pdf/")
    assert pdf.content.startswith(b"%PDF-")

    _auditor_sees_why(road, request)
    call_command("check_ledger", stdout=StringIO())


def _auditor_sees_why(road: Road, request: Request) -> None:
    """From the figure to its entries, from an entry to its document, and nothing to change on the way."""
    auditor = signed_in(road.person("auditor"))
    entries = auditor.get("/budgets/KAFKA/entries/", {"bucket": "spent"})
    assert "4,800.00" in entries.content.decode()
    page = auditor.get(f"/requests/{request.number}/")
    assert page.status_code == 200
    assert auditor.post(f"/requests/{request.number}/withdraw/").status_code in {403, 404, 409}


def test_the_same_files_again_change_nothing(road: Road) -> None:
    request = submit(road)
    approve(road, request)
    register = road.invoice_file(number="SC-2026-0101", net=AMOUNT, order=request.number)
    statement = road.statement_file(amount=AMOUNT, text="SC-2026-0101")
    for _ in range(2):
        drop(road, "invoices", "invoices.csv", register)
        drop(road, "bank", "statement.xml", statement)
    assert road.money() == {"reserved": 0, "committed": 0, "spent": AMOUNT, "paid": AMOUNT}
    assert (Invoice.objects.count(), Payment.objects.count(), ImportFile.objects.count()) == (1, 1, 2)


BAD_INPUT: list[tuple[dict[str, str], str]] = [
    ({"line-0-net": "0"}, "above zero"),
    ({"line-0-net": "-10"}, "above zero"),
    ({"line-0-net": "NaN"}, "is not an amount"),
    ({"line-0-net": "1e400"}, "is not an amount"),
    ({"line-0-net": "4,800.00 EUR"}, "kept in USD, not EUR"),
    ({"line-0-account": ""}, "Choose the budget line"),
    ({"line-0-month": "1999-01"}, "closed or was never opened"),
    ({"reason": "x" * 2_000_000}, "Shorten this"),
    ({"line-0-net": "149,000.00"}, "Program director"),
]


def test_bad_input_says_what_to_do_and_holds_nothing(road: Road) -> None:
    manager = signed_in(road.person("manager"))
    for changes, sentence in BAD_INPUT:
        answer = manager.post("/requests/new/", asked(road, **changes))
        page = answer.content.decode()
        told = (sentence, answer.status_code, page[:500])
        assert answer.status_code in {400, 409, 422}, told
        assert sentence in page, told
        assert "Design review of the second cluster" in page, told
        assert road.money() == {"reserved": 0, "committed": 0, "spent": 0, "paid": 0}, told


def test_nobody_decides_on_their_own_and_a_stale_click_counts_for_nothing(road: Road) -> None:
    request = submit(road)
    stage: Stage = request.stages.get()
    click: dict[str, Any] = {"verdict": "approve", "digest": request.digest, "comment": ""}
    assert signed_in(road.person("manager")).post(f"/queue/{stage.pk}/decide/", click).status_code in {403, 404, 409}
    stale = signed_in(stage.owner).post(f"/queue/{stage.pk}/decide/", {**click, "digest": "0" * 64})
    assert stale.status_code == 409
    request.refresh_from_db()
    assert request.state == Request.State.SUBMITTED
    assert road.money()["reserved"] == AMOUNT


def test_people_of_another_company_find_nothing(road: Road) -> None:
    request = submit(road)
    stranger = signed_in(road.person("engineering-director"))
    for path in (f"/requests/{request.number}/", f"/queue/{request.stages.get().pk}/", "/budgets/KAFKA/", "/reports/KAFKA/"):
        assert stranger.get(path).status_code == 404, path
