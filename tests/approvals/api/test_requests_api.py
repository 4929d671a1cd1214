"""Requests through the API: asked for, changed, submitted, withdrawn, copied; and their files."""

from collections.abc import Callable
from typing import Any

import pytest

from approvals.models import Attachment, Request
from core.models import User
from tests.factories.approvals import approve_all, draft, everything, held, stages_of, submitted
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
PDF = b"%PDF-1.7\nOffer"


def body(house: House, **more: Any) -> dict[str, Any]:
    line = {"description": "Licences", "account": house.account.pk, "month": "2026-03", "net": "1000.00", "vat": "200.00"}
    return {"kind": "vendor_payment", "title": "Licences", "reason": "We run out.", "lines": [line]} | more


@pytest.fixture
def engineer(api: Callable[..., Any], kafka: House) -> Any:
    return api(kafka.engineer)


def test_a_draft_is_made_changed_and_submitted(engineer: Any, kafka: House) -> None:
    made = engineer.post("requests", body(kafka, entity="acme", vendor="Cloudco"))
    assert made.status_code == 201
    found = made.json()
    assert (found["state"], found["amount"], found["vendor"]) == ("draft", "1200.00", "Cloudco")
    address = f"requests/{found['number']}"
    assert engineer.get(address)["ETag"] == made["ETag"]

    changed = engineer.patch(address, {"title": "More licences"}, if_match=made["ETag"])
    assert changed.status_code == 200
    assert (changed.json()["title"], changed.json()["amount"]) == ("More licences", "1200.00")
    assert changed.json()["lines"][0]["id"] == found["lines"][0]["id"]
    whole = engineer.put(address, body(kafka, title="Fewer"), if_match=changed["ETag"])
    assert (whole.json()["title"], whole.json()["vendor"]) == ("Fewer", None)

    answer = engineer.post(f"{address}/submit", if_match=whole["ETag"])
    assert answer.status_code == 200
    done = answer.json()
    assert (done["state"], done["round"], done["holder"]) == ("submitted", 1, done["stages"][0]["owner"])
    assert done["lines"][0]["reserved"] == "1200.00"
    assert [step["matched"] for step in done["trace"]].count(True) == 1
    assert done["history"][0]["text"].startswith("Put before")
    assert str(held(kafka.account)[0]) == "1200.00"
    assert engineer.get(address)["ETag"] == answer["ETag"]


def test_a_change_of_what_was_not_read_moves_nothing(engineer: Any, kafka: House) -> None:
    request = draft(kafka.engineer, kafka.account)
    before = everything()
    assert engineer.patch(f"requests/{request.number}", {"title": "Other"}).status_code == 428
    assert engineer.patch(f"requests/{request.number}", {"title": "Other"}, if_match='"old"').status_code == 412
    assert everything() == before
    request.refresh_from_db()
    assert request.title == "Licences for the platform"


def test_a_dry_run_of_submitting_holds_nothing(engineer: Any, kafka: House) -> None:
    request = draft(kafka.engineer, kafka.account)
    before = everything()
    answer = engineer.post(f"requests/{request.number}/submit?dry_run=true")
    assert (answer.status_code, answer["Purser-Dry-Run"], answer.json()["state"]) == (200, "true", "submitted")
    assert everything() == before
    assert held(kafka.account)[0] == 0


def test_a_repeated_call_makes_one_request(engineer: Any, kafka: House) -> None:
    call = body(kafka, entity="acme")
    first, again = (engineer.post("requests", call, idempotency_key="one") for _ in range(2))
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert Request.objects.count() == 1


def test_what_the_budget_does_not_hold_is_refused(engineer: Any, kafka: House) -> None:
    first, second = (draft(kafka.engineer, kafka.account, "600000", kind="scope_change") for _ in range(2))
    assert engineer.post(f"requests/{first.number}/submit").status_code == 200
    before = everything()
    answer = engineer.post(f"requests/{second.number}/submit")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_funds")
    assert everything() == before


def test_every_fault_is_named_at_its_place(engineer: Any, kafka: House) -> None:
    before = everything()
    answer = engineer.post("requests", body(kafka, entity="acme", kind="", lines=[{"account": "x"}], other=1))
    assert answer.status_code == 400
    assert {"other"} == {error["field"] for error in answer.json()["errors"]}
    answer = engineer.post("requests", body(kafka, entity="acme", kind="", lines=[{"account": "x"}]))
    assert {"kind", "lines.0.account", "lines.0.month"} <= {error["field"] for error in answer.json()["errors"]}
    closed = body(kafka, entity="acme")
    closed["lines"][0]["month"] = "2031-01"
    assert engineer.post("requests", closed).json()["errors"][0]["field"] == "lines.0.month"
    assert everything() == before


def test_the_chain_is_told_before_anything_is_kept(engineer: Any, kafka: House) -> None:
    before = everything()
    lines = [{"account": kafka.account.pk, "month": "2026-03", "net": "1000.00"}]
    answer = engineer.post("requests/chain", {"entity": "acme", "kind": "vendor_payment", "lines": lines})
    assert answer.status_code == 200
    assert answer.json()["stages"][0]["owner"] == answer.json()["stages"][0]["name"]
    gap = engineer.post("requests/chain", {"entity": "acme", "kind": "vendor_payment", "lines": [lines[0] | {"net": "90000"}]})
    assert (gap.status_code, gap.json()["code"]) == (400, "policy_gap")
    assert everything() == before


def test_withdrawn_and_copied(engineer: Any, kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    copy = engineer.post(f"requests/{request.number}/copy")
    assert (copy.status_code, copy.json()["copied_from"], copy.json()["state"]) == (201, request.number, "draft")
    assert engineer.post(f"requests/{request.number}/withdraw").json()["state"] == "withdrawn"
    assert held(kafka.account)[0] == 0
    assert engineer.post(f"requests/{request.number}/withdraw").json()["code"] == "wrong_state"


def test_the_list_is_filtered_and_holds_what_one_may_see(
    api: Callable[..., Any], engineer: Any, kafka: House, outsider: User, auditor: User
) -> None:
    mine, other = draft(kafka.engineer, kafka.account, title="Seats"), submitted(kafka.people["program_director"], kafka.account)
    numbers = [row["number"] for row in engineer.get("requests").json()["results"]]
    assert numbers == [other.number, mine.number]
    for query, wanted in (
        ("q=seats", [mine.number]),
        ("state=submitted", [other.number]),
        ("kind=vendor_payment&whose=mine", [mine.number]),
        ("month=2026-04", []),
        ("month=2026-03&ordering=id", [mine.number, other.number]),
    ):
        assert [row["number"] for row in engineer.get(f"requests?{query}").json()["results"]] == wanted
    for wrong in ("state=lost", "month=never", "page=2", "q=%00"):
        assert engineer.get(f"requests?{wrong}").status_code == 400
    seen = api(auditor).get("budgets/SMALL/approvals").json()["results"]
    assert [row["number"] for row in seen] == [other.number]
    assert api(auditor).get("/api/budgets/SMALL/approvals").json()["results"] == seen
    assert api(outsider).get("requests").json()["results"] == []
    assert api(outsider).get("budgets/SMALL/approvals").status_code == 404


def test_nobody_else_changes_a_request(
    api: Callable[..., Any], kafka: House, auditor: User, outsider: User, controller: User
) -> None:
    request = submitted(kafka.engineer, kafka.account)
    address = f"requests/{request.number}"
    programs = [(api(auditor), 200, 403), (api(outsider), 404, 404), (api(controller), 200, 403)]
    reader = api(kafka.engineer, scopes=["approvals:read"])
    before = everything()
    for program, read, write in programs:
        assert program.get(address).status_code == read
        assert program.post(f"{address}/withdraw").status_code == write
        assert program.patch(address, {"title": "Mine"}, if_match="*").status_code == write
        assert program.upload(f"{address}/attachments", name="a.pdf", content=PDF).status_code == write
    assert reader.post(f"{address}/withdraw").json()["code"] == "scope"
    assert everything() == before


def test_a_file_is_kept_handed_out_and_taken_away(engineer: Any, kafka: House, django_capture_on_commit_callbacks: Any) -> None:
    request = draft(kafka.engineer, kafka.account)
    address = f"requests/{request.number}/attachments"
    assert engineer.upload(f"{address}?dry_run=true", name="offer.pdf", content=PDF).status_code == 201
    assert not Attachment.objects.exists()

    kept = engineer.upload(address, name="offer.pdf", content=PDF, idempotency_key="file")
    assert (kept.status_code, kept.json()["name"], kept.json()["size"]) == (201, "offer.pdf", len(PDF))
    assert engineer.upload(address, name="offer.pdf", content=PDF, idempotency_key="file")["Idempotency-Replayed"] == "true"
    assert engineer.upload(address, name="offer.pdf", content=PDF + b"2", idempotency_key="file").status_code == 422
    assert [row["id"] for row in engineer.get(address).json()["results"]] == [kept.json()["id"]]

    one = f"{address}/{kept.json()['id']}"
    file = engineer.get(f"{one}/content")
    assert (b"".join(file.streaming_content), file["Content-Type"]) == (PDF, "application/pdf")
    assert file["Content-Disposition"] == 'attachment; filename="offer.pdf"'
    assert (
        engineer.client.get(
            f"/api/v1/{one}/content", headers={"Authorization": f"Bearer {engineer.secret}", "If-None-Match": file["ETag"]}
        ).status_code
        == 304
    )
    with django_capture_on_commit_callbacks(execute=True):
        assert engineer.delete(one, if_match=kept["ETag"]).status_code == 204
    assert engineer.get(f"{one}/content").status_code == 404


@pytest.mark.parametrize(("name", "content"), [("offer.exe", b"MZ"), ("offer.pdf", b"MZ"), ("offer.pdf", b"")])
def test_a_file_that_is_not_taken_leaves_nothing(engineer: Any, kafka: House, name: str, content: bytes) -> None:
    request = draft(kafka.engineer, kafka.account)
    answer = engineer.upload(f"requests/{request.number}/attachments", name=name, content=content)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_file")
    assert not Attachment.objects.exists()


def test_a_form_that_is_none_is_refused(engineer: Any, kafka: House) -> None:
    address = f"requests/{draft(kafka.engineer, kafka.account).number}/attachments"
    assert engineer.post(address, {"file": "text"}).status_code == 415
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
        headers = {"Authorization": f"Bearer {engineer.secret}", "Idempotency-Key": "k"}
        answer = engineer.client.generic("POST", f"/api/v1/{address}", b"--y\r\n", content_type=kind, headers=headers)
        assert answer.status_code == 400
        assert answer["Content-Type"] == "application/problem+json"


def test_queries_do_not_grow_with_requests(engineer: Any, kafka: House, django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        draft(kafka.engineer, kafka.account, title=f"Draft {number}")
    done = approve_all(submitted(kafka.engineer, kafka.account))
    with django_assert_max_num_queries(24):
        assert len(engineer.get("requests").json()["results"]) == 13
    with django_assert_max_num_queries(32):
        assert engineer.get(f"requests/{done.number}").status_code == 200


def test_comments_are_read_written_and_withdrawn(api: Callable[..., Any], kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    asker, decider = api(kafka.engineer), api(stages_of(request)[0].owner)
    place = f"requests/{request.number}/comments"
    refused = asker.post(place, {"text": "See this, @Nemo"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "text")
    made = asker.post(place, {"text": "Is Tuesday fine, @Program director?"})
    assert made.status_code == 201
    mine = f"{place}/{made.json()['id']}"
    assert asker.post(f"{mine}/reword", {"text": "Is Friday fine?"}).json()["text"] == "Is Friday fine?"
    (seen,) = decider.get(place).json()["results"]
    assert (seen["author"], [wording["text"] for wording in seen["wordings"]]) == (
        "Engineer",
        ["Is Tuesday fine, @Program director?", "Is Friday fine?"],
    )
    assert decider.post(f"{mine}/withdraw").status_code == 403
    gone = asker.post(f"{mine}/withdraw").json()
    assert (gone["text"], gone["wordings"], gone["withdrawn_at"] is None) == ("", [], False)
    assert decider.get(mine).json()["text"] == ""
