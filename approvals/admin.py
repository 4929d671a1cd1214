"""The admin of approvals looks and never writes: policies are loaded by a service, the run of a request by its own."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from approvals.models import (
    Attachment,
    Card,
    Committee,
    CommitteeSeat,
    CommitteeVersion,
    Contract,
    Decision,
    Delegation,
    GroupPerson,
    Manager,
    Meeting,
    MeetingItem,
    Overrun,
    Pause,
    PeopleGroup,
    Policy,
    PolicyVersion,
    Question,
    Request,
    RequestLine,
    Reserve,
    ReserveTerms,
    Round,
    Stage,
    Timer,
)
from core.admin import EntityAdmin, LookOnlyAdmin, ReadOnlyInline
from core.views.people import person_of


@admin.register(Card)
class CardAdmin(EntityAdmin):
    """Payment cards: who holds each, and up to what amounts. One is made inactive, never deleted."""

    list_display = ("label", "last_four", "entity", "holder", "request_limit", "month_limit", "is_active")
    list_filter = ("entity", "is_active")
    search_fields = ("label", "last_four", "holder__name")
    list_select_related = ("entity", "holder")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Requests name it."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Keep whose it is: what was asked for on it stays theirs."""
        return ("entity", "holder", "last_four") if obj else ()


class VersionInline(ReadOnlyInline):
    model = PolicyVersion
    fields = ("number", "standing_words", "currency", "published_at", "effective_from", "effective_to", "created_by")
    readonly_fields = ("standing_words",)


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
    list_display = ("policy", "number", "standing_words", "currency", "effective_from", "effective_to", "created_by")
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


class GroupPersonInline(ReadOnlyInline):
    model = GroupPerson
    fields = ("position", "person")
    show_change_link = False


@admin.register(PeopleGroup)
class PeopleGroupAdmin(LookOnlyAdmin):
    """Groups of people that policies ask. They are kept on their own page."""

    list_display = ("name", "code", "entity", "page")
    list_filter = ("entity",)
    search_fields = ("name", "code")
    inlines = (GroupPersonInline,)

    @admin.display(description="Its page")
    def page(self, group: PeopleGroup) -> SafeString:
        """Lead to the page on which it is kept."""
        return format_html('<a href="{}">Open</a>', reverse("approvals:group", args=[group.pk]))


@admin.register(Manager)
class ManagerAdmin(LookOnlyAdmin):
    """Who stands above whom. It is stated on the page of groups and managers."""

    list_display = ("person", "manager", "entity", "stated_at")
    list_filter = ("entity",)
    list_select_related = ("person", "manager", "entity")
    search_fields = ("person__name", "manager__name")


class CommitteeVersionInline(ReadOnlyInline):
    model = CommitteeVersion
    fields = ("number", "valid_from", "name", "quorum", "counts_noes", "chair_votes", "stated_by")


@admin.register(Committee)
class CommitteeAdmin(LookOnlyAdmin):
    """Committees. They are stated on their own page, from a day on."""

    list_display = ("code", "entity", "page")
    list_filter = ("entity",)
    inlines = (CommitteeVersionInline,)

    @admin.display(description="Its page")
    def page(self, committee: Committee) -> SafeString:
        """Lead to the page on which it is stated."""
        return format_html('<a href="{}">Open</a>', reverse("approvals:committee", args=[committee.pk]))


class CommitteeSeatInline(ReadOnlyInline):
    model = CommitteeSeat
    fields = ("position", "person", "capacity")
    show_change_link = False


@admin.register(CommitteeVersion)
class CommitteeVersionAdmin(LookOnlyAdmin):
    """Who sits on a committee, and how it votes, from a day on."""

    entity_path = "committee__entity"
    list_display = ("name", "committee", "number", "valid_from", "quorum")
    list_select_related = ("committee",)
    inlines = (CommitteeSeatInline,)


class MeetingItemInline(ReadOnlyInline):
    model = MeetingItem
    fields = ("position", "request", "carried")
    show_change_link = False


@admin.register(Meeting)
class MeetingAdmin(LookOnlyAdmin):
    """Meetings of committees. They are opened and closed on their own page."""

    entity_path = "committee__entity"
    list_display = ("committee", "number", "starts_at", "state", "is_quorate")
    list_filter = ("state",)
    list_select_related = ("committee",)
    inlines = (MeetingItemInline,)


@admin.register(Overrun)
class OverrunAdmin(LookOnlyAdmin):
    """Windows that facts took over their limits, and who is asked about each."""

    list_display = ("name", "first", "last", "amount", "currency", "state", "entity", "request", "opened_at")
    list_filter = ("entity", "state")
    list_select_related = ("entity", "request")


@admin.register(Contract)
class ContractAdmin(LookOnlyAdmin):
    """What requests for contracts state."""

    entity_path = "request__entity"
    list_display = ("request", "from_on", "until_on", "notice_days", "total_value")
    list_select_related = ("request",)


@admin.register(Reserve)
class ReserveAdmin(LookOnlyAdmin):
    """Reserves; they are made, stated and given up on their own pages."""

    list_display = ("name", "code", "account", "made_by", "closed_at", "entity")
    list_filter = ("entity",)
    search_fields = ("name", "code")
    list_select_related = ("entity", "account", "made_by")


@admin.register(ReserveTerms)
class ReserveTermsAdmin(LookOnlyAdmin):
    """What is stated of reserves; none is changed."""

    entity_path = "reserve__entity"

    list_display = ("reserve", "number", "starts_on", "basis", "share_pct", "amount", "approver", "document", "report_days")
    list_filter = ("reserve__entity", "basis")
    search_fields = ("reserve__name", "approver")
    list_select_related = ("reserve",)
