"""A month's chargeback by a program, from the rules to the posting."""

from typing import Any

import pytest
from django.test import Client

from budgets.models import ChargebackRun, Journal
from core.models import User
from core.services.tokens import make_token
from tests.factories.chargebacks import Charged, pool, rules_document

SCOPES = ["budgets:read", "budgets:write"]


class Program:
    def __init__(self, owner: User) -> None:
        self.client = Client()
        _, secret = make_token(owner=owner, name="A program", scopes=SCOPES)
        self.headers = {"Authorization": f"Bearer {secret}"}

    def get(self, path: str, status: int = 200) -> Any:
        answer = self.client.get(f"/api/v1/{path}", headers=self.headers)
        assert answer.status_code == status, answer.content
        return answer.json()

    def post(self, path: str, body: dict[str, Any] | None = None, status: int = 200) -> Any:
        answer = self.client.post(f"/api/v1/{path}", body or {}, content_type="application/json", headers=self.headers)
        assert answer.status_code == status, answer.content
        return answer.json()


@pytest.fixture
def finance(charged: Charged) -> Program:
    return Program(charged.controller)


def test_a_month_from_the_rules_to_the_posting(charged: Charged, finance: Program) -> None:
    entity = charged.entity.code
    stated = finance.post("rule-sets", {"entity": entity, "document": rules_document(pool(), starts_on="2026-01")}, 201)
    assert (stated["code"], stated["number"]) == ("monthly", 1)
    reading = {"entity": entity, "metric": "calls", "month": "2026-01", "cost_centre": "DATA", "units": "12", "source": "A meter"}
    assert finance.post("usage-readings", reading, 201)["units"] == "12"
    run = finance.post("chargebacks", {"entity": entity, "month": "2026-01", "rules": "monthly"}, 201)
    borne = {row["cost_centre"]: row["amount"] for row in finance.get(f"chargebacks/{run['id']}/borne")["borne"]}
    assert borne == {"PRODUCT": "60.05", "DATA": "40.04"}
    moved = {
        "pool": "platform",
        "giver": "PRODUCT",
        "taker": "DATA",
        "amount": "0.05",
        "reason": "scope_change",
        "words": "A team",
    }
    finance.post(f"chargebacks/{run['id']}/adjust", moved)
    assert finance.post(f"chargebacks/{run['id']}/adjust", moved | {"taker": "NOWHERE"}, 400)["errors"][0]["field"] == "taker"
    assert finance.post(f"chargebacks/{run['id']}/send")["state"] == "review"
    assert finance.post(f"chargebacks/{run['id']}/post", status=409)["code"] == "unanswered"

    product, data = Program(charged.product_lead), Program(charged.data_lead)
    mine = product.get("chargeback-statements")["results"]
    assert [row["cost_centre"] for row in mine] == ["PRODUCT"]
    assert product.get(f"chargeback-statements/{mine[0]['id']}/figures")["amount"] == "60.00"
    assert product.post(f"chargeback-statements/{mine[0]['id']}/accept")["state"] == "accepted"
    theirs = data.get("chargeback-statements")["results"][0]["id"]
    assert product.post(f"chargeback-statements/{theirs}/accept", status=404)
    dispute = data.post(f"chargeback-statements/{theirs}/dispute", {"words": "Too much.", "amount": "10.00"}, 201)
    assert finance.post(f"chargebacks/{run['id']}/post", status=409)["code"] == "disputed"
    assert finance.post(f"chargeback-disputes/{dispute['id']}/resolve", {"answer": "No.", "pool": "platform"}, 400)
    assert finance.post(f"chargeback-disputes/{dispute['id']}/resolve", {"answer": "The meter."})["outcome"] == "refused"
    assert finance.post(f"chargebacks/{run['id']}/post")["state"] == "posted"
    assert Journal.objects.filter(source_type="chargeback").count() == 1
    assert finance.post(f"chargebacks/{run['id']}/undo", {"reason": "The wrong month."})["state"] == "undone"


def test_who_keeps_no_books_draws_nothing_up(charged: Charged) -> None:
    program = Program(charged.product_lead)
    program.post("chargebacks", {"entity": charged.entity.code, "month": "2026-01", "rules": "monthly"}, 403)
    program.get("rule-sets", 403)
    assert not ChargebackRun.objects.exists()
