"""Comments on a request, as JSON."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from approvals.api.queue import ANYBODY, NUMBERED, PLACE
from approvals.models import Comment, Request
from approvals.selectors.comments import access_comment_by_id, comments_of
from approvals.selectors.requests import access_request_by_number
from approvals.services.comments import edit_comment, withdraw_comment, write_comment
from core.api.acts import write
from core.api.endpoint import NUMBER, Listed, Shown
from core.api.fields import MomentField
from core.api.serializers import Given, Taken


class WordingSerializer(Given):
    """What a comment said from a moment on."""

    text = serializers.CharField()
    said_at = MomentField()


class CommentSerializer(Given):
    """A comment with all its wordings, the last of which counts. A withdrawn one says nothing any more."""

    id = serializers.IntegerField(source="comment.id")
    request = serializers.CharField(source="comment.request.number")
    author = serializers.CharField(source="comment.author.name")
    text = serializers.CharField(allow_blank=True)
    written_at = MomentField(source="comment.written_at")
    withdrawn_at = MomentField(source="comment.withdrawn_at", allow_null=True)
    wordings = WordingSerializer(many=True)


class CommentingSerializer(Taken):
    """Something to say. `@` and a name or an e-mail address tells that person, if they see the request; else it is refused."""

    text = serializers.CharField(max_length=2000)


class Comments(Listed[Comment], Shown[Comment]):
    """Comments on a request, the oldest first."""

    room = "approvals"
    model = Comment
    rights = ANYBODY
    shows = CommentSerializer
    places = {"number": (PLACE, NUMBERED), "id": (NUMBER, "The comment's number.")}

    def rows(self) -> QuerySet[Comment]:
        return comments_of(self._holder()).select_related("request")

    def one(self) -> Comment:
        return access_comment_by_id(self._holder(), self.number())

    def dress(self, rows: Sequence[Comment]) -> list[Any]:
        return [_told(row) for row in rows]

    def _holder(self) -> Request:
        return access_request_by_number(self.person, self.kwargs["number"])

    @write(takes=CommentingSerializer, gives=CommentSerializer, status=201, rights=ANYBODY)
    def create(self, data: dict[str, Any]) -> Comment:
        """Write on a request that one sees."""
        return write_comment(request_id=self._holder().pk, actor=self.person, text=data["text"])

    @write(takes=CommentingSerializer, gives=CommentSerializer, rights=ANYBODY)
    def reword(self, comment: Comment, data: dict[str, Any]) -> Comment:
        """Word one's own comment anew; what it said before is kept."""
        return edit_comment(comment_id=comment.pk, actor=self.person, text=data["text"])

    @write(gives=CommentSerializer, rights=ANYBODY)
    def withdraw(self, comment: Comment) -> Comment:
        """Take one's own comment away; that there was one is kept."""
        return withdraw_comment(comment_id=comment.pk, actor=self.person)


def _told(comment: Comment) -> dict[str, Any]:
    stands = comment.withdrawn_at is None
    wordings = list(comment.wordings.all()) if stands else []
    return {"comment": comment, "text": wordings[-1].text if stands else "", "wordings": wordings}
