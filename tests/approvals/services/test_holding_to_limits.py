"""Limits of a day, a card and a person: what goes above is put before somebody else, or refused with figures."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from approvals.models import Card, Request
from approvals.rules.document import PolicyDocument
from approvals.rules.limits import Held
from approvals.selectors import chains
from approvals.services.policies import load_policy
from approvals.services.requests import submit_request, withdraw_request
from core import clock
from core.errors import InvalidInput, NotAllowed
from core.models import RoleAssignment
from tests.factories.approvals import MONDAY, at, draft, everything, held, line, read_yaml, stages_of, submitted
from tests.factories.budgets import allot
from tests.factories.core import UserFactory
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
GOLDEN = {row["what"]: row for row in read_yaml("tests/golden/kafka_migration.yaml")["limits"]}
DAY = {"what": "per_day", "amount": GOLDEN["spend per day"]["limit"], "above_needs": "executive_sponsor", "sla": "1 business day"}
CARD = {"what": "card_month", "amount": GOLDEN["credit card"]["limit"]}


def limited(house: House, *limits: dict[str, Any], name: str = "kafka") -> House:
    document = read_yaml(f"demo/policies/{name}.yaml") | {"limits": list(limits)}
    load_policy(document=document, entity=house.entity, actor=None)
    return house


def card(house: House, **more: Any) -> Card:
    return Card.objects.create(
        **{"entity": house.entity, "holder": house.engineer, "label": "Travel card", "last_four": "1234", **more}
    )


def roles(request: Request) -> list[str]:
    return [stage.role_code for stage in stages_of(request)]


def reasons(request: Request) -> list[str]:
    return [step["reason"] for step in request.trace if step["position"] == 0]


def test_above_the_golden_five_thousand_a_day_an_executive_decides_too(kafka: House) -> None:
    limited(kafka, DAY)
    first = submitted(kafka.engineer, kafka.account, "3000")
    exactly = submitted(kafka.engineer, kafka.account, "2000")
    above = submitted(kafka.engineer, kafka.account, "0.01")

    assert [roles(each) for each in (first, exactly)] == [["program_director"]] * 2
    assert roles(above) == ["program_director", "executive_sponsor"]
    assert [stage.by_limit for stage in stages_of(above)] == [False, True]
    [said] = reasons(above)
    figures = "With 5,000.00 asked for today before, this comes to 5,000.01 USD; the limit is 5,000.00 USD a day."
    assert said == f"{figures} Executive sponsor decides too."


def test_the_day_is_that_of_the_organization_and_what_was_let_go_counts_no_more(kafka: House) -> None:
    limited(kafka, DAY)
    kafka.entity.time_zone = "Asia/Tokyo"
    kafka.entity.save()
    with at(2026, 3, 2, 14, 59):
        submitted(kafka.engineer, kafka.account, "4000")
        gone = submitted(kafka.engineer, kafka.account, "900")
        withdraw_request(request_id=gone.pk, actor=kafka.engineer)
        assert roles(submitted(kafka.engineer, kafka.account, "901")) == ["program_director"]
    with at(2026, 3, 2, 15, 1):
        assert roles(submitted(kafka.engineer, kafka.account, "4500")) == ["program_director"]


def test_a_limit_of_a_day_that_names_nobody_refuses_and_nothing_moves(kafka: House) -> None:
    limited(kafka, {"what": "per_day", "amount": 5000})
    submitted(kafka.engineer, kafka.account, "3000")
    kept = draft(kafka.engineer, kafka.account, "2500")
    before = everything()

    with pytest.raises(NotAllowed) as refusal:
        submit_request(request_id=kept.pk, actor=kafka.engineer)

    assert (refusal.value.code, "5,500.00 USD" in refusal.value.message) == ("above_limit", True)
    assert "at most 2,000.00 USD" in refusal.value.remedy
    assert everything() == before


def test_what_the_policy_would_approve_by_itself_is_put_before_somebody_above_a_limit(finops: House) -> None:
    limited(finops, {"what": "per_day", "amount": 300, "above_needs": "executive", "sla": "1 business day"}, name="finops")
    submitted(finops.engineer, finops.account, "250", kind="spend")
    second = submitted(finops.engineer, finops.account, "251", kind="spend")

    assert (second.state, roles(second)) == (Request.State.SUBMITTED, ["executive"])
    assert held(finops.account) == (Decimal(251), Decimal(250))


def test_the_golden_card_takes_two_thousand_five_hundred_a_month(kafka: House) -> None:
    limited(kafka, CARD)
    april = date(2026, 4, 1)
    allot(kafka.account, "9000", month=april)
    paid = card(kafka)
    submitted(kafka.engineer, kafka.account, "2500", card_id=paid.pk)
    kept = draft(kafka.engineer, kafka.account, "0.01", card_id=paid.pk)

    with pytest.raises(NotAllowed, match="on Travel card 1234 in Mar 2026"):
        submit_request(request_id=kept.pk, actor=kafka.engineer)
    later = submitted(kafka.engineer, kafka.account, lines=[line(kafka.account, "2500", month=april)], card_id=paid.pk)
    assert later.card == paid
    assert submitted(kafka.engineer, kafka.account, "2500").state == Request.State.SUBMITTED


def test_a_cards_own_limit_comes_before_the_policys(kafka: House) -> None:
    limited(kafka, {"what": "card", "amount": 100})
    high = card(kafka, request_limit=Decimal(5000))
    low = card(kafka, last_four="9999", month_limit=Decimal(40))

    submitted(kafka.engineer, kafka.account, "4000", card_id=high.pk)
    with pytest.raises(NotAllowed, match=r"40\.00 USD a month"):
        submitted(kafka.engineer, kafka.account, "50", card_id=low.pk)


def test_a_personal_limit_is_that_of_the_role_by_which_one_asks(kafka: House) -> None:
    limited(kafka, {"what": "personal", "above_needs": "executive_sponsor", "sla": "2 business days"})
    RoleAssignment.objects.filter(user=kafka.engineer).update(limit=Decimal(1000))
    kafka.entity.currency = "USD"
    kafka.entity.save()

    assert roles(submitted(kafka.engineer, kafka.account, "1000")) == ["program_director"]
    assert roles(submitted(kafka.engineer, kafka.account, "1000.01")) == ["program_director", "executive_sponsor"]


def test_a_card_of_somebody_else_is_refused_and_by_the_database_too(kafka: House) -> None:
    other = card(kafka, holder=UserFactory.create(name="Other"))
    asleep = card(kafka, last_four="0000", is_active=False)
    for each in (other, asleep):
        with pytest.raises(InvalidInput) as refusal:
            draft(kafka.engineer, kafka.account, card_id=each.pk)
        assert list(refusal.value.details) == ["card"]

    request = draft(kafka.engineer, kafka.account)
    with pytest.raises(IntegrityError, match="a card of whoever asks"), transaction.atomic():
        Request.objects.filter(pk=request.pk).update(card=other)
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        Card.objects.filter(pk=other.pk).update(holder=kafka.engineer)


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ({"what": "per_day"}, "give `amount`"),
        ({"what": "personal", "amount": 5}, "give `amount`"),
        ({"what": "card", "amount": 5, "above_needs": "cfo"}, "`above_needs` and `sla`"),
        ({"what": "card", "amount": 5, "above_needs": "nobody", "sla": "same day"}, "roles does not list nobody"),
    ],
)
def test_a_limit_that_cannot_be_is_refused(limit: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        PolicyDocument.model_validate(read_yaml("demo/policies/kafka.yaml") | {"limits": [limit]})


def test_tomorrow_begins_anew(kafka: House) -> None:
    limited(kafka, DAY)
    submitted(kafka.engineer, kafka.account, "5000")
    with clock.at(MONDAY.replace(day=3)):
        assert roles(submitted(kafka.engineer, kafka.account, "5000")) == ["program_director"]


def _unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant the service's check away: it holds nothing against any limit."""
    monkeypatch.setattr(chains, "held_to_limits", lambda ask, version, stages, *, now: Held(stages, (), ()))


def refused_by_the_wall(step: Callable[[], Any]) -> dict[str, Any]:
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        step()
        _look()
    diag: Any = refused.value.__cause__.diag  # type: ignore[union-attr]  # psycopg's own
    assert diag.sqlstate == "PU403"
    figures: dict[str, Any] = json.loads(diag.message_detail)
    return figures


def _look() -> None:
    """Let every wall look that waits for the transaction's end."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def test_behind_the_service_the_database_adds_the_day_up_itself(kafka: House, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(kafka, {"what": "per_day", "amount": 5000})
    submitted(kafka.engineer, kafka.account, "3000")
    exactly, above = (draft(kafka.engineer, kafka.account, amount) for amount in ("2000", "0.01"))
    _unlimited(monkeypatch)
    submit_request(request_id=exactly.pk, actor=kafka.engineer)
    before = everything()

    figures = refused_by_the_wall(lambda: submit_request(request_id=above.pk, actor=kafka.engineer))

    assert figures == {"limit": "per_day", "most": "5000", "total": "5000.01", "currency": "USD"}
    assert everything() == before
    # Another day, and somebody else on this one, are not held against it.
    with at(2026, 3, 3, 10, 0):
        submit_request(request_id=above.pk, actor=kafka.engineer)
    submitted(kafka.people["tech_lead"], kafka.account, "4999")
    _look()


def test_behind_the_service_the_database_wants_whom_the_limit_asks(kafka: House, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(kafka, DAY)
    submitted(kafka.engineer, kafka.account, "5000")
    asked_too = submitted(kafka.engineer, kafka.account, "1")
    _look()
    assert asked_too.rounds.get().above_role == "executive_sponsor"
    _unlimited(monkeypatch)
    kept = draft(kafka.engineer, kafka.account, "0.01")

    figures = refused_by_the_wall(lambda: submit_request(request_id=kept.pk, actor=kafka.engineer))

    assert figures == {"limit": "per_day", "needs": "executive_sponsor"}


def test_no_day_of_a_submission_is_restated(kafka: House) -> None:
    """What counts on a day stays there: neither its moment nor its subject changes while it waits or is approved."""
    request = submitted(kafka.engineer, kafka.account, "3000")
    for change in ({"submitted_at": MONDAY - timedelta(days=1)}, {"subject_kind": "virement"}):
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            Request.objects.filter(pk=request.pk).update(**change)
