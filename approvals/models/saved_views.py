from django.conf import settings
from django.db import models
from django.db.models import Q

from core import clock

LONGEST_NAME, LONGEST_QUERY = 60, 600


class SavedView(models.Model):
    """The filters of a list under a name that a person gave them. It holds an address and nothing of what it finds."""

    class Page(models.TextChoices):
        QUEUE = "queue", "queue"
        REQUESTS = "requests", "requests"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="saved_views")
    page = models.CharField(max_length=10, choices=Page)
    name = models.CharField(max_length=LONGEST_NAME)
    query = models.CharField(max_length=LONGEST_QUERY, help_text="Such as: kind=travel&due=overdue.")
    saved_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["person", "page", "name"], name="saved_view_name_once"),
            models.CheckConstraint(condition=Q(page__in=["queue", "requests"]), name="saved_view_page_is_known"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(query=""), name="saved_view_says_something"),
        ]

    def __str__(self) -> str:
        return self.name
