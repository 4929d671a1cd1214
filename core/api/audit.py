"""The audit trail for programs."""

from django.db.models import QuerySet
from rest_framework import serializers

from core.api.endpoint import Listed
from core.api.fields import MomentField
from core.api.filters import Asked, Code, FilterSet
from core.api.serializers import Given
from core.models import AuditRecord
from core.selectors.trail import READING, of_topic, trail_in_reach


class AuditRecordSerializer(Given):
    """Who did what to what, when, with the state before and after."""

    id = serializers.IntegerField()
    at = MomentField()
    entity = serializers.CharField(source="entity.code")
    actor = serializers.CharField(source="actor.email", allow_null=True, help_text="null: Purser itself.")
    acted_by = serializers.CharField(
        source="acted_by.email", allow_null=True, help_text="Who really acted, where the actor was seen as by an administrator."
    )
    verb = serializers.CharField()
    subject_type = serializers.CharField()
    subject_id = serializers.CharField()
    before = serializers.DictField(allow_null=True)
    after = serializers.DictField(allow_null=True)
    correlation_id = serializers.CharField(help_text="Of the call that did it.")


class AuditRecordFilter(FilterSet):
    """Of an organization, about something, by somebody."""

    entity = Asked(Code(), field_name="entity__code", about="Of the organization with this code.")
    topic = Asked(Code(), method="of_topic", about="planning, allocation, optimization, approvals, reconciliation, reports, …")
    verb = Asked(Code(), field_name="verb", about="Of this deed, such as budget_version.in_force.")
    subject_type = Asked(Code(), field_name="subject_type")
    subject_id = Asked(Code(), field_name="subject_id")

    def of_topic(self, rows: QuerySet[AuditRecord], name: str, value: str) -> QuerySet[AuditRecord]:
        """Keep the records of one part of the trail."""
        return of_topic(rows, value)


class AuditRecords(Listed[AuditRecord]):
    """The audit trail of the organizations that one audits or administers as a whole, the newest first."""

    room = "core"
    model = AuditRecord
    rights = frozenset(READING)
    shows = AuditRecordSerializer
    filterset_class = AuditRecordFilter
    orderings = ("-id", "id")

    def rows(self) -> QuerySet[AuditRecord]:
        return trail_in_reach(self.person)
