"""A version of a policy from a day on: which one routes when, replaced or withdrawn before its day, never after, never a gap."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import yaml
from django.db import DatabaseError, IntegrityError, connection, transaction

from approvals.models import PolicyVersion, Round
from approvals.selectors.chains import predicted_chain
from approvals.selectors.policies import policy_for, standing_of
from approvals.services.policies import document_text, drop_draft, load_policy, publish_version, withdraw_version
from approvals.services.policy_changes import ask_policy_change
from core import clock
from core.errors import InvalidInput, WrongState
from core.models import AuditRecord, User
from tests.factories.approvals import MONDAY, asked, everything, submitted
from tests.factories.budgets import CostCentreFactory
from tests.factories.policy_changes import KAFKA, a_draft, approved
from tests.fixtures.approvals import LONG_AGO, House

pytestmark = pytest.mark.usefixtures("monday")
APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)
# The house's organization reads UTC.
FIRST_OF_APRIL = datetime(2026, 4, 1, tzinfo=UTC)
BACK = "UPDATE approvals_policyversion SET state = 'draft', published_at = NULL, effective_from = NULL"
BEFORE = FIRST_OF_APRIL - timedelta(microseconds=1)


def next_version(house: House, day: date | None = APRIL, note: str = "From April.", **more: Any) -> PolicyVersion:
    return load_policy(document=KAFKA | {"note": note} | more, entity=house.entity, actor=None, effective_from=day)


def line(house: House) -> list[tuple[int, str, datetime | None, datetime | None]]:
    versions = PolicyVersion.objects.filter(policy=house.policy.policy).order_by("number")
    return [(each.number, each.standing, each.effective_from, each.effective_to) for each in versions]


def routing(house: House, at: datetime) -> int:
    return policy_for(entity=house.entity, cost_centre_paths=["/ENG/"], at=at).number


def test_a_version_holds_from_its_day_on_and_the_one_before_until_then(kafka: House) -> None:
    version = next_version(kafka)

    assert line(kafka) == [(1, "published", LONG_AGO, FIRST_OF_APRIL), (2, "scheduled", FIRST_OF_APRIL, None)]
    assert (routing(kafka, BEFORE), routing(kafka, FIRST_OF_APRIL)) == (1, 2)
    assert submitted(kafka.engineer, kafka.account, "100").policy_version == kafka.policy
    with clock.at(BEFORE):
        assert submitted(kafka.engineer, kafka.account, "101").policy_version == kafka.policy
    with clock.at(FIRST_OF_APRIL):
        assert submitted(kafka.engineer, kafka.account, "102").policy_version == version
        assert [standing for _, standing, _, _ in line(kafka)] == ["retired", "published"]


def test_what_is_in_flight_ends_under_the_version_it_began_with(kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, "100")
    next_version(kafka)

    with clock.at(FIRST_OF_APRIL + timedelta(days=1)):
        request = approved(request)

    assert (request.state, request.policy_version) == ("approved", kafka.policy)


def test_the_day_is_the_organizations(kafka: House) -> None:
    kafka.entity.time_zone = "Europe/Amsterdam"
    kafka.entity.save()

    assert next_version(kafka).effective_from == datetime(2026, 3, 31, 22, tzinfo=UTC)


@pytest.mark.parametrize("day", [None, MONDAY.date()])
def test_no_day_and_today_are_at_once(kafka: House, day: date | None) -> None:
    next_version(kafka, day)

    assert line(kafka) == [(1, "retired", LONG_AGO, MONDAY), (2, "published", MONDAY, None)]


@pytest.mark.parametrize(("day", "said"), [(date(2026, 3, 1), "1 March 2026 is past"), (date(2099, 1, 1), "10 years")])
def test_a_day_that_cannot_be_is_refused_and_nothing_moves(kafka: House, day: date, said: str, administrator: User) -> None:
    draft = _draft(kafka)
    file = KAFKA | {"note": "In the file.", "effective_from": str(day)}
    before = everything()

    calls: tuple[Callable[[], Any], ...] = (
        lambda: next_version(kafka, day),
        lambda: publish_version(version_id=draft.pk, actor=administrator, effective_from=day),
        lambda: load_policy(document=file, entity=kafka.entity, actor=None),
    )
    for call in calls:
        with pytest.raises(InvalidInput, match=said) as refusal:
            call()
        assert list(refusal.value.details) == ["effective_from"]

    assert everything() == before


def _draft(house: House, **more: Any) -> PolicyVersion:
    return load_policy(document=KAFKA | {"note": "A draft."} | more, entity=house.entity, actor=None, publish=False)


def test_a_file_may_name_the_day_and_a_draft_keeps_it(kafka: House, administrator: User) -> None:
    draft = _draft(kafka, effective_from="2026-04-01")
    assert (draft.planned_on, draft.effective_from, "effective_from" in draft.document) == (APRIL, None, False)
    assert yaml.safe_load(document_text(draft))["effective_from"] == APRIL

    version = load_policy(
        document=KAFKA | {"note": "From the file.", "effective_from": "2026-04-01"}, entity=kafka.entity, actor=None
    )
    assert version.effective_from == FIRST_OF_APRIL
    assert load_policy(document=yaml.safe_load(document_text(version)), entity=kafka.entity, actor=None) == version


def test_what_is_scheduled_is_proved(kafka: House) -> None:
    before = everything()

    with pytest.raises(InvalidInput, match="4 things"):
        next_version(kafka, accepted_gaps=[])

    assert everything() == before


# ---------------------------------------------------------------- withdrawn, replaced


def test_it_is_withdrawn_before_its_day_and_the_one_before_stays(kafka: House, administrator: User) -> None:
    version = next_version(kafka)

    with clock.at(BEFORE):
        withdraw_version(version_id=version.pk, actor=administrator)
        assert line(kafka) == [(1, "published", LONG_AGO, None), (2, "draft", None, None)]
        drop_draft(version_id=version.pk, actor=administrator)
    record = AuditRecord.objects.get(verb="policy.withdrawn")
    assert record.before == {"version": 2, "effective_from": FIRST_OF_APRIL.isoformat()}
    assert record.after == {"version": 1}


def test_from_its_day_on_it_is_not_withdrawn_and_the_database_holds_it(kafka: House, administrator: User) -> None:
    version = next_version(kafka)

    with clock.at(FIRST_OF_APRIL):
        before = everything()
        with pytest.raises(WrongState, match="in force"):
            withdraw_version(version_id=version.pk, actor=administrator)
        for sql in (
            f"{BACK}, withdrawn_at = '2026-04-01' WHERE number = 2",
            "UPDATE approvals_policyversion SET effective_from = effective_from + interval '1 day' WHERE number = 2",
            "UPDATE approvals_policyversion SET effective_to = effective_to + interval '1 day' WHERE number = 1",
            "UPDATE approvals_policyversion SET effective_to = NULL, followed_by_id = NULL, state = 'published' WHERE number = 1",
        ):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)
        assert everything() == before


def test_another_for_that_day_or_an_earlier_one_replaces_it(kafka: House, administrator: User) -> None:
    next_version(kafka)
    next_version(kafka, MAY, note="From May.")
    assert [end for _, _, _, end in line(kafka)] == [FIRST_OF_APRIL, datetime(2026, 5, 1, tzinfo=UTC), None]

    next_version(kafka, APRIL, note="From April after all.")

    assert [standing for _, standing, _, _ in line(kafka)] == ["published", "draft", "draft", "scheduled"]
    assert AuditRecord.objects.filter(verb="policy.withdrawn", after__replaced_by=4).count() == 2
    next_version(kafka, None, note="At once.")
    assert line(kafka)[-2:] == [(4, "draft", None, None), (5, "published", MONDAY, None)]


def test_the_last_is_withdrawn_first(kafka: House, administrator: User) -> None:
    april, may = next_version(kafka), next_version(kafka, MAY, note="From May.")

    with pytest.raises(WrongState, match="Withdraw version 3 first"):
        withdraw_version(version_id=april.pk, actor=administrator)
    withdraw_version(version_id=may.pk, actor=administrator)
    withdraw_version(version_id=april.pk, actor=administrator)

    assert standing_of(kafka.policy.policy, FIRST_OF_APRIL) == kafka.policy


def test_an_older_draft_takes_no_later_ones_place(kafka: House, administrator: User) -> None:
    draft = _draft(kafka)
    next_version(kafka)

    with pytest.raises(WrongState, match="was published after this draft"):
        publish_version(version_id=draft.pk, actor=administrator)


def test_the_same_for_the_same_day_changes_nothing_and_for_another_day_is_another(kafka: House) -> None:
    version = next_version(kafka)

    assert next_version(kafka) == version
    assert next_version(kafka, MAY).number == 3


def test_another_part_of_the_organization_is_covered_at_once_or_not_at_all(kafka: House) -> None:
    CostCentreFactory.create(entity=kafka.entity, code="PART")
    before = everything()

    with pytest.raises(WrongState, match="Publish it without a day") as refusal:
        next_version(kafka, cost_centre="PART")
    assert (refusal.value.code, everything()) == ("other_scope", before)

    load_policy(document=KAFKA | {"cost_centre": "PART"}, entity=kafka.entity, actor=None, publish=False)
    kafka.policy.policy.refresh_from_db()
    assert kafka.policy.policy.cost_centre is None


# ---------------------------------------------------------------- by approval


def test_an_approval_publishes_for_the_day_that_was_asked_for(kafka: House, standing: PolicyVersion, administrator: User) -> None:
    draft = a_draft(kafka, administrator)
    request = ask_policy_change(version_id=draft.pk, actor=administrator, reason="From April.", effective_from=APRIL)
    assert request.rounds.get().content["particulars"]["effective_from"] == "2026-04-01"

    approved(request)

    draft.refresh_from_db()
    assert (draft.standing, draft.effective_from) == ("scheduled", FIRST_OF_APRIL)
    assert standing_of(draft.policy) == standing


def test_a_yes_after_the_day_publishes_at_once(kafka: House, standing: PolicyVersion, administrator: User) -> None:
    draft = a_draft(kafka, administrator)
    request = ask_policy_change(version_id=draft.pk, actor=administrator, reason="From April.", effective_from=APRIL)

    with clock.at(FIRST_OF_APRIL + timedelta(days=2)):
        approved(request)

    draft.refresh_from_db()
    assert (draft.planned_on, draft.effective_from) == (None, FIRST_OF_APRIL + timedelta(days=2))


def test_what_was_approved_and_withdrawn_needs_another_approval(
    kafka: House, standing: PolicyVersion, administrator: User
) -> None:
    draft = a_draft(kafka, administrator)
    approved(ask_policy_change(version_id=draft.pk, actor=administrator, reason="From April.", effective_from=APRIL))
    with clock.at(MONDAY + timedelta(hours=1)):
        withdraw_version(version_id=draft.pk, actor=administrator)
        with pytest.raises(WrongState, match="approved first"):
            publish_version(version_id=draft.pk, actor=administrator)
        later = {"state": "published", "published_at": clock.now(), "effective_from": clock.now()}
        with pytest.raises(IntegrityError, match="only by an approval"), transaction.atomic():
            ends = {"state": "retired", "followed_by": draft, "effective_to": clock.now()}
            PolicyVersion.objects.filter(pk=standing.pk).update(**ends)
            PolicyVersion.objects.filter(pk=draft.pk).update(**later)


# ---------------------------------------------------------------- the walls, and what is said before


def test_the_database_lets_no_request_go_by_a_version_that_is_not_in_force(kafka: House) -> None:
    version = next_version(kafka)
    request = submitted(kafka.engineer, kafka.account, "100")
    begun = request.rounds.get()

    for moment, by in ((BEFORE, version), (FIRST_OF_APRIL, kafka.policy)):
        row = Round(
            request=request, number=2, digest=begun.digest, content=begun.content, policy_version=by, trace=begun.trace,
            submitted_at=moment,
        )  # fmt: skip
        with pytest.raises(IntegrityError, match="in force when it is submitted"), transaction.atomic():
            row.save()


def test_the_database_lets_no_gap_and_no_second_line_be(kafka: House) -> None:
    next_version(kafka)
    draft = _draft(kafka)
    later = FIRST_OF_APRIL + timedelta(days=9)

    with pytest.raises(IntegrityError, match="ends_as_the_next_begins"), transaction.atomic():
        ends = {"state": "retired", "followed_by": draft, "effective_to": later}
        PolicyVersion.objects.filter(number=2).update(**ends)
        beginning = {"published_at": MONDAY, "effective_from": later + timedelta(days=1)}
        PolicyVersion.objects.filter(pk=draft.pk).update(state="published", **beginning)
        connection.check_constraints()
    with pytest.raises(IntegrityError, match="one_published"), transaction.atomic():
        beginning = {"published_at": MONDAY, "effective_from": later}
        PolicyVersion.objects.filter(pk=draft.pk).update(state="published", **beginning)


def test_a_prediction_says_that_another_version_is_near(kafka: House) -> None:
    version = next_version(kafka)

    def coming(at: datetime) -> PolicyVersion | None:
        with clock.at(at):
            data = asked(kafka.account, "100")
            return predicted_chain(requester=kafka.engineer, entity=kafka.entity, data=data).coming

    assert coming(MONDAY) is None
    assert coming(FIRST_OF_APRIL - timedelta(days=14)) == version
    assert coming(FIRST_OF_APRIL) is None
