"""Comments as pages show them: who wrote what, what it said before, and what this person can do about it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse

from approvals.forms import CommentForm
from approvals.models import Comment, Request
from approvals.selectors.stories import Story
from core.models import User


@dataclass(frozen=True)
class Said:
    """One wording, and from when on it stood."""

    at: datetime
    text: str


@dataclass(frozen=True)
class CommentShown:
    """A comment. `form` and `withdraw_url` are there for its author, as long as it stands."""

    key: int
    author: str
    at: datetime
    text: str
    edited_at: datetime | None
    withdrawn_at: datetime | None
    before: list[Said] = field(default_factory=list)
    form: CommentForm | None = None
    edit_url: str = ""
    withdraw_url: str = ""


def discussion_of(story: Story, person: User) -> dict[str, Any]:
    """Return the comments on a request as this person sees them, and an empty form where they may write."""
    found = story.request
    shown = [comment_shown(found, comment, person) for comment in story.comments]
    is_open = found.state != Request.State.DRAFT
    return {
        "comments": shown,
        "comment_form": CommentForm(prefix="comment") if is_open else None,
        "taking_part": [name for name in story.taking_part() if name != person.name] if is_open else [],
    }


def comment_shown(found: Request, comment: Comment, person: User) -> CommentShown:
    """Return one comment. What a withdrawn one said is not shown any more; the audit trail has it."""
    wordings = list(comment.wordings.all())
    last, stands = wordings[-1], comment.withdrawn_at is None
    own = stands and comment.author_id == person.pk
    place = [found.number, comment.pk]
    return CommentShown(
        key=comment.pk,
        author=comment.author.name,
        at=comment.written_at,
        text=last.text if stands else "",
        edited_at=last.said_at if len(wordings) > 1 and stands else None,
        withdrawn_at=comment.withdrawn_at,
        before=[Said(each.said_at, each.text) for each in wordings[:-1]] if stands else [],
        form=CommentForm(prefix=f"c{comment.pk}", initial={"text": last.text}) if own else None,
        edit_url=reverse("approvals:comment-edit", args=place) if own else "",
        withdraw_url=reverse("approvals:comment-withdraw", args=place) if own else "",
    )
