"""A purchase in parts is routed by its sum: what is a part, exactly at the bound, and who is told."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from pydantic import ValidationError

from approvals.models import Request
from approvals.rules.document import PolicyDocument
from approvals.rules.splits import Part, step_of
from approvals.selectors.chains import predicted_chain
from approvals.selectors.replays import WITHOUT_PARTS, replayed, told
from approvals.services.decisions import reject_stage, send_back
from approvals.services.policies import load_policy
from approvals.services.requests import save_draft, submit_request, withdraw_request
from budgets.models import FundsAccount, Vendor
from budgets.services.accounts import ensure_account
from core import clock
from core.errors import Missing
from core.models import User
from tests.factories.approvals import MARCH, MONDAY, approve_all, asked, line, read_yaml, stages_of, submitted
from tests.factories.budgets import CategoryFactory, VendorFactory, allot
from tests.factories.core import UserFactory, assign
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
KIND = "scope_change"


def splitting(kafka: House, **splits: Any) -> dict[str, Any]:
    """Let the tech lead decide below 5,000, the CFO from there to 20,000, and nobody above."""
    document = read_yaml("demo/policies/kafka.yaml") | {"splits": {"window": 30, **splits}}
    bands: list[dict[str, Any]] = [{"below": 5000, "stages": ["tech_lead"]}, {"from": 5000, "up_to": 20000, "stages": ["cfo"]}]
    document["rules"][3:4] = [{"kind": KIND, "sla": "5 business days", **band} for band in bands]
    document["accepted_gaps"] = [*document["accepted_gaps"], {"name": "dearer ones", "kind": KIND, "over": 20000}]
    load_policy(document=document, entity=kafka.entity, actor=None)
    return document


@pytest.fixture
def vendor(kafka: House) -> Vendor:
    splitting(kafka)
    found: Vendor = VendorFactory.create(entity=kafka.entity)
    return found


def ask(kafka: House, vendor: Vendor | None, net: str, account: FundsAccount | None = None, **more: Any) -> Request:
    vendor_id = vendor.pk if vendor else None
    return submitted(more.pop("person", kafka.engineer), account or kafka.account, net, kind=KIND, vendor_id=vendor_id, **more)


def decides(request: Request) -> list[str]:
    return [stage.role_code for stage in stages_of(request)]


def other_line(kafka: House) -> FundsAccount:
    category = CategoryFactory.create(entity=kafka.entity)
    account = ensure_account(budget=kafka.account.budget, cost_centre=kafka.account.cost_centre, category=category)
    allot(account, "50000", month=MARCH)
    return account


@pytest.mark.parametrize(("net", "who"), [("999.99", "tech_lead"), ("1000", "cfo"), ("1000.01", "cfo")])
def test_the_sum_is_held_against_the_band_to_the_cent(kafka: House, vendor: Vendor, net: str, who: str) -> None:
    first, second = ask(kafka, vendor, "1500"), ask(kafka, vendor, "2500")
    assert [decides(each) for each in (first, second)] == [["tech_lead"]] * 2
    third = ask(kafka, vendor, net)
    assert decides(third) == [who]
    total = 4000 + Decimal(net)
    said = f"Held against {total:,.2f} USD = this {Decimal(net):,.2f} + {second.number} 2,500.00 + {first.number} 1,500.00."
    assert third.trace[0] == {"position": 0, "rule": "In parts", "matched": True, "chosen": False, "reason": said}
    assert third.amount == Decimal(net)


def test_a_request_by_itself_says_nothing_of_parts(kafka: House, vendor: Vendor) -> None:
    assert ask(kafka, vendor, "4999").trace[0]["rule"] != "In parts"


@pytest.mark.parametrize(("seconds", "who"), [(0, "cfo"), (1, "tech_lead")])
def test_the_window_takes_its_last_moment_in(kafka: House, vendor: Vendor, seconds: int, who: str) -> None:
    ask(kafka, vendor, "4000")
    with clock.at(MONDAY + timedelta(days=30, seconds=seconds)):
        assert decides(ask(kafka, vendor, "4000")) == [who]


def test_what_another_asks_for_or_of_another_is_no_part(kafka: House, vendor: Vendor) -> None:
    ask(kafka, vendor, "4000")
    colleague = UserFactory.create(name="Colleague")
    assign(colleague, "engineer", kafka.entity, kind="requester")
    assert decides(ask(kafka, vendor, "4000", person=colleague)) == ["tech_lead"]
    for other in (VendorFactory.create(entity=kafka.entity), None):
        assert decides(ask(kafka, other, "4000")) == ["tech_lead"]


def test_without_a_vendor_parts_share_a_budget_line(kafka: House, vendor: Vendor) -> None:
    ask(kafka, None, "4000")
    assert decides(ask(kafka, None, "3000", other_line(kafka))) == ["tech_lead"]
    assert decides(ask(kafka, None, "3000")) == ["cfo"]


@pytest.mark.parametrize(("same", "who"), [(["vendor"], "cfo"), (["vendor", "category"], "tech_lead"), (["kind"], "cfo")])
def test_the_policy_says_what_is_the_same(kafka: House, same: list[str], who: str) -> None:
    splitting(kafka, same=same)
    vendor = VendorFactory.create(entity=kafka.entity)
    ask(kafka, vendor, "4000")
    assert decides(ask(kafka, vendor, "4000", other_line(kafka))) == [who]


@pytest.mark.parametrize("end", ["withdraw", "reject", "send back", "approve"])
def test_what_was_let_go_counts_no_more_and_what_was_approved_does(kafka: House, vendor: Vendor, end: str) -> None:
    first = ask(kafka, vendor, "4000")
    stage = stages_of(first)[0]
    if end == "withdraw":
        withdraw_request(request_id=first.pk, actor=kafka.engineer)
    elif end == "approve":
        approve_all(first)
    else:
        step = reject_stage if end == "reject" else send_back
        step(stage_id=stage.pk, actor=stage.owner, digest=first.digest, comment="No.")
    assert decides(ask(kafka, vendor, "4000")) == (["cfo"] if end == "approve" else ["tech_lead"])


def test_what_comes_again_is_no_part_of_itself(kafka: House, vendor: Vendor) -> None:
    first = ask(kafka, vendor, "4000")
    stage = stages_of(first)[0]
    send_back(stage_id=stage.pk, actor=stage.owner, digest=first.digest, comment="Attach a quote.")
    assert decides(submit_request(request_id=first.pk, actor=kafka.engineer)) == ["tech_lead"]


def test_the_sum_may_fall_in_a_gap_and_the_refusal_says_so(kafka: House, vendor: Vendor) -> None:
    first = ask(kafka, vendor, "16000")
    data = asked(kafka.account, "4000.01", kind=KIND, vendor_id=vendor.pk)
    draft = save_draft(actor=kafka.engineer, entity=kafka.entity, data=data)
    before = Request.objects.filter(state="submitted").count()
    with pytest.raises(Missing) as refusal:
        submit_request(request_id=draft.pk, actor=kafka.engineer)
    assert f"Held against 20,000.01 USD = this 4,000.01 + {first.number} 16,000.00." in refusal.value.remedy
    assert Request.objects.filter(state="submitted").count() == before


def test_the_prediction_says_it_before_anything_is_submitted(kafka: House, vendor: Vendor, client: Client) -> None:
    first = ask(kafka, vendor, "4000")
    data = asked(kafka.account, lines=[line(kafka.account, "4400")], kind=KIND, vendor_name=vendor.name)
    found = predicted_chain(requester=kafka.engineer, entity=kafka.entity, data=data)
    assert found.trace[0].reason == f"Held against 8,400.00 USD = this 4,400.00 + {first.number} 4,000.00."
    assert [stage.spec.role_code for stage in found.stages] == ["cfo"]
    other = asked(kafka.account, "4400", kind=KIND, vendor_name="Nobody has asked of them")
    assert predicted_chain(requester=kafka.engineer, entity=kafka.entity, data=other).trace[0].rule != "In parts"
    client.force_login(kafka.engineer)
    draft = save_draft(actor=kafka.engineer, entity=kafka.entity, data=data)
    assert "Held against 8,400.00 USD" in client.get(f"/requests/{draft.number}/edit/").content.decode()


def test_the_policys_page_says_what_is_added_up(kafka: House, client: Client, administrator: User) -> None:
    splitting(kafka)
    client.force_login(administrator)
    page = client.get(f"/policies/versions/{kafka.policy.policy.versions.get(state='published').pk}/").content.decode()
    assert "routed by the sum of 30 days; the same requester, vendor, cost centre" in page


def test_a_replay_says_that_it_adds_nothing_up(kafka: House) -> None:
    document = PolicyDocument.model_validate(splitting(kafka))
    assert told(replayed(document, kafka.entity))["left_out"] == WITHOUT_PARTS
    plain = PolicyDocument.model_validate(read_yaml("demo/policies/kafka.yaml"))
    assert "left_out" not in told(replayed(plain, kafka.entity))


def test_many_parts_are_told_in_short() -> None:
    parts = [Part(f"R-{number}", Decimal(number)) for number in range(12, 0, -1)]
    assert step_of(Decimal(1), parts, "USD").reason.endswith("+ R-3 3.00 + 2 more 3.00.")


NONE = [{"window": 0}, {"window": 367}, {"window": "thirty"}, {"window": "-1"}, {"window": 30, "same": []}, {"same": ["vendor"]}]


@pytest.mark.parametrize("splits", NONE)
def test_what_is_no_setting_is_refused(splits: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PolicyDocument.model_validate(read_yaml("demo/policies/kafka.yaml") | {"splits": splits})
