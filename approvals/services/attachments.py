"""Files kept with a request: their type is what their content shows, and their name must not say otherwise."""

import hashlib
from uuid import uuid4

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction

from approvals.locks import lock_request
from approvals.models import Attachment, Request
from core import clock
from core.errors import InvalidInput, NotAllowed, WrongState
from core.models import User
from core.rules.files import Examined, examine
from core.rules.unfit import Unfit
from core.services import audit
from core.services.files import discard_file
from core.storage import files_with_rows
from core.uploads import plain_name

MOST_FILES = 20


@files_with_rows()
@transaction.atomic
def attach(*, request_id: int, actor: User, name: str, content: bytes) -> Attachment:
    """Keep a file with a draft. The same file again is not kept twice.

    Raises InvalidInput (too large, empty, of no kind that is taken, not what its name says), NotAllowed, WrongState, NotFound.
    """
    request = lock_request(request_id)
    _refuse_unless_open_to(request, actor)
    return keep_file(request=request, actor=actor, name=name, content=content)


def keep_file(*, request: Request, actor: User, name: str, content: bytes) -> Attachment:
    """Keep a file with a request that the caller has locked, and to which `actor` may add. Raises InvalidInput."""
    plain = plain_name(name)
    examined = _judge(plain, content)
    digest = hashlib.sha256(content).hexdigest()
    known = request.attachments.filter(sha256=digest).first()
    if known is not None:
        return known
    if request.attachments.count() >= MOST_FILES:
        raise _bad(f"A request has at most {MOST_FILES} files.", "Put several into one, or take one away.")
    row = Attachment(
        request=request,
        name=plain,
        size=len(content),
        sha256=digest,
        content_type=examined.type,
        uploaded_by=actor,
        uploaded_at=clock.now(),
    )
    # The name on disk is ours, so that nobody's file name is ever a path.
    row.file.save(f"{uuid4().hex}.bin", ContentFile(content), save=True)
    after = {"name": plain, "size": row.size, "sha256": digest, "type": examined.type}
    if examined.notes:
        after["notes"] = " ".join(examined.notes)
    audit.record(actor=actor, verb="request.attached", subject=request, entity=request.entity, after=after)
    return row


@transaction.atomic
def detach(*, request_id: int, attachment_id: int, actor: User) -> None:
    """Take a file away from a draft. Raises NotAllowed, WrongState, NotFound."""
    request = lock_request(request_id)
    _refuse_unless_open_to(request, actor)
    row = request.attachments.filter(pk=attachment_id).first()
    if row is None:
        return
    kept = str(row.file.name)
    before = {"name": row.name, "sha256": row.sha256}
    row.delete()
    audit.record(actor=actor, verb="request.detached", subject=request, entity=request.entity, before=before)
    discard_file(name=kept)


def _refuse_unless_open_to(request: Request, actor: User) -> None:
    if request.requester_id != actor.pk:
        raise NotAllowed("This is somebody else's request.", remedy="Only its requester adds files to it.")
    if not request.is_editable:
        raise WrongState(f"{request.number} is {request.get_state_display()}; its files do not change any more.")


def _judge(name: str, content: bytes) -> Examined:
    most = settings.MAX_ATTACHMENT_BYTES
    if len(content) > most:
        raise _bad(f"{name} has {len(content) / 1_000_000:,.1f} MB.", f"Attach a file of at most {most / 1_000_000:,.1f} MB.")
    try:
        return examine(name, content)
    except Unfit as unfit:
        raise _bad(f"{name} {unfit.found}.", unfit.remedy) from unfit


def _bad(message: str, remedy: str) -> InvalidInput:
    return InvalidInput(message, remedy=remedy, code="invalid_file", details={"file": f"{message} {remedy}"})
