"""Links from mails to decisions: made with the notice, used once, ended with whatever they were bound to."""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from approvals.locks import lock_link, lock_request
from approvals.models import Decision, DecisionLink, Stage, StageMember
from approvals.selectors.links import hash_of, lead_of, link_of, secret_of
from approvals.services.decisions import approve_stage, reject_stage, send_back
from core import clock, walls
from core.errors import NotAllowed, NotFound
from core.models import Notice, User
from core.services import audit
from core.services.notices import MailWay

GONE = "This link leads nowhere, or no longer does."
REMEDY = (
    "A link ends when it was used, when its stage was decided or handed on, and after some days. "
    "Sign in and open your queue to see what waits for you."
)
ANSWERS = {"approve": approve_stage, "reject": reject_stage, "send_back": send_back}


def gone() -> NotFound:
    """Return the one answer to links that were never there and to those that have ended."""
    return NotFound(GONE, remedy=REMEDY)


@transaction.atomic
def make_link(*, notice: Notice, stage: Stage, person: User, place: User | None, now: datetime) -> DecisionLink | None:
    """Make the link that the mail of a notice will carry; None where `person` stands not before the stage, or links are off."""
    member = StageMember.objects.filter(stage=stage, person=place or person).first()
    if member is None or settings.LINK_DAYS < 1:
        return None
    nonce = secrets.token_hex(32)
    return DecisionLink.objects.create(
        person=person,
        stage=stage,
        member=member,
        notice=notice,
        round=stage.round,
        digest=stage.request.digest,
        nonce=nonce,
        token_hash=hash_of(secret_of(nonce)),
        credential=person.get_session_auth_hash(),
        made_at=now,
        expires_at=now + timedelta(days=settings.LINK_DAYS),
    )


def way_of_notice(notice: Notice) -> MailWay | None:
    """Return the way that the mail of a notice names in the place of the notice's own; None where it has no link that holds."""
    link = DecisionLink.objects.filter(notice=notice).select_related("person", "member", "stage__request__entity").first()
    if link is None or lead_of(link, now=clock.now()) is None:
        return None
    remark = (
        f"The link is for you alone: do not pass it on. It decides once, until {link.expires_at:%-d %B %Y, %H:%M} UTC, "
        "and only while the stage is yours."
    )
    return MailWay(reverse("approvals:by-link", args=[secret_of(link.nonce)]), remark)


@transaction.atomic
def decide_by_link(*, secret: str, actor: User, signed_in: bool, verdict: str, digest: str, comment: str = "") -> Decision:
    """Decide as the link's person, once. `digest` is that of what was shown.

    Raises NotFound for a link that leads nowhere, whoever asks; NotAllowed where `actor` must sign in first; and as
    approve_stage and reject_stage do.
    """
    with walls.system():
        found = link_of(secret)
    if found is None or found.person_id != actor.pk:
        raise gone()
    lock_request(found.stage.request_id)
    link = lock_link(found.pk)
    now = clock.now()
    lead = lead_of(link, now=now)
    if lead is None:
        raise gone()
    if not signed_in and not lead.alone:
        raise NotAllowed("Sign in to decide on this.", remedy="The link opens it once you have.", code="sign_in")
    decision = ANSWERS[verdict](stage_id=lead.stage.pk, actor=actor, digest=digest, comment=comment)
    link.used_at, link.signed_in, link.decision = now, signed_in, decision
    link.save(update_fields=["used_at", "signed_in", "decision"])
    after = {"by": "link from mail", "signed_in": signed_in, "verdict": verdict, "stage": lead.stage.name, "link": link.pk}
    audit.record(
        actor=actor, verb="request.decided_by_link", subject=lead.stage.request, entity=lead.stage.request.entity, after=after
    )
    return decision


@transaction.atomic
def revoke_links(*, person_id: int) -> int:
    """End all links of a person that could still be used; return how many."""
    rows = DecisionLink.objects.filter(person_id=person_id, used_at__isnull=True, revoked_at__isnull=True)
    return rows.update(revoked_at=clock.now())
