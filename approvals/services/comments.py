"""Comments on a request: written, worded anew, withdrawn by their author; whoever is named with `@` is told.

A mention gives nobody access: only who sees the request already can be named.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from approvals.events import CommentWritten
from approvals.locks import lock_comment, lock_request
from approvals.models import Comment, Mention, Request, Wording
from approvals.rules.mentions import Named, mentions_in, plain
from approvals.selectors.comments import nameable
from approvals.selectors.requests import sees
from core import clock
from core.errors import InvalidInput, NotAllowed, Stale, WrongState
from core.models import User
from core.services import audit
from core.services.outbox import publish

LONGEST_TEXT = 2_000
MOST_COMMENTS = 500
MOST_WORDINGS = 20
MOST_NAMED = 10


@transaction.atomic
def write_comment(*, request_id: int, actor: User, text: str) -> Comment:
    """Write on a request that `actor` sees.

    Raises InvalidInput (no words, or it names nobody who sees it), NotAllowed, WrongState, NotFound.
    """
    now = clock.now()
    request = lock_request(request_id)
    _refuse_unless_seen(request, actor)
    if request.comments.count() >= MOST_COMMENTS:
        raise WrongState(f"A request takes at most {MOST_COMMENTS} comments.", remedy="Copy it into a new request.")
    said, named = _read(request, text)
    comment = Comment.objects.create(request=request, author=actor, written_at=now)
    _word(comment, 1, said, named, now)
    _record(comment, actor, "written", text=said[:500], named=sorted(named))
    return comment


@transaction.atomic
def edit_comment(*, comment_id: int, actor: User, text: str) -> Comment:
    """Word one's comment anew; what it said before is kept, and whoever is named for the first time is told.

    Raises NotAllowed (somebody else's, or not seen any more), Stale (withdrawn), InvalidInput, WrongState, NotFound.
    """
    now = clock.now()
    comment = lock_comment(comment_id)
    _refuse_unless_own(comment, actor)
    said, named = _read(comment.request, text)
    last = Wording.objects.filter(comment=comment).latest("number")
    if said == last.text:
        return comment
    if last.number >= MOST_WORDINGS:
        raise WrongState(f"A comment is changed at most {MOST_WORDINGS - 1} times.", remedy="Withdraw it and write another one.")
    _word(comment, last.number + 1, said, named, now)
    _record(comment, actor, "edited", before={"text": last.text[:500]}, text=said[:500], named=sorted(named))
    return comment


@transaction.atomic
def withdraw_comment(*, comment_id: int, actor: User) -> Comment:
    """Take one's comment away; that there was one, and what it said, is kept. Raises NotAllowed, Stale, NotFound."""
    comment = lock_comment(comment_id)
    _refuse_unless_own(comment, actor)
    comment.withdrawn_at = clock.now()
    comment.save(update_fields=["withdrawn_at"])
    _record(comment, actor, "withdrawn")
    return comment


def _refuse_unless_seen(request: Request, actor: User) -> None:
    if not sees(actor, request):
        raise NotAllowed("This request is not yours to see.", remedy="Only who sees it writes on it.", code="not_yours")
    if request.state == Request.State.DRAFT:
        raise WrongState("Nobody else sees a draft.", remedy="Submit it first.")


def _refuse_unless_own(comment: Comment, actor: User) -> None:
    if comment.author_id != actor.pk:
        raise NotAllowed(f"{comment.author.name} wrote this.", remedy="Write a comment of your own.", code="not_yours")
    if comment.withdrawn_at is not None:
        raise Stale("This comment is withdrawn.", remedy="Write another one.")
    _refuse_unless_seen(comment.request, actor)


def _read(request: Request, text: str) -> tuple[str, list[int]]:
    """Return the text as it is kept, and the ids of the people whom it names. Raises InvalidInput."""
    if len(text) > LONGEST_TEXT or "\x00" in text:
        raise _unfit(f"Shorten this to {LONGEST_TEXT:,} characters of text.")
    said = plain(text)
    if not said:
        raise _unfit("Write what you have to say.")
    named = mentions_in(said, nameable(request)) if "@" in said else []
    if len(named) > MOST_NAMED:
        raise _unfit(f"Name at most {MOST_NAMED} people.")
    people = User.objects.in_bulk({person for each in named for person in each.people})
    seeing = {pk for pk, person in people.items() if sees(person, request)}
    return said, list(dict.fromkeys(_named(each, seeing, request) for each in named))


def _named(named: Named, seeing: set[int], request: Request) -> int:
    """Return whom an `@` names. Of who does not see the request it says the same as of who is not there."""
    found = named.people & seeing
    if not found:
        raise _unfit(
            f"@{named.word} names nobody who sees {request.number}, so nobody would be told. "
            "Write the whole name or the e-mail address of somebody who does; to show it to somebody else, ask them a question."
        )
    if len(found) > 1:
        raise _unfit(f"@{named.word} names more than one person. Write @ and the e-mail address.")
    return next(iter(found))


def _unfit(sentence: str) -> InvalidInput:
    return InvalidInput(sentence, details={"text": sentence})


def _word(comment: Comment, number: int, said: str, named: Iterable[int], now: datetime) -> None:
    Wording.objects.create(comment=comment, number=number, text=said, said_at=now)
    known = set(Mention.objects.filter(comment=comment).values_list("person_id", flat=True)) | {comment.author_id}
    Mention.objects.bulk_create(
        Mention(comment=comment, person_id=person, named_at=now) for person in named if person not in known
    )
    publish(CommentWritten(comment_id=comment.pk, at=now.isoformat()))


def _record(comment: Comment, actor: User, what: str, *, before: dict[str, object] | None = None, **after: object) -> None:
    audit.record(
        actor=actor,
        verb=f"comment.{what}",
        subject=comment.request,
        entity=comment.request.entity,
        before=before,
        after={"comment": comment.pk, **after},
    )
