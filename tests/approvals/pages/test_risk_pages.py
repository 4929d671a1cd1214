"""The risk of a request, its tags, and what the policy approved by itself, as pages and addresses show them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from approvals.models import LookBack, Request
from approvals.services.policies import load_policy
from tests.approvals.pages.test_request_form import error_of, typed
from tests.approvals.pages.test_request_pages import shown
from tests.factories.approvals import everything, held, read_yaml, stages_of, submitted
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


def ask(client: Client, house: House, path: str = "/requests/new/", **more: Any) -> Any:
    client.force_login(house.engineer)
    return client.post(path, typed(house, kind="spend", **more))


def test_the_form_says_how_risky_it_looks_before_anything_is_submitted(client: Client, finops: House) -> None:
    html = ask(client, finops, "/requests/chain/", vendor="Newcomer", needed_by="2026-03-03").content.decode()

    assert "Risk 35 of 100." in html
    assert "Nothing was ever asked for from Newcomer. +15" in html
    assert "It is needed in 1 day, by 2026-03-03. +10" in html
    assert "Manager" in html


def test_a_small_request_is_said_to_be_approved_by_the_policy_everywhere(client: Client, finops: House) -> None:
    html = ask(client, finops, "/requests/chain/").content.decode()
    assert "The policy approves it at once" in html

    answer = ask(client, finops)
    number = Request.objects.get().number
    assert answer.status_code == 302
    page = shown(client, finops.engineer, f"/requests/{number}/")
    assert f"{number} is approved by the policy: 1,200.00 USD is committed." in page
    assert "Approved by the policy FinOps approvals: Automatic. Risk 10. Nobody was asked." in page
    assert "Risk 10 of 100." in page
    assert "Approved by the policy" in shown(client, finops.engineer, "/requests/")


def test_tags_are_typed_kept_and_shown_and_what_is_none_is_refused_without_a_loss(client: Client, finops: House) -> None:
    before = everything()
    wrong = ask(client, finops, tags="apollo")
    assert wrong.status_code == 422
    assert "no equals sign" in error_of(wrong.content.decode(), "tags")
    assert 'value="apollo"' in wrong.content.decode()
    assert everything() == before

    ask(client, finops, tags="Project=Apollo, region=emea")
    found = Request.objects.get()
    assert found.tags == {"project": "Apollo", "region": "emea"}
    assert "project=Apollo, region=emea" in shown(client, finops.engineer, f"/requests/{found.number}/")


def test_an_emergency_is_typed_only_where_a_rule_asks_for_one(client: Client, finops: House) -> None:
    assert "It is an emergency" not in shown(client, finops.engineer, "/requests/new/")
    document = read_yaml("demo/policies/finops.yaml")
    document["rules"].insert(0, {"kind": "spend", "emergency": True, "stages": ["director"], "sla": "4 business hours"})
    load_policy(document=document, entity=finops.entity, actor=None)

    assert "It is an emergency" in shown(client, finops.engineer, "/requests/new/")
    ask(client, finops, is_emergency="on")
    assert [stage.role_code for stage in stages_of(Request.objects.get())] == ["director"]


def test_lists_are_narrowed_by_tag_and_by_who_approved(client: Client, finops: House) -> None:
    submitted(finops.engineer, finops.account, "100", kind="spend", title="Small one", tags={"project": "Apollo"})
    submitted(finops.engineer, finops.account, "9000", kind="spend", title="Large one", tags={"project": "other"})
    finance, manager = finops.people["finance"], finops.people["manager"]

    for query, there in (
        ("tag=project%3Dapollo", {"Small one"}),
        ("tag=project", {"Small one", "Large one"}),
        ("tag=a+b%3Dx", set()),
        ("approved_by=policy", {"Small one"}),
        ("approved_by=unseen", {"Small one"}),
    ):
        html = shown(client, finance, f"/requests/?whose=scope&{query}")
        assert {title for title in ("Small one", "Large one") if title in html} == there, query
    assert "Large one" in shown(client, manager, "/queue/?tag=project%3DOther")
    assert "Large one" not in shown(client, manager, "/queue/?tag=project%3Dapollo")


def test_the_panel_says_the_risk_and_the_tags(client: Client, finops: House) -> None:
    request = submitted(finops.engineer, finops.account, "9000", kind="spend", tags={"project": "Apollo"})
    html = shown(client, finops.people["manager"], f"/queue/{stages_of(request)[0].pk}/")

    assert "Risk 10 of 100." in html
    assert "It is the first request of whoever asks. +10" in html
    assert "project=Apollo" in html


def test_finance_looks_back_from_the_list_to_the_request(client: Client, finops: House) -> None:
    request = submitted(finops.engineer, finops.account, "100", kind="spend")
    finance, path = finops.people["finance"], f"/requests/{request.number}/look-back/"
    assert "approved_by=unseen" in shown(client, finance, "/requests/")
    assert "What you found" in shown(client, finance, f"/requests/{request.number}/")
    assert "What you found" not in shown(client, finops.engineer, f"/requests/{request.number}/")

    client.force_login(finance)
    wrong = client.post(path, {"outcome": "withdrawn", "remark": ""})
    assert (wrong.status_code, LookBack.objects.count()) == (422, 0)
    assert "Say why it is withdrawn; its requester reads it." in wrong.content.decode()
    assert client.post(path, {"outcome": "withdrawn", "remark": "Not ours."}).status_code == 302
    assert held(finops.account) == (0, 0)
    html = shown(client, finance, f"/requests/{request.number}/")
    assert "“Not ours.”" in html
    assert "withdrew what the policy had approved" in html
    assert client.post(path, {"outcome": "in_order", "remark": ""}).status_code == 409


def test_whoever_may_not_look_back_is_refused_whatever_they_send(client: Client, finops: House) -> None:
    request = submitted(finops.engineer, finops.account, "100", kind="spend")
    client.force_login(finops.people["manager"])

    for said in ({}, {"outcome": "in_order"}):
        assert client.post(f"/requests/{request.number}/look-back/", said).status_code == 403
    assert not LookBack.objects.exists()


def test_the_receipt_page_names_the_policy_and_the_rule(client: Client, finops: House) -> None:
    request = submitted(finops.engineer, finops.account, "100", kind="spend")
    html = shown(client, finops.engineer, f"/requests/{request.number}/receipts/{request.receipts.get().number}/")

    assert "Approved by the policy FinOps approvals" in html
    assert "<dt>Rule</dt><dd>Automatic</dd>" in html


def test_the_policy_page_shows_risks_tags_and_what_it_approves_itself(client: Client, finops: House, auditor: Any) -> None:
    html = shown(client, auditor, f"/policies/versions/{finops.policy.pk}/")

    assert "the policy itself" in html
    assert "risk 41 to 70" in html


def test_the_api_takes_tags_says_the_risk_and_looks_back(api: Callable[..., Any], finops: House) -> None:
    line = {"description": "Licences", "account": finops.account.pk, "month": "2026-03", "net": "100.00"}
    body = {"entity": "acme", "kind": "spend", "title": "Licences", "reason": "We run out.", "lines": [line]}
    engineer, finance = api(finops.engineer), api(finops.people["finance"])

    asked = {"entity": "acme", "kind": "spend", "lines": [line], "tags": {"project": "apollo"}}
    chain = engineer.post("requests/chain", asked).json()
    assert (chain["is_automatic"], chain["risk_score"], chain["due_at"], chain["stages"]) == (True, 10, None, [])
    assert engineer.post("requests", {**body, "tags": {"No key": "x"}}).status_code == 400
    made = engineer.post("requests", {**body, "tags": {"project": "apollo"}})
    done = engineer.post(f"requests/{made.json()['number']}/submit", if_match=made["ETag"]).json()
    assert (done["state"], done["by_policy"], done["risk_score"], done["tags"]) == ("approved", True, 10, {"project": "apollo"})
    assert [reason["sign"] for reason in done["risk_reasons"]] == ["first_request"]

    listed = finance.get("requests?approved_by=unseen&tag=project%3Dapollo").json()["results"]
    assert [row["number"] for row in listed] == [done["number"]]
    answer = finance.post(f"requests/{done['number']}/look-back", {"outcome": "withdrawn", "remark": "Not ours."})
    assert (answer.status_code, answer.json()["state"]) == (200, "rejected")
    assert engineer.post(f"requests/{done['number']}/look-back", {"outcome": "in_order"}).status_code == 403
