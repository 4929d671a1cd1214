"""A person's own limit: who is seated, who may approve, what the trace and the prediction say, to the cent."""

from decimal import Decimal

import pytest

from approvals.models import Decision, Stage
from approvals.rules.document import PolicyDocument
from approvals.selectors.chains import predicted_chain
from approvals.selectors.proofs import proved, unfillable_sentence
from approvals.selectors.seats import seat_backup
from approvals.services.decisions import approve_stage, reject_stage, send_back
from budgets.services.rates import state_rate
from core.errors import Missing, NotAllowed
from core.models import Entity, RoleAssignment, User
from tests.factories.approvals import MONDAY, asked, everything, read_yaml, stages_of, submitted
from tests.factories.budgets import CostCentreFactory
from tests.factories.core import UserFactory, assign
from tests.fixtures.approvals import House

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]


def limit(person: User, amount: str | None, role_code: str = "program_director") -> None:
    changed = RoleAssignment.objects.filter(user=person, role__code=role_code).update(limit=amount)
    assert changed == 1


@pytest.mark.parametrize(("amount", "seated"), [("1200.00", "program_director"), ("1200.01", "executive_sponsor")])
def test_whoever_s_limit_is_below_is_not_seated_and_the_backup_is(kafka: House, amount: str, seated: str) -> None:
    limit(kafka.people["program_director"], "1200.00")
    [stage] = stages_of(submitted(kafka.engineer, kafka.account, amount))
    assert stage.owner == kafka.people[seated]


def test_the_trace_says_who_was_passed_over_and_the_record_keeps_it(kafka: House) -> None:
    director = kafka.people["program_director"]
    limit(director, "1000")
    request = submitted(kafka.engineer, kafka.account, "1200")
    [chosen] = [step for step in request.trace if step["chosen"]]
    assert chosen["reason"].endswith(f"{director.name} decides up to 1,000.00 USD, so somebody else decides as Program director.")
    assert request.rounds.get().trace == request.trace


def test_without_limits_the_trace_says_nothing_of_them(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, "1200")
    assert not [step for step in request.trace if "decides up to" in step["reason"]]


def test_the_prediction_is_what_happens(kafka: House) -> None:
    limit(kafka.people["program_director"], "1000")
    found = predicted_chain(requester=kafka.engineer, entity=kafka.entity, data=asked(kafka.account, "1200"))
    assert [stage.owner for stage in found.stages] == [kafka.people["executive_sponsor"]]
    assert any("decides up to 1,000.00 USD" in step.reason for step in found.trace)


def test_where_everybody_s_limit_is_below_it_is_refused_with_whom_to_ask(kafka: House) -> None:
    limit(kafka.people["program_director"], "1000")
    limit(kafka.people["executive_sponsor"], "1100", "executive_sponsor")
    before = everything()
    with pytest.raises(Missing, match=r"Nobody can decide as Program director.*decides up to 1,000.00 USD") as refusal:
        predicted_chain(requester=kafka.engineer, entity=kafka.entity, data=asked(kafka.account, "1200"))
    assert refusal.value.code == "no_owner"
    assert everything() == before


def test_the_highest_of_several_assignments_counts(kafka: House) -> None:
    director = kafka.people["program_director"]
    limit(director, "1000")
    centre = kafka.account.cost_centre
    nearer = assign(director, "program_director", kafka.entity, cost_centre=centre)
    RoleAssignment.objects.filter(pk=nearer.pk).update(limit="5000")
    [stage] = stages_of(submitted(kafka.engineer, kafka.account, "1200"))
    assert stage.owner == director


def test_a_limit_elsewhere_says_nothing_here(kafka: House) -> None:
    director = kafka.people["program_director"]
    elsewhere = CostCentreFactory.create(entity=kafka.entity, code="FAR", name="Far")
    far = assign(director, "program_director", kafka.entity, cost_centre=elsewhere)
    RoleAssignment.objects.filter(pk=far.pk).update(limit="1")
    [stage] = stages_of(submitted(kafka.engineer, kafka.account, "1200"))
    assert stage.owner == director


def approve(stage: Stage, person: User) -> None:
    approve_stage(stage_id=stage.pk, actor=person, digest=stage.request.digest)


def test_an_approval_above_a_limit_that_came_later_is_refused_and_names_who_may(kafka: House) -> None:
    director, sponsor = kafka.people["program_director"], kafka.people["executive_sponsor"]
    request = submitted(kafka.engineer, kafka.account, "1200")
    [stage] = stages_of(request)
    limit(director, "1199.99")
    before = everything()
    with pytest.raises(NotAllowed, match=r"You decide up to 1,199.99 USD, and .* asks for 1,200.00 USD") as refusal:
        approve(stage, director)
    assert sponsor.name in refusal.value.remedy
    assert refusal.value.code == "above_limit"
    assert everything() == before
    limit(director, "1200")
    approve(stage, director)
    assert Decision.objects.get().person == director


@pytest.mark.parametrize("answer", [reject_stage, send_back])
def test_saying_no_needs_no_limit(kafka: House, answer: object) -> None:
    request = submitted(kafka.engineer, kafka.account, "1200")
    [stage] = stages_of(request)
    limit(kafka.people["program_director"], "1")
    answer(stage_id=stage.pk, actor=stage.owner, digest=request.digest, comment="Too much for me.")  # type: ignore[operator]
    assert Decision.objects.count() == 1


def test_whoever_lost_the_role_approves_no_more(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, "1200")
    [stage] = stages_of(request)
    RoleAssignment.objects.filter(user=stage.owner, role__code="program_director").delete()
    before = everything()
    with pytest.raises(NotAllowed, match="no longer hold a role"):
        approve(stage, stage.owner)
    assert everything() == before


def test_a_named_backup_whose_limit_is_below_is_replaced_at_escalation(kafka: House) -> None:
    [stage] = stages_of(submitted(kafka.engineer, kafka.account, "1200"))
    sponsor = kafka.people["executive_sponsor"]
    assert stage.backup == sponsor
    second = UserFactory.create(name="Second sponsor")
    assign(second, "executive_sponsor", kafka.entity, kind="executive")
    limit(sponsor, "10", "executive_sponsor")
    assert seat_backup(stage) == second


def test_the_amount_is_weighed_in_the_entity_s_currency(kafka: House) -> None:
    limit(kafka.people["program_director"], "1200")
    Entity.objects.filter(pk=kafka.entity.pk).update(currency="EUR")
    entity = Entity.objects.get(pk=kafka.entity.pk)
    data = asked(kafka.account, "1250")

    def owner() -> User:
        return predicted_chain(requester=kafka.engineer, entity=entity, data=data).stages[0].owner

    assert owner() == kafka.people["executive_sponsor"], "no rate: nobody with a limit vouches for it"
    state_rate(entity=entity, currency="USD", valid_on=MONDAY.date(), rate=Decimal("0.96"), source="test", actor=None)
    assert owner() == kafka.people["program_director"]


def test_the_proof_finds_a_stage_that_limits_leave_to_nobody(kafka: House) -> None:
    document = PolicyDocument.model_validate(read_yaml("demo/policies/kafka.yaml"))
    assert not proved(document, kafka.entity).unfillable
    limit(kafka.people["program_director"], "24999.99")
    limit(kafka.people["executive_sponsor"], "24999.99", "executive_sponsor")
    said = [unfillable_sentence(found) for found in proved(document, kafka.entity).unfillable]
    assert any("decides up to 24,999.99 USD" in sentence for sentence in said)
