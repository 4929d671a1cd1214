import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from approvals.models.requests import Request


class Comment(models.Model):
    """Something that somebody who sees a request wrote on it. What it says are its wordings; the last one counts."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="request_comments")
    written_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gte=models.F("written_at")),
                name="comment_withdrawn_after_it_was_written",
            )
        ]
        triggers = [
            pgtrigger.ReadOnly(name="comments_stay_as_written", exclude=["withdrawn_at"]),
            pgtrigger.Protect(
                name="withdrawing_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.withdrawn_at IS NOT NULL"),
            ),
            pgtrigger.Protect(name="comments_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.author} on {self.request}"


class Wording(models.Model):
    """What a comment says, from a moment on. An edited comment has several; none is changed."""

    comment = models.ForeignKey(Comment, on_delete=models.PROTECT, related_name="wordings")
    number = models.PositiveSmallIntegerField()
    text = models.TextField()
    said_at = models.DateTimeField()

    class Meta:
        ordering = ["comment", "number"]
        constraints = [
            models.UniqueConstraint(fields=["comment", "number"], name="wording_number_once"),
            models.CheckConstraint(condition=~Q(text="") & Q(number__gte=1), name="wording_says_something"),
        ]
        triggers = [
            pgtrigger.Protect(name="wordings_stay", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="not_once_withdrawn",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM 1 FROM approvals_comment c WHERE c.id = NEW.comment_id AND c.withdrawn_at IS NULL FOR NO KEY UPDATE;
                    IF NOT FOUND THEN
                        RAISE EXCEPTION 'A comment that is withdrawn says nothing more.' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class Mention(models.Model):
    """Somebody whom a comment names, and who saw the request when it did. It gives no right to see anything."""

    comment = models.ForeignKey(Comment, on_delete=models.PROTECT, related_name="mentions")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    named_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["comment", "person"], name="mention_once_per_comment")]
        triggers = [pgtrigger.Protect(name="mentions_stay", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return str(self.person)
