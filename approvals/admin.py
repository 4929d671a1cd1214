"""The admin of approvals looks and never writes: policies are loaded by a service, the run of a request by its own."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from approvals.models import (
    Attachment,
    Decision,
    Delegation,
    Pause,
    Policy,
    PolicyVersion,
    Question,
    Request,
    RequestLine,
    Round,
    Stage,
    Timer,
)
from core.admin import LookOnly, LookOnlyAdmin
from core.views.people import person_of


class ReadOnlyInline(LookOnly, admin.TabularInline[Any, Any]):
    """Rows of a model, below the thing they belong to."""

    extra = 0
    can_delete = False
    show_change_link = True


class VersionInline(ReadOnlyInline):
    model = PolicyVersion
    fields = ("number", "state", "currency", "published_at", "created_by")


@admin.register(Policy)
class PolicyAdmin(LookOnlyAdmin):
    """Policies and their versions. The next version comes from a file."""

    list_display = ("name", "code", "entity", "cost_centre", "how_to_change")
    list_filter = ("entity",)
    search_fields = ("name", "code")
    inlines = (VersionInline,)
    readonly_fields = ("how_to_change",)

    @admin.display(description="To change it")
    def how_to_change(self, policy: Policy) -> str:
        """Say how the next version is made."""
        return "Take the document of the version in force, edit it, and load it: manage.py load_policy FILE."


@admin.register(PolicyVersion)
class PolicyVersionAdmin(LookOnlyAdmin):
    """One stand of a policy, with its document as it was loaded."""

    entity_path = "policy__entity"
    list_display = ("policy", "number", "state", "currency", "published_at", "created_by")
    list_filter = ("state", "policy__entity")
    list_select_related = ("policy", "created_by")
    exclude = ("document",)
    readonly_fields = ("document_text",)

    @admin.display(description="Document")
    def document_text(self, version: PolicyVersion) -> SafeString:
        """Show the document, laid out."""
        return format_html("<pre>{}</pre>", json.dumps(version.document, indent=2, ensure_ascii=False))


class LineInline(ReadOnlyInline):
    model = RequestLine
    fields = ("number", "description", "account", "month", "net", "vat", "recoverable", "funds")
    readonly_fields = ("funds",)


class StageInline(ReadOnlyInline):
    model = Stage
    fields = ("round", "number", "name", "state", "owner", "backup", "assigned_at", "due_at", "escalated_at", "decided_at")


@admin.register(Request)
class RequestAdmin(LookOnlyAdmin):
    """Requests with their lines and stages."""

    list_display = ("number", "title", "state", "amount", "currency", "requester", "submitted_at", "page")
    list_filter = ("state", "entity", "kind")
    list_select_related = ("requester",)
    search_fields = ("number", "title")
    inlines = (LineInline, StageInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave drafts to whoever writes them."""
        rows = super().get_queryset(request)
        return rows if person_of(request).is_superuser else rows.exclude(state=Request.State.DRAFT)

    @admin.display(description="Its page")
    def page(self, request: Request) -> SafeString:
        """Lead to the page that people work on."""
        return format_html('<a href="{}">Open</a>', reverse("approvals:request", args=[request.number]))


@admin.register(Round)
class RoundAdmin(LookOnlyAdmin):
    """What was asked in each round."""

    entity_path = "request__entity"
    list_display = ("request", "number", "outcome", "submitted_at", "ended_at")
    list_select_related = ("request",)


class DecisionInline(ReadOnlyInline):
    model = Decision
    fields = ("person", "verdict", "comment", "decided_at", "voided_at")


class TimerInline(ReadOnlyInline):
    model = Timer
    fields = ("kind", "state", "due_at", "fired_at", "explanation")


class QuestionInline(ReadOnlyInline):
    model = Question
    fields = ("asked_by", "asked", "text", "state", "asked_at", "answer", "closed_at")
    show_change_link = False


class PauseInline(ReadOnlyInline):
    model = Pause
    fields = ("began_at", "ended_at")
    show_change_link = False


@admin.register(Stage)
class StageAdmin(LookOnlyAdmin):
    """Stages with their decisions and clocks."""

    entity_path = "request__entity"
    list_display = ("request", "round", "number", "name", "state", "owner", "due_at", "escalated_at")
    list_filter = ("state", "request__entity")
    list_select_related = ("request", "owner")
    search_fields = ("request__number", "name")
    inlines = (DecisionInline, QuestionInline, PauseInline, TimerInline)


@admin.register(Decision)
class DecisionAdmin(LookOnlyAdmin):
    """What each person said."""

    entity_path = "request__entity"
    list_display = ("request", "stage", "person", "verdict", "decided_at", "voided_at")
    list_filter = ("verdict",)
    list_select_related = ("request", "stage", "person")


@admin.register(Timer)
class TimerAdmin(LookOnlyAdmin):
    """Clocks: when each is due and how that was reckoned."""

    entity_path = "stage__request__entity"
    list_display = ("stage", "kind", "state", "due_at", "fired_at", "attempts")
    list_filter = ("state", "kind")
    list_select_related = ("stage__request",)


@admin.register(Attachment)
class AttachmentAdmin(LookOnlyAdmin):
    """Files kept with requests; they are opened from the request's page."""

    entity_path = "request__entity"
    list_display = ("request", "name", "content_type", "size", "uploaded_by", "uploaded_at")
    list_select_related = ("request", "uploaded_by")
    exclude = ("file",)


@admin.register(Delegation)
class DelegationAdmin(LookOnlyAdmin):
    """Who decides for whom, and until when. They are stated and ended on their own page."""

    list_display = ("person", "delegate", "entity", "starts_at", "ends_at", "stated_by", "ended_at")
    list_filter = ("entity",)
    list_select_related = ("person", "delegate", "entity", "stated_by")
    search_fields = ("person__name", "delegate__name")
