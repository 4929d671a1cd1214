"""Two moves between the same lines, in opposite ways, approved at once are both done; of two amendments one is."""

import pytest

from approvals.services.decisions import approve_stage
from core import clock
from core.errors import Stale
from tests.factories.approvals import MONDAY, stages_of
from tests.factories.budgets import allot
from tests.factories.changes import allotted, asked_to_amend, asked_to_move, planned_budget
from tests.fixtures.approvals import House
from tests.races.test_decisions import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_moves_crosswise_are_both_done(kafka: House) -> None:
    there, here = kafka.account, kafka.budget.accounts["PRODUCT", "software"]
    allot(here, "1000000", month=MONDAY.date().replace(day=1))
    before = allotted(there), allotted(here)
    with clock.at(MONDAY):
        moves = [
            asked_to_move(kafka.engineer, there, here, "60000"),
            asked_to_move(kafka.engineer, here, there, "70000"),
        ]
        stages = [stages_of(each)[0] for each in moves]

    def approve(index: int) -> None:
        with clock.at(MONDAY):
            approve_stage(stage_id=stages[index].pk, actor=stages[index].owner, digest=moves[index].digest)

    outcomes = at_once(lambda: approve(0), lambda: approve(1))

    assert outcomes == [None, None]
    assert (allotted(there), allotted(here)) == (before[0] + 10000, before[1] - 10000)


def test_of_two_amendments_approved_at_once_one_is_in_force_and_the_other_stale(kafka: House) -> None:
    version = planned_budget(kafka.account)
    whole = allotted(kafka.account)
    with clock.at(MONDAY):
        both = [asked_to_amend(kafka.engineer, version, software=amount) for amount in ("11000", "11100")]
        last = []
        for request in both:
            first, second = stages_of(request)
            approve_stage(stage_id=first.pk, actor=first.owner, digest=request.digest)
            last.append(second)

    def approve(index: int) -> None:
        with clock.at(MONDAY):
            approve_stage(stage_id=last[index].pk, actor=last[index].owner, digest=both[index].digest)

    outcomes = at_once(lambda: approve(0), lambda: approve(1))

    assert [type(outcome) for outcome in outcomes if outcome is not None] == [Stale]
    assert allotted(kafka.account) in {whole + 1000, whole + 1100}
