"""What a policy approves by itself: a commitment at once, with a decision and a receipt; and looking back at it."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from approvals.events import AutomaticWithdrawn, RequestApproved
from approvals.models import Decision, LookBack, Receipt, Request, Round, Stage, Timer
from approvals.rules.document import PolicyDocument
from approvals.selectors.replays import replayed
from approvals.services.automatic import look_back
from approvals.services.policies import load_policy
from approvals.services.requests import submit_request, withdraw_request
from approvals.services.spend import key_of
from approvals.services.undoing import take_back
from budgets.selectors.balances import account_figures
from budgets.services.holds import settle
from core.errors import InvalidInput, NoFunds, NotAllowed, NotFound, WrongState
from core.models import AuditRecord, Notice, OutboxEvent, User
from core.services.outbox import drain
from tests.factories.approvals import MONDAY, draft, everything, held, read_yaml, stages_of, submitted
from tests.factories.core import UserFactory, assign
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
ZERO = Decimal(0)


@pytest.fixture
def done(finops: House) -> Request:
    """Return a request that the policy approved by itself."""
    return submitted(finops.engineer, finops.account, "250", kind="spend")


def test_a_small_request_of_low_risk_is_a_commitment_at_once(finops: House, done: Request) -> None:
    assert (done.state, done.decided_at) == (Request.State.APPROVED, done.submitted_at)
    assert held(finops.account) == (ZERO, Decimal("250.00"))
    assert Round.objects.get(request=done).outcome == Round.Outcome.APPROVED
    assert not Stage.objects.filter(request=done).exists()
    assert not Timer.objects.exists()
    [chosen] = [step for step in done.trace if step["chosen"]]
    assert (chosen["rule"], "risk of 10" in chosen["reason"]) == ("Automatic", True)


def test_its_decision_names_the_policy_and_no_person(finops: House, done: Request) -> None:
    decision = done.decisions.get()

    assert (decision.person, decision.stage, decision.who) == (None, None, "the policy FinOps approvals")
    assert decision.rule is not None
    assert (decision.rule.name, decision.digest, decision.verdict) == ("Automatic", done.digest, "approve")
    assert decision.comment == "Automatic. Risk 10."
    record = AuditRecord.objects.get(verb="request.approved_by_policy")
    assert (record.actor, record.after) == (
        None,
        {"policy": "finops v1", "rule": "Automatic", "risk": 10, "digest": done.digest},
    )


def test_its_receipt_says_the_rule_the_risk_and_no_decider(done: Request) -> None:
    said = json.loads(Receipt.objects.get(request=done).body)

    assert said["decider"] == {"id": None, "name": "the policy FinOps approvals", "email": ""}
    assert (said["rule"], said["stage"], said["risk"]["score"]) == ("Automatic", None, "10")
    assert said["policy"]["code"] == "finops"


def test_its_requester_is_told(finops: House, done: Request) -> None:
    drain()

    notice = Notice.objects.get(person=finops.engineer)
    assert notice.subject == f"{done.number} is approved by the policy: {done.title}"
    assert OutboxEvent.objects.filter(topic=RequestApproved.topic).count() == 1


def test_where_the_money_is_not_there_it_is_refused_and_nothing_moves(finops: House) -> None:
    account = finops.budget.accounts["PRODUCT", "people"]
    left = account_figures([account.pk])[account.pk].available
    kept = draft(finops.engineer, account, left + 1, kind="spend")
    document = read_yaml("demo/policies/finops.yaml")
    document["risk"] = {"large_share": {"points": 0}, "over_plan": {"points": 0}}
    document["rules"] = [{"kind": "spend", "automatic": True}]
    load_policy(document=document, entity=finops.entity, actor=None)
    before = everything()

    with pytest.raises(NoFunds):
        submit_request(request_id=kept.pk, actor=finops.engineer)

    assert everything() == before
    assert Request.objects.get(pk=kept.pk).state == Request.State.DRAFT


def test_nobody_takes_it_back_or_withdraws_it_as_a_requester(finops: House, done: Request) -> None:
    before = everything()
    with pytest.raises(NotFound):
        take_back(decision_id=done.decisions.get().pk, actor=finops.engineer)
    with pytest.raises(WrongState):
        withdraw_request(request_id=done.pk, actor=finops.engineer)
    assert everything() == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("rule_id = (SELECT id FROM approvals_policyrule WHERE NOT is_automatic LIMIT 1)", "automatic rule of its own"),
        ("verdict = 'reject'", "automatic rule of its own"),
        ("person_id = (SELECT id FROM core_user LIMIT 1)", "automatic rule of its own"),
        ("round = round", "automatic rule of its own"),
    ],
)
def test_the_database_takes_no_other_decision_of_a_policy(done: Request, change: str, said: str) -> None:
    column, _, value = change.partition(" = ")
    names = ["request_id", "round", "slot", "rule_id", "person_id", "verdict", "comment", "digest", "decided_at"]
    values = ", ".join(value if name == column else name for name in names)
    query = f"INSERT INTO approvals_decision ({', '.join(names)}) SELECT {values} FROM approvals_decision LIMIT 1"

    with pytest.raises(IntegrityError, match=said), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(query)


def test_the_database_takes_none_where_people_are_asked(finops: House) -> None:
    request = submitted(finops.engineer, finops.account, "3000", kind="spend")
    rule = finops.policy.rules.get(is_automatic=True)

    with pytest.raises(IntegrityError, match="where nobody is asked"), transaction.atomic():
        Decision.objects.create(
            request=request,
            round=1,
            slot=1,
            rule=rule,
            verdict="approve",
            digest=request.digest,
            decided_at=MONDAY,
        )


def test_nothing_but_spending_is_approved_automatically() -> None:
    document = read_yaml("demo/policies/finops.yaml")
    document["kinds"]["spend"]["subject"] = "amendment"

    with pytest.raises(ValueError, match="nothing else is approved automatically"):
        PolicyDocument.model_validate(document)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sla": "same day"}, "not both"),
        ({"automatic": None}, "say who decides"),
        ({"automatic": None, "stages": ["manager"]}, "give `sla`"),
        ({"risk": {}}, "give `from`, `up_to`, or both"),
        ({"risk": {"from": 50, "up_to": 20}}, "below the lower one"),
        ({"risk": {"up_to": 101}}, "less than or equal to 100"),
        ({"tags": {"A b": "x"}}, "is no key"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(change: dict[str, Any], said: str) -> None:
    document = read_yaml("demo/policies/finops.yaml")
    document["rules"][0] |= change

    with pytest.raises(ValueError, match=said):
        PolicyDocument.model_validate(document)


def test_a_replay_counts_it_as_asking_nobody(finops: House, done: Request) -> None:
    submitted(finops.engineer, finops.account, "3000", kind="spend", tags={"project": "Apollo"})
    document = read_yaml("demo/policies/finops.yaml")

    same = replayed(PolicyDocument.model_validate(document), finops.entity)
    assert (same.requests, same.changed, same.unrouted) == (2, 0, 0)
    document["rules"][0] |= {"risk": {"up_to": 5}}
    document["rules"][2] |= {"risk": {"from": 6, "up_to": 40}}
    document["rules"][1] |= {"risk": {"up_to": 5}, "tags": {"project": "apollo"}}
    stricter = replayed(PolicyDocument.model_validate(document), finops.entity)
    assert (stricter.changed, stricter.would["manager"]) == (1, 2)


# Looking back --------------------------------------------------------------------------------------------------------------


def test_finance_finds_it_in_order_once(finops: House, done: Request) -> None:
    looked = look_back(request_id=done.pk, actor=finops.people["finance"], outcome="in_order")

    assert (looked.outcome, held(finops.account)) == ("in_order", (ZERO, Decimal("250.00")))
    with pytest.raises(WrongState, match="already"):
        look_back(request_id=done.pk, actor=finops.people["director"], outcome="withdrawn", remark="Too late.")
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        LookBack.objects.update(outcome="withdrawn")


def test_withdrawn_its_money_is_free_and_its_requester_hears_why(finops: House, done: Request) -> None:
    look_back(request_id=done.pk, actor=finops.people["finance"], outcome="withdrawn", remark="It is not ours to pay.")

    done.refresh_from_db()
    assert done.state == Request.State.REJECTED
    assert held(finops.account) == (ZERO, ZERO)
    assert OutboxEvent.objects.filter(topic=AutomaticWithdrawn.topic).count() == 1
    drain()
    notice = Notice.objects.filter(person=finops.engineer).latest("id")
    assert notice.subject == f"{done.number} is withdrawn after the policy had approved it: {done.title}"
    assert "It is not ours to pay." in notice.body


def test_what_was_spent_stays_spent_when_it_is_withdrawn(finops: House, done: Request) -> None:
    line = done.lines.get()
    settle(
        key="spent",
        pending_key=key_of(done, "commit"),
        into="spent",
        actor=finops.people["finance"],
        amounts={line.thread: Decimal(100)},
    )

    look_back(request_id=done.pk, actor=finops.people["finance"], outcome="withdrawn", remark="No more of it.")

    assert held(finops.account) == (ZERO, ZERO)


REFUSED: list[tuple[str, dict[str, Any], type[Exception]]] = [
    ("engineer", {"outcome": "in_order"}, NotAllowed),
    ("outsider", {"outcome": "in_order"}, NotAllowed),
    ("manager", {"outcome": "withdrawn", "remark": "x"}, NotAllowed),
    ("finance", {"outcome": "withdrawn", "remark": " "}, InvalidInput),
    ("finance", {"outcome": "perhaps"}, InvalidInput),
    ("finance", {"outcome": "withdrawn", "remark": "x" * 20_001}, InvalidInput),
]


@pytest.mark.parametrize(("who", "said", "error"), REFUSED)
def test_looking_back_is_refused_and_nothing_moves(
    finops: House, done: Request, who: str, said: dict[str, Any], error: type[Exception]
) -> None:
    people: dict[str, User] = finops.people | {"engineer": finops.engineer, "outsider": UserFactory.create(name="Outsider")}
    before = everything()

    with pytest.raises(error):
        look_back(request_id=done.pk, actor=people[who], **said)

    assert everything() == before
    assert not LookBack.objects.exists()


def test_nobody_looks_back_at_their_own_request(finops: House) -> None:
    finance = finops.people["finance"]
    assign(finance, "engineer", finops.entity)
    own = submitted(User.objects.get(pk=finance.pk), finops.account, "250", kind="spend")

    with pytest.raises(NotAllowed, match="their own"):
        look_back(request_id=own.pk, actor=finance, outcome="in_order")
    with pytest.raises(IntegrityError, match="their own"), transaction.atomic():
        LookBack.objects.create(request=own, round=1, outcome="in_order", person=finance, at=MONDAY)


def test_what_people_approved_is_not_looked_back_at(finops: House) -> None:
    request = submitted(finops.engineer, finops.account, "3000", kind="spend")
    assert len(stages_of(request)) == 1

    with pytest.raises(WrongState, match="not approved by the policy"):
        look_back(request_id=request.pk, actor=finops.people["finance"], outcome="in_order")
    with pytest.raises(IntegrityError, match="Only what a policy approved"), transaction.atomic():
        LookBack.objects.create(request=request, round=1, outcome="in_order", person=finops.people["finance"], at=MONDAY)


def test_plain_sql_rejects_nothing_that_a_policy_approved(done: Request) -> None:
    with pytest.raises(IntegrityError, match="or by looking back"), transaction.atomic():
        Request.objects.filter(pk=done.pk).update(state="rejected")
