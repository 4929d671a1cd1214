"""Links in mails: whom they reach, what ends them, and that one decides once."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import DatabaseError, transaction
from django.test import override_settings

from approvals.models import Decision, DecisionLink, Stage
from approvals.selectors.links import lead_of
from approvals.services.decisions import approve_stage, send_back
from approvals.services.hands import hand_over
from approvals.services.links import decide_by_link, revoke_links
from approvals.services.requests import save_draft, submit_request
from approvals.services.timers import fire_due
from core import clock
from core.errors import NotAllowed, NotFound, Stale
from core.models import AuditRecord, RoleAssignment, User
from core.services import outbox, people
from tests.factories.approvals import MONDAY, asked, everything, stages_of, submitted
from tests.factories.core import UserFactory, assign
from tests.factories.delegations import delegated
from tests.factories.links import linked, mailed
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
ALONE = override_settings(LINK_ALONE_UP_TO={"acme": Decimal(2000)}, REQUIRE_MFA=frozenset())


@pytest.fixture
def stage(kafka: House) -> Stage:
    """Two stages follow one another: a tech lead's, then somebody else's."""
    return stages_of(submitted(kafka.engineer, kafka.account, kind="infrastructure"))[0]


def _secret(address: str) -> str:
    return address.split("/")[2]


def _decide(address: str, person: User, *, verdict: str = "approve", signed_in: bool = True, **more: Any) -> Decision:
    link = DecisionLink.objects.latest("pk")
    digest = more.pop("digest", link.stage.request.digest)
    more |= {"digest": digest, "comment": more.get("comment", "")}
    return decide_by_link(secret=_secret(address), actor=person, signed_in=signed_in, verdict=verdict, **more)


def _holds() -> bool:
    link = DecisionLink.objects.select_related("person", "member", "stage__request__entity").latest("pk")
    return lead_of(link, now=clock.now()) is not None


def test_the_mails_to_owner_backup_and_reminder_carry_links_of_their_own(stage: Stage) -> None:
    outbox.drain()
    assert len(mailed(stage.owner)) == 1
    with clock.at(MONDAY + timedelta(days=2)):
        fire_due()
        outbox.drain()
    with clock.at(MONDAY + timedelta(days=2, minutes=15)):
        outbox.drain()
    found = mailed(stage.owner)
    assert len(found) == len(set(found)) == 2
    kept = list(DecisionLink.objects.values_list("token_hash", "nonce"))
    assert not [row for row in kept for address in found if _secret(address) in row]
    # The page of notices leads where it always led, and shows no secret.
    assert set(stage.owner.notices.values_list("url", flat=True)) == {f"/queue/{stage.pk}/"}


def test_without_days_a_mail_leads_to_the_queue(stage: Stage, settings: Any) -> None:
    settings.LINK_DAYS = 0
    outbox.drain()
    assert not mailed(stage.owner)
    assert not DecisionLink.objects.exists()


def test_it_decides_once_and_the_record_says_how(stage: Stage) -> None:
    address = linked(stage)
    decision = _decide(address, stage.owner, comment="Fine.")
    link = DecisionLink.objects.get()
    assert (link.decision, link.used_at, link.signed_in) == (decision, MONDAY, True)
    told = AuditRecord.objects.get(verb="request.decided_by_link")
    assert told.actor == stage.owner
    assert told.after is not None
    assert (told.after["by"], told.after["signed_in"]) == ("link from mail", True)
    before = everything()
    with pytest.raises(NotFound):
        _decide(address, stage.owner)
    assert everything() == before


def test_the_database_keeps_a_used_link_as_it_is(stage: Stage) -> None:
    _decide(linked(stage), stage.owner)
    unused = {"used_at": None, "decision": None, "signed_in": None}
    changes: list[dict[str, Any]] = [unused, {"revoked_at": MONDAY}, {"person": UserFactory.create()}]
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            DecisionLink.objects.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        DecisionLink.objects.all().delete()


def test_nobody_else_decides_by_it(stage: Stage, kafka: House) -> None:
    address, before = linked(stage), everything()
    for person in (kafka.engineer, stages_of(stage.request)[1].owner, UserFactory.create()):
        with pytest.raises(NotFound):
            _decide(address, person)
    with pytest.raises(NotFound):
        _decide(f"/decide/{'0' * 64}/", stage.owner)
    assert everything() == before


def _decided(stage: Stage) -> None:
    approve_stage(stage_id=stage.pk, actor=stage.owner, digest=stage.request.digest)


def _handed_on_and_back(stage: Stage) -> None:
    """Whoever has it back gets a mail of its own."""
    colleague = UserFactory.create()
    assign(colleague, stage.role_code, stage.request.entity)
    owner = stage.owner
    hand_over(stage_id=stage.pk, actor=owner, person_id=colleague.pk, reason="Away.")
    hand_over(stage_id=stage.pk, actor=colleague, person_id=owner.pk, reason="Back.")


def _shut_and_opened(stage: Stage) -> None:
    administrator = UserFactory.create()
    for active in (False, True):
        person = User.objects.get(pk=stage.owner_id)
        person.is_active = active
        people.change_person(person=person, actor=administrator)
        outbox.drain()


def _lost_the_role_and_got_it_back(stage: Stage) -> None:
    held = RoleAssignment.objects.get(user=stage.owner, role__code=stage.role_code)
    RoleAssignment.objects.filter(pk=held.pk).delete()
    assert not _holds()
    with clock.at(MONDAY + timedelta(hours=1)):
        assign(stage.owner, stage.role_code, stage.request.entity)


def _new_password(stage: Stage) -> None:
    stage.owner.set_password("another one")
    stage.owner.save()


def _taken_back(stage: Stage) -> None:
    revoke_links(person_id=stage.owner_id)


@pytest.mark.parametrize(
    "end", [_decided, _handed_on_and_back, _shut_and_opened, _lost_the_role_and_got_it_back, _new_password, _taken_back]
)
def test_it_ends_with_what_it_is_bound_to(stage: Stage, end: Callable[[Stage], None]) -> None:
    address = linked(stage)
    assert _holds()
    end(stage)
    assert not _holds()
    before = everything()
    with pytest.raises(NotFound):
        _decide(address, User.objects.get(pk=stage.owner_id))
    assert everything() == before


def test_it_ends_after_its_days(stage: Stage) -> None:
    linked(stage)
    with clock.at(MONDAY + timedelta(days=7) - timedelta(seconds=1)):
        assert _holds()
    with clock.at(MONDAY + timedelta(days=7)):
        assert not _holds()


def test_what_was_asked_again_is_decided_as_it_is_now(stage: Stage, kafka: House) -> None:
    address = linked(stage)
    old = stage.request.digest
    send_back(stage_id=stage.pk, actor=stage.owner, digest=old, comment="Name the vendor.")
    assert not _holds()

    data = asked(kafka.account, "1300", kind="infrastructure")
    save_draft(actor=kafka.engineer, entity=kafka.entity, data=data, request_id=stage.request_id)
    submit_request(request_id=stage.request_id, actor=kafka.engineer)
    link = DecisionLink.objects.select_related("person", "member", "stage__request__entity").get()
    lead = lead_of(link, now=MONDAY)
    assert lead is not None
    assert (lead.changed, lead.stage.round) == (True, 2)
    assert [change.after for change in lead.changes if "1,300.00" in change.after]
    with pytest.raises(Stale):
        _decide(address, stage.owner, digest=old)
    decision = _decide(address, stage.owner, digest=lead.stage.request.digest)
    assert (decision.round, decision.stage) == (2, lead.stage)


@ALONE
def test_the_link_alone_is_enough_up_to_the_limit(stage: Stage) -> None:
    decision = _decide(linked(stage), stage.owner, signed_in=False)
    assert DecisionLink.objects.get(decision=decision).signed_in is False
    assert AuditRecord.objects.get(verb="request.decided_by_link", after__signed_in=False).actor == stage.owner


def _no_limit(stage: Stage, settings: Any) -> None:
    settings.LINK_ALONE_UP_TO = {"elsewhere": Decimal(2000)}


def _too_much(stage: Stage, settings: Any) -> None:
    settings.LINK_ALONE_UP_TO = {"acme": Decimal("1199.99")}


def _second_factor(stage: Stage, settings: Any) -> None:
    Authenticator.objects.create(user=stage.owner, type=Authenticator.Type.WEBAUTHN, data={"name": "key", "credential": {}})


def _must_have_one(stage: Stage, settings: Any) -> None:
    settings.REQUIRE_MFA = frozenset(RoleAssignment.objects.filter(user=stage.owner).values_list("role__kind", flat=True))


@pytest.mark.parametrize("bar", [_no_limit, _too_much, _second_factor, _must_have_one])
def test_else_one_signs_in_first(stage: Stage, settings: Any, bar: Callable[..., None]) -> None:
    settings.LINK_ALONE_UP_TO = {"acme": Decimal(2000)}
    bar(stage, settings)
    address, before = linked(stage), everything()
    with pytest.raises(NotAllowed, match="Sign in"):
        _decide(address, stage.owner, signed_in=False)
    assert everything() == before
    _decide(address, stage.owner)


@ALONE
def test_a_delegate_signs_in_and_decides_in_the_others_place(stage: Stage, kafka: House, deputy: User) -> None:
    assign(deputy, "program_director", kafka.entity)
    delegated(stage.owner, deputy, kafka.entity)
    address = linked(stage, deputy, place=stage.owner)
    with pytest.raises(NotAllowed, match="Sign in"):
        _decide(address, deputy, signed_in=False)
    decision = _decide(address, deputy)
    assert (decision.person, decision.on_behalf_of) == (deputy, stage.owner)
