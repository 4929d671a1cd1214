"""A limit that facts went over: asked about by itself, once, raised, answered, ended by a credit, and never silent."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client

from approvals.models import Overrun, Request, Stage
from approvals.services.decisions import approve_stage, reject_stage, send_back
from approvals.services.overrides import ask_override
from approvals.services.overruns import attend_overruns
from approvals.services.policies import load_policy
from approvals.services.requests import submit_request, withdraw_request
from budgets.models import FundsAccount, Journal
from core import clock
from core.errors import WrongState
from core.models import AuditRecord, Notice, OutboxEvent, User
from core.services.outbox import drain
from reconciliation.models import ExceptionItem
from tests.factories.approvals import MARCH, approve_all, draft, everything, read_yaml, stages_of
from tests.factories.budgets import allot, move
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def line(kafka: House) -> FundsAccount:
    """Return a line that may hold 12,000.00 in 2026, of a budget that the engineer owns."""
    budget = kafka.budget.budget
    budget.owner = kafka.engineer
    budget.save()
    handle()
    return kafka.budget.accounts["PRODUCT", "training"]


def spend(account: FundsAccount, amount: str) -> int:
    """Post spend that has happened, let what was announced be handled, and return the journal's id."""
    posted = move(account, "spent", amount, month=MARCH, is_fact=True)
    handle()
    return posted.id


def handle() -> None:
    """Hand out what was announced. Postings are announced at the database's own clock, which goes on while the test's stands."""
    OutboxEvent.objects.filter(topic="budgets.posted", handled_at=None).update(due_at=clock.now())
    drain()


def overruns() -> list[tuple[str, Decimal]]:
    return [(row.state, row.amount) for row in Overrun.objects.order_by("pk")]


def test_an_overrun_starts_a_request_by_itself(kafka: House, line: FundsAccount) -> None:
    spend(line, "12500.25")

    request = Request.objects.get()
    overrun = Overrun.objects.get()
    stage = stages_of(request)[0]
    assert (request.kind, request.subject_kind, request.state) == ("override", "overrun", "submitted")
    assert (request.amount, request.requester, request.lines.get().account) == (Decimal("500.25"), kafka.engineer, line)
    assert (overrun.state, overrun.amount, overrun.request) == ("asked", Decimal("500.25"), request)
    assert (stage.owner, stage.sla, stage.due_at is not None) == (kafka.people["executive_sponsor"], "1 business day", True)
    # Purser is the author: nobody is said to have done it.
    records = AuditRecord.objects.filter(verb__in=["overrun.opened", "request.submitted"])
    assert [(record.verb, record.actor) for record in records.order_by("pk")] == [
        ("overrun.opened", None),
        ("request.submitted", None),
    ]
    told = set(Notice.objects.values_list("person__name", "kind"))
    assert {("Engineer", "approvals.overrun_asked"), ("Executive sponsor", "approvals.assigned")} <= told
    assert not ExceptionItem.objects.exists()


def test_programs_read_overruns_of_the_lines_whose_figures_they_see(
    client: Client, kafka: House, line: FundsAccount, outsider: User
) -> None:
    spend(line, "12500.25")
    client.force_login(kafka.people["finance"])
    [row] = client.get("/api/v1/overruns?state=asked").json()["results"]
    ended = client.get("/api/v1/overruns?state=ended").json()["results"]
    client.force_login(outsider)
    others = client.get("/api/v1/overruns").json()

    assert (row["amount"], row["account"], row["state"]) == ("500.25", line.pk, "asked")
    assert row["request"] == Request.objects.get().number
    assert ended == []
    assert others.get("results", []) == []


def test_the_event_again_changes_nothing(line: FundsAccount) -> None:
    journal = spend(line, "12500")
    before = everything(), overruns()

    assert attend_overruns(journal_id=journal) == 0
    OutboxEvent.objects.filter(topic="budgets.posted").update(handled_at=None)
    handle()

    assert (everything(), overruns()) == before


def test_what_keeps_its_limit_starts_nothing(kafka: House, line: FundsAccount) -> None:
    spend(line, "12000")

    assert (Request.objects.count(), overruns()) == (0, [])


def test_a_second_one_of_the_same_window_raises_what_is_asked(line: FundsAccount) -> None:
    spend(line, "12500")
    first = stages_of(Request.objects.get())[0]
    spend(line, "100")

    request = Request.objects.get()
    assert (request.amount, request.round, request.state) == (Decimal(600), 2, "submitted")
    assert overruns() == [("asked", Decimal(600))]
    first.refresh_from_db()
    assert first.state == Stage.State.SKIPPED
    assert [stage.state for stage in stages_of(request)] == ["assigned"]


def test_what_is_asked_at_a_line_counts_at_the_limits_above_it(kafka: House, line: FundsAccount) -> None:
    other = kafka.budget.accounts["PLATFORM", "training"]
    spend(line, "12500")
    spend(other, "12300")

    # Their category is 800.00 over, and both lines answer for that.
    assert overruns() == [("asked", Decimal(500)), ("asked", Decimal(300))]


def test_a_credit_lowers_it_and_ends_it(line: FundsAccount) -> None:
    spend(line, "12500")
    spend(line, "-200")
    request = Request.objects.get()
    assert (overruns(), request.state, request.round) == ([("asked", Decimal(300))], "submitted", 1)

    spend(line, "-300")

    request.refresh_from_db()
    assert (overruns(), request.state) == ([("ended", Decimal(0))], "withdrawn")
    withdrawn = AuditRecord.objects.get(verb="request.withdrawn")
    assert withdrawn.actor is None
    assert not Stage.objects.filter(state=Stage.State.ASSIGNED).exists()


def test_budget_that_is_added_ends_it_too(line: FundsAccount) -> None:
    spend(line, "12500")
    allot(line, "500", month=MARCH)
    handle()

    assert overruns() == [("ended", Decimal(0))]
    assert Request.objects.get().state == Request.State.WITHDRAWN


def test_approved_it_stands_and_what_comes_on_top_is_asked_by_itself(line: FundsAccount) -> None:
    spend(line, "12500")
    approve_all(Request.objects.get())
    assert overruns() == [("approved", Decimal(500))]
    spend(line, "50")
    assert overruns() == [("approved", Decimal(500)), ("asked", Decimal(50))]
    assert [request.amount for request in Request.objects.order_by("pk")] == [Decimal(500), Decimal(50)]

    # A credit takes from what is still asked first, then from what was approved; spent again, it is asked again.
    spend(line, "-150")
    assert overruns() == [("approved", Decimal(400)), ("ended", Decimal(0))]
    spend(line, "70")
    assert overruns()[2:] == [("asked", Decimal(70))]


def test_not_approved_finance_sees_to_it_until_a_credit_ends_it(kafka: House, line: FundsAccount) -> None:
    spend(line, "12500")
    request = Request.objects.get()
    stage = stages_of(request)[0]
    reject_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="No.")
    drain()
    item = ExceptionItem.objects.get()
    assert (overruns(), item.code, item.owner, item.amount) == ([("refused", Decimal(500))], "overrun", kafka.engineer, 500)
    assert "was not approved" in item.sentence

    spend(line, "-500")

    item.refresh_from_db()
    assert (overruns(), item.closed_at is not None) == ([("ended", Decimal(0))], True)


def test_withdrawn_by_its_asker_it_is_no_secret(kafka: House, line: FundsAccount) -> None:
    spend(line, "12500")
    withdraw_request(request_id=Request.objects.get().pk, actor=kafka.engineer)
    drain()

    assert overruns() == [("refused", Decimal(500))]
    assert ExceptionItem.objects.filter(code="overrun", closed_at=None).count() == 1


def test_sent_back_its_asker_submits_it_again_unless_it_is_over(kafka: House, line: FundsAccount) -> None:
    spend(line, "12500")
    request = Request.objects.get()
    stage = stages_of(request)[0]
    send_back(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Why?")
    drain()
    assert overruns() == [("asked", Decimal(500))]
    submit_request(request_id=request.pk, actor=kafka.engineer)
    assert Request.objects.get().round == 2
    stage = stages_of(request)[0]
    approve_stage(stage_id=stage.pk, actor=stage.owner, digest=Request.objects.get().digest)
    assert overruns() == [("approved", Decimal(500))]


def test_where_the_policy_knows_neither_it_is_an_exception_with_an_owner(kafka: House, line: FundsAccount) -> None:
    document = read_yaml("demo/policies/kafka.yaml")
    del document["kinds"]["override"]
    document["rules"] = [rule for rule in document["rules"] if rule["kind"] != "override"]
    load_policy(document=document, entity=kafka.entity, actor=None)

    spend(line, "12500")
    item = ExceptionItem.objects.get()
    assert (overruns(), Request.objects.count()) == ([("unasked", Decimal(500))], 0)
    assert (item.owner, item.amount, "knows no overrun" in item.sentence) == (kafka.engineer, 500, True)
    assert Notice.objects.filter(person=kafka.engineer, kind="reconciliation.overrun").count() == 1
    spend(line, "1")
    item.refresh_from_db()
    assert (overruns(), item.amount) == ([("unasked", Decimal(501))], 501)

    # As soon as a policy says who decides, the next posting has it asked about, and the exception closes.
    load_policy(document=read_yaml("demo/policies/kafka.yaml"), entity=kafka.entity, actor=None)
    spend(line, "1")
    item.refresh_from_db()
    assert (overruns(), item.closed_at is not None) == ([("asked", Decimal(502))], True)


def test_a_policy_may_have_a_kind_of_its_own_for_it(kafka: House, line: FundsAccount) -> None:
    document = read_yaml("demo/policies/kafka.yaml")
    document["kinds"]["overrun"] = {"name": "Overrun", "subject": "overrun"}
    document["rules"] += [
        {"kind": "overrun", "up_to": 100, "stages": ["department_head"], "sla": "3 business days"},
        {"kind": "overrun", "over": 100, "stages": ["cfo"], "sla": "1 business day"},
    ]
    load_policy(document=document, entity=kafka.entity, actor=None)

    spend(line, "12100")
    assert stages_of(Request.objects.get())[0].owner == kafka.people["department_head"]
    spend(line, "0.01")
    assert stages_of(Request.objects.get())[0].owner == kafka.people["cfo"]


def test_an_approved_override_is_not_asked_about_again(kafka: House, line: FundsAccount) -> None:
    wanted = draft(kafka.engineer, line, "12100", kind="scope_change")
    override = ask_override(actor=kafka.engineer, covers_id=wanted.pk, reason="It must be.", form_key=uuid4())
    approve_all(override)
    submit_request(request_id=wanted.pk, actor=kafka.engineer)
    spend(line, "50")

    assert overruns() == [("approved", Decimal(100)), ("asked", Decimal(50))]
    assert Overrun.objects.order_by("pk")[0].request == wanted


def test_a_handler_that_fails_leaves_the_posting_as_it_is(line: FundsAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **more: object) -> None:
        raise WrongState("Broken.")

    with monkeypatch.context() as patch:
        patch.setattr("approvals.services.overruns.stands_over", broken)
        spend(line, "12500")
    assert (Journal.objects.filter(kind="spend").count(), overruns()) == (1, [])

    handle()
    assert overruns() == [("asked", Decimal(500))]


def test_the_budget_page_says_it_with_the_next_step(client: Client, kafka: House, line: FundsAccount) -> None:
    spend(line, "12500")
    number = Request.objects.get().number
    client.force_login(kafka.people["executive_sponsor"])
    page = client.get("/budgets/SMALL/").content.decode()
    assert all(text in page for text in ("500.00 USD over its limit", f"{number} waits for", f"/requests/{number}/"))
    page = client.get(f"/requests/{number}/").content.decode()
    assert all(text in page for text in ("Over its limit", "Purser asks in your name"))

    approve_all(Request.objects.get())
    assert "over its limit" not in client.get("/budgets/SMALL/").content.decode()
