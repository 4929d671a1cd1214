"""What whoever is asked again sees: what changed since they decided, old beside new, and what stands without being asked."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from approvals.models import Request
from approvals.services.attachments import attach
from tests.factories.approvals import stages_of
from tests.factories.returns import again, approved_by, reasking, returned, sent_back
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def comes(kafka: House) -> Request:
    """Back for the second time, after finance sent it back twice: smaller, with another reason and a file."""
    reasking(kafka)
    request = again(returned(kafka), kafka, "1000", reason="For <all> of us.")
    sent_back(request, 2)
    attach(request_id=request.pk, actor=kafka.engineer, name="quote.pdf", content=PDF)
    return again(request, kafka, "900", reason="For the platform.")


def _rows(html: str) -> str:
    return html.split('class="table restack density-compact changes"', 1)[1].split("</table>", 1)[0]


def test_whoever_sent_it_back_sees_what_changed_since_then(client: Client, comes: Request, kafka: House) -> None:
    client.force_login(kafka.people["finance"])
    stage = stages_of(comes)[1]
    for address in (f"/queue/{stage.pk}/", f"/requests/{comes.number}/"):
        html = client.get(address).content.decode()
        assert "since you decided in round 2" in html
        rows = _rows(html)
        assert "<del>1,000.00</del>" in rows
        assert "<ins>900.00</ins>" in rows
        assert "<del>For &lt;all&gt; of us.</del>" in rows
        assert "<ins>quote.pdf</ins>" in rows
        assert "1,200.00" not in rows


def test_whoever_is_asked_for_the_first_time_sees_what_changed_since_the_round_before(
    client: Client, comes: Request, kafka: House
) -> None:
    approved_by(comes, 2)
    client.force_login(kafka.people["change_control_board"])
    html = client.get(f"/queue/{stages_of(comes)[2].pk}/").content.decode()
    assert "this changed since the round before" in html
    assert "<del>1,000.00</del>" in _rows(html)


def test_whoever_stands_sees_what_changed_since_they_looked_at_it(client: Client, comes: Request, kafka: House) -> None:
    client.force_login(kafka.people["tech_lead"])
    html = client.get(f"/requests/{comes.number}/").content.decode()
    assert "What changed since you decided in round 1" in html
    assert "<del>1,200.00</del>" in _rows(html)
    assert "in the round before; it stands" in html
    assert "The approval by Tech lead in round 2 stands in round 3" in html
    assert client.get("/queue/").content.decode().count(comes.number) == 0


def test_its_receipt_says_so(client: Client, comes: Request, kafka: House) -> None:
    client.force_login(kafka.people["tech_lead"])
    receipt = comes.decisions.get(round=3, stands_from__isnull=False).receipts.get()
    assert "was not put before them again" in client.get(f"/requests/{comes.number}/receipts/{receipt.number}/").content.decode()


def test_the_api_says_it_all(api: Callable[..., Any], comes: Request, kafka: House) -> None:
    finance = api(kafka.people["finance"])
    seen = finance.get(f"queue/{stages_of(comes)[1].pk}").json()
    assert seen["changed_since"] == 2
    assert {"what": "Amount", "before": "1,000.00", "after": "900.00"} in seen["changes"]
    assert {"what": "Attached", "before": "", "after": "quote.pdf"} in seen["changes"]
    told = finance.get(f"requests/{comes.number}").json()
    last = [stage for stage in told["stages"] if stage["round"] == 3]
    earlier = comes.decisions.get(round=2, verdict="approve")
    assert [[said["stands_from"] for said in stage["decisions"]] for stage in last] == [[earlier.pk], [], []]


def typed(request: Request, kafka: House, net: str) -> dict[str, str]:
    return {
        "draft": request.number,
        "title": request.title,
        "kind": "scope_change",
        "vendor": "",
        "reason": "It is needed.",
        "line-0-description": "Licences",
        "line-0-account": str(kafka.account.pk),
        "line-0-month": "2026-03",
        "line-0-net": net,
    }


def test_the_form_says_which_approvals_would_stand_before_it_is_submitted_again(client: Client, kafka: House) -> None:
    reasking(kafka)
    request = returned(kafka)
    client.force_login(kafka.engineer)

    shown = client.get(f"/requests/{request.number}/edit/").content.decode()
    less = client.post("/requests/chain/", typed(request, kafka, "1,000.00")).content.decode()
    more = client.post("/requests/chain/", typed(request, kafka, "1,200.01")).content.decode()
    fresh = client.post("/requests/chain/", typed(request, kafka, "1,000.00") | {"draft": ""}).content.decode()
    request = again(request, kafka, "1000")

    for html in (shown, less):
        assert "Tech lead: stands" in html
        assert "not asked again" in html
    assert [stage.state for stage in stages_of(request)][:2] == ["approved", "assigned"]
    for html in (more, fresh):
        assert "stands" not in html
        assert "Tech lead" in html
