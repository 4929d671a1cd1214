"""Emergencies: committed at once within limits and funds, three debts with clocks, and a privilege that sleeps."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from approvals.models import Debt, DebtTimer, Emergency, EmergencyLimit, EmergencyTerms, Request
from approvals.services import debts
from approvals.services.debts import fire_debts
from approvals.services.emergencies import declare_emergency, pay_debt, state_terms
from budgets.selectors.balances import thread_balance
from budgets.services.ledger import Posting, post
from core import clock
from core.errors import InvalidInput, NoFunds, NotAllowed, Refusal, WrongState
from core.models import AuditRecord, Notice, User
from core.services import outbox
from tests.factories.approvals import MONDAY, draft, everything, held, read_yaml, submitted
from tests.factories.budgets import CostCentreFactory
from tests.factories.core import UserFactory, assign
from tests.factories.emergencies import debt_of, declared, paid, terms, word_of
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def kafka_terms(kafka: House) -> EmergencyTerms:
    assign(kafka.engineer, "project_manager", kafka.entity, kind="approver")
    return terms(kafka.entity, {"project_manager": 25000})


@pytest.fixture
def wanted(kafka: House, kafka_terms: EmergencyTerms) -> Request:
    return draft(kafka.engineer, kafka.account, "1200")


@pytest.fixture
def emergency(wanted: Request, director: User) -> Emergency:
    return declared(wanted, director)


def _count() -> dict[str, int]:
    return everything() | {model.__name__: model.objects.count() for model in (Emergency, Debt, DebtTimer)}


def _at(hours: float) -> Any:
    return clock.at(MONDAY + timedelta(hours=hours))


def test_it_is_committed_at_once_and_three_debts_are_owed(kafka: House, wanted: Request, director: User) -> None:
    emergency = declared(wanted, director)
    wanted.refresh_from_db()
    assert (wanted.state, held(kafka.account)) == ("approved", (Decimal(0), Decimal(1200)))
    assert not wanted.stages.exists()
    owed = [(debt.kind, debt.owner, debt.due_at - MONDAY) for debt in emergency.debts.all()]
    assert owed == [
        ("written", director, timedelta(hours=24)),
        ("review", kafka.engineer, timedelta(weeks=1)),
        ("impact", kafka.engineer, timedelta(weeks=2)),
    ]
    assert wanted.rounds.get().outcome == "approved"
    told = AuditRecord.objects.get(verb="emergency.declared")
    assert (told.actor, told.after and told.after["approver"]) == (kafka.engineer, director.pk)
    outbox.drain()
    assert Notice.objects.get(person=director, kind="approvals.emergency_asked").level == "act"
    assert Notice.objects.filter(person=kafka.people["finance"], kind="approvals.emergency_declared").count() == 1


def test_its_trace_says_within_what_time_the_word_is_owed(kafka: House, wanted: Request, director: User) -> None:
    terms(kafka.entity, {"project_manager": 25000}, written_within="2 business days")
    declared(wanted, director)
    wanted.refresh_from_db()
    assert "owed within 2 business days" in wanted.trace[0]["reason"]


def test_of_finance_those_hear_of_it_who_keep_the_books_there(kafka: House, wanted: Request, director: User) -> None:
    here, elsewhere = UserFactory.create_batch(2)
    assign(here, "bookkeeper", kafka.entity, kind="finance", cost_centre=kafka.account.cost_centre)
    beside = CostCentreFactory.create(entity=kafka.entity)
    assign(elsewhere, "bookkeeper", kafka.entity, kind="finance", cost_centre=beside)
    declared(wanted, director)
    outbox.drain()
    told = Notice.objects.filter(kind="approvals.emergency_declared").values_list("person", flat=True)
    assert set(told) == {here.pk, kafka.people["finance"].pk}


def test_the_golden_limits_and_times_hold(distro: House) -> None:
    golden = read_yaml("tests/golden/distro_nation.yaml")["emergency"]
    steps = {step["what"]: step["within"] for step in golden["steps"]}
    assert steps["written approval"] == "24 hours"
    assert (steps["post-incident review"], steps["cost impact analysis and ongoing approval"]) == ("1 week", "2 weeks")
    limits = {code: amount for code, amount in golden["limits_without_approval"].items() if code in distro.people}
    stated = terms(distro.entity, limits, per="month", criteria=golden["criteria"])
    assert (stated.written_within, stated.review_within, stated.impact_within) == ("24 hours", "168 hours", "336 hours")
    lead, director = distro.people["team_lead"], distro.people["engineering_director"]
    kind = {"kind": "monthly_cost", "monthly_increase": Decimal(1)}
    with pytest.raises(NotAllowed) as refused:
        declared(draft(lead, distro.account, "100.01", **kind), director, criterion=golden["criteria"][0])
    assert refused.value.code == "above_limit"
    declared(draft(lead, distro.account, "60", **kind), director, criterion=golden["criteria"][0])
    with pytest.raises(NotAllowed, match=r"up to 40\.00"):
        declared(draft(lead, distro.account, "41", **kind), director, criterion=golden["criteria"][0])
    declared(draft(lead, distro.account, "40", **kind), director, criterion=golden["criteria"][0])


def test_kafkas_emergencies_stop_at_the_golden_limit(kafka: House, kafka_terms: EmergencyTerms, director: User) -> None:
    rows = read_yaml("tests/golden/kafka_migration.yaml")["limits"]
    golden = next(row for row in rows if row["what"] == "emergency procurement")
    assert (Decimal(golden["limit"]), golden["approval_after_the_fact_within"]) == (Decimal(25000), kafka_terms.written_within)
    declared(draft(kafka.engineer, kafka.account, golden["limit"]), director)
    with pytest.raises(NotAllowed, match=r"25,000\.00"):
        declared(draft(kafka.engineer, kafka.account, Decimal(golden["limit"]) + Decimal("0.01")), director)


def test_funds_control_holds_as_for_any_request(kafka: House, kafka_terms: EmergencyTerms, director: User) -> None:
    terms(kafka.entity, {"project_manager": 5_000_000})
    wanted = draft(kafka.engineer, kafka.account, "2000000")
    before = _count()
    with pytest.raises(NoFunds):
        declared(wanted, director)
    assert _count() == before


def _with(**more: Any) -> Callable[[Request, House], Any]:
    def try_it(request: Request, house: House) -> Any:
        data = word_of(**{"approver": house.people["program_director"], **more})
        return declare_emergency(request_id=request.pk, actor=request.requester, data=data)

    return try_it


def _by_oneself(request: Request, house: House) -> Any:
    return declared(request, house.engineer)


def _by_a_stranger(request: Request, house: House) -> Any:
    return declared(request, UserFactory.create())


def _above_the_approvers_limit(request: Request, house: House) -> Any:
    house.people["program_director"].assignments.update(limit=Decimal(10))
    return declared(request, User.objects.get(pk=house.people["program_director"].pk))


def _of_somebody_else(request: Request, house: House) -> Any:
    approver = house.people["program_director"]
    return declare_emergency(request_id=request.pk, actor=house.people["tech_lead"], data=word_of(approver))


@pytest.mark.parametrize(
    "attempt",
    [
        _with(criterion="I would like it"),
        _with(words=" "),
        _with(approver=None),
        _with(spoken_at=None),
        _with(spoken_at=MONDAY + timedelta(minutes=1)),
        _with(spoken_at=MONDAY - timedelta(hours=25)),
        _by_oneself,
        _by_a_stranger,
        _above_the_approvers_limit,
        _of_somebody_else,
    ],
)
def test_what_is_no_emergency_is_refused_and_moves_nothing(
    wanted: Request, kafka: House, attempt: Callable[[Request, House], Any]
) -> None:
    before = _count()
    with pytest.raises(Refusal):
        attempt(wanted, kafka)
    assert _count() == before


def test_without_terms_or_limit_nobody_declares_one(kafka: House, director: User) -> None:
    request = draft(kafka.engineer, kafka.account)
    with pytest.raises(Refusal, match="has not stated"):
        declared(request, director)
    terms(kafka.entity, {"tech_lead": 500})
    with pytest.raises(NotAllowed, match="No role of yours"):
        declared(request, director)


def test_confirmed_reviewed_and_going_on_nothing_is_owed(emergency: Emergency, director: User, kafka: House) -> None:
    outbox.drain()
    paid(emergency, "written", "confirmed")
    paid(emergency, "review")
    stated = paid(emergency, "impact", text="4,000 a month from now on.")
    assert (stated.owner, stated.closed_at) == (director, None)
    paid(emergency, "impact", "goes_on")
    outbox.drain()
    assert not emergency.debts.filter(closed_at__isnull=True).exists()
    assert held(kafka.account) == (Decimal(0), Decimal(1200))
    assert not Notice.objects.filter(kind__startswith="approvals.emergency", level="act", read_at__isnull=True).exists()
    with pytest.raises(WrongState):
        pay_debt(debt_id=debt_of(emergency, "review").pk, actor=kafka.engineer, text="Again.")


def test_denied_what_is_not_spent_is_free_and_the_request_rejected(emergency: Emergency, kafka: House, director: User) -> None:
    with pytest.raises(InvalidInput):
        paid(emergency, "written", "denied", text=" ")
    paid(emergency, "written", "denied", text="I was on leave.")
    request = Request.objects.get(pk=emergency.request_id)
    emergency.refresh_from_db()
    assert (request.state, emergency.denied_at, held(kafka.account)) == ("rejected", MONDAY, (Decimal(0), Decimal(0)))
    outbox.drain()
    told = Notice.objects.get(person=kafka.people["finance"], kind="approvals.emergency_denied")
    assert "Spent already: 0.00 USD" in told.body
    # Review and impact are owed all the more.
    assert emergency.debts.filter(closed_at__isnull=True).count() == 2


def test_denied_what_was_spent_stays_spent(emergency: Emergency, kafka: House) -> None:
    line = emergency.request.lines.get()
    spent = [
        Posting(line.account_id, line.month, "committed", Decimal(-500), line.thread),
        Posting(line.account_id, line.month, "spent", Decimal(500), line.thread),
    ]
    key = f"request:{emergency.request_id}:round:1:commit"
    post(key="bill", kind="spend", entity=kafka.entity, postings=spent, actor=None, source=("test", "1"), settles=key)
    paid(emergency, "written", "denied", text="No.")
    balance = thread_balance([line.thread])[line.thread]
    assert (balance["committed"], balance["spent"]) == (Decimal(0), Decimal(500))


def test_ended_after_the_impact_the_rest_is_free(emergency: Emergency, kafka: House) -> None:
    paid(emergency, "impact", text="The outage is over.")
    paid(emergency, "impact", "ends", text="No more of it.")
    assert held(kafka.account) == (Decimal(0), Decimal(0))
    assert Request.objects.get(pk=emergency.request_id).state == "approved"


def test_while_a_debt_is_overdue_the_privilege_sleeps(emergency: Emergency, kafka: House, director: User) -> None:
    request = draft(kafka.engineer, kafka.account, "10")
    with _at(23.9):
        declared(request, director)
    another = draft(kafka.engineer, kafka.account, "11")
    with _at(24):
        before = _count()
        with pytest.raises(NotAllowed) as refused:
            declared(another, director)
        assert (refused.value.code, _count()) == ("sleeps", before)
        # The usual way stays open.
        submitted(kafka.engineer, kafka.account, "12")
        paid(emergency, "written", "confirmed")
    with _at(24.5):
        paid(Emergency.objects.get(request=request), "written", "confirmed")
        declared(another, director)


def test_the_database_lets_it_sleep_too(emergency: Emergency, kafka: House, director: User) -> None:
    other = submitted(kafka.engineer, kafka.account, "10")
    kept = ("terms", "requester", "approver", "criterion", "spoken_at", "words", "amount")
    row = {name: getattr(emergency, name) for name in kept}
    with pytest.raises(DatabaseError, match="overdue debt"), transaction.atomic():
        Emergency.objects.create(request=other, declared_at=MONDAY + timedelta(hours=24), **row)
    with transaction.atomic():
        Emergency.objects.create(request=other, declared_at=MONDAY + timedelta(hours=23), **row)
        transaction.set_rollback(True)


def test_the_database_keeps_what_was_stated(emergency: Emergency, kafka: House) -> None:
    changes: list[Callable[[], Any]] = [
        lambda: EmergencyTerms.objects.update(criteria=["Anything"]),
        lambda: EmergencyLimit.objects.update(amount=1_000_000),
        lambda: Emergency.objects.update(words="Other."),
        lambda: Debt.objects.update(due_at=MONDAY + timedelta(days=100)),
        lambda: Debt.objects.all().delete(),
        lambda: Request.objects.filter(pk=emergency.request_id).update(state="rejected"),
        lambda: Debt.objects.filter(kind="review").update(closed_at=MONDAY, closed_by=kafka.engineer, outcome="confirmed"),
    ]
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_its_clocks_remind_warn_and_escalate_once(emergency: Emergency, director: User, kafka: House) -> None:
    found = []
    for hours in (11.9, 12, 24, 24, 48):
        with _at(hours):
            found.append(fire_debts())
            outbox.drain()
    assert found == [0, 1, 1, 0, 1]
    debt = debt_of(emergency, "written")
    assert (debt.breached_at, debt.escalated_at) == (MONDAY + timedelta(hours=24), MONDAY + timedelta(hours=48))
    told = set(Notice.objects.filter(person=director).values_list("kind", flat=True))
    assert {"approvals.emergency_written_warned_owner", "approvals.emergency_written_breached_owner"} <= told
    assert Notice.objects.filter(person=kafka.people["finance"], kind="approvals.emergency_written_escalated").count() == 1
    with _at(49):
        paid(emergency, "written", "confirmed")
        paid(emergency, "review")
    with _at(24 * 20):
        assert fire_debts() == 3


def test_a_clock_whose_effect_no_wall_lets_stand_holds_up_no_other(emergency: Emergency, monkeypatch: pytest.MonkeyPatch) -> None:
    fire = debts._fire

    def without_its_effect(timer: DebtTimer, now: datetime) -> None:
        if timer.kind == DebtTimer.Kind.BREACH:
            DebtTimer.objects.filter(pk=timer.pk).update(fired_at=now)
        else:
            fire(timer, now)

    monkeypatch.setattr(debts, "_fire", without_its_effect)
    with _at(24):
        assert fire_debts() == 1
    late = DebtTimer.objects.get(debt=debt_of(emergency, "written"), kind=DebtTimer.Kind.BREACH)
    assert (late.fired_at, late.attempts) == (None, 1)


def test_once_overdue_another_whose_word_was_enough_answers(emergency: Emergency, kafka: House) -> None:
    written = debt_of(emergency, "written")
    sponsor = User.objects.get(pk=kafka.people["executive_sponsor"].pk)
    with pytest.raises(NotAllowed):
        pay_debt(debt_id=written.pk, actor=sponsor, outcome="confirmed")
    with _at(24):
        fire_debts()
        for person in (kafka.engineer, UserFactory.create()):
            with pytest.raises(NotAllowed):
                pay_debt(debt_id=written.pk, actor=person, outcome="confirmed")
        assert pay_debt(debt_id=written.pk, actor=sponsor, outcome="confirmed").closed_by == sponsor
        with pytest.raises(NotAllowed):
            pay_debt(debt_id=debt_of(emergency, "review").pk, actor=sponsor, text="Mine.")


def test_terms_are_stated_by_an_administrator_and_numbered(kafka: House, kafka_terms: EmergencyTerms) -> None:
    for actor in (kafka.engineer, kafka.people["finance"]):
        with pytest.raises(NotAllowed):
            terms(kafka.entity, {"tech_lead": 5}, actor=actor)
    administrator = UserFactory.create()
    assign(administrator, "administrator", kafka.entity, kind="administrator")
    with pytest.raises(InvalidInput) as refused:
        state_terms(entity=kafka.entity, criteria=[" "], limits=[], actor=administrator, written_within="soon")
    assert set(refused.value.details) == {"criteria", "limits", "written_within"}
    second = terms(kafka.entity, {"tech_lead": 5}, actor=administrator)
    assert second.number == kafka_terms.number + 1
    assert AuditRecord.objects.filter(verb="emergency_terms.stated", actor=administrator).count() == 1
