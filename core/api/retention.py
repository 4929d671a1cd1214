"""Retention for programs: periods, holds, what is past its years, and removals."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from core.api.acts import read, write
from core.api.endpoint import NUMBER, Listed, Shown
from core.api.fields import MomentField
from core.api.filters import Asked, Code, FilterSet, Flag
from core.api.serializers import Given, Taken
from core.models import RecordKinds, RemovedDocument, RetentionHold, RetentionPeriod, RetentionRun
from core.rules.retention import MOST_YEARS
from core.selectors.retention import (
    READING,
    REMOVING,
    STATING,
    WITHHOLDING,
    Standing,
    access_entity_of_records,
    access_hold_by_id,
    access_run_by_id,
    holds_in_reach,
    periods_in_reach,
    removed_by,
    runs_in_reach,
    standing_of,
)
from core.services.retention import lift_hold, order_removal, place_hold, state_period


class RetentionPeriodSerializer(Given):
    """For how many years a kind of records was said to be kept; the latest holds."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    kind = serializers.ChoiceField(RecordKinds.choices)
    number = serializers.IntegerField()
    years = serializers.IntegerField(help_text="Whole fiscal years after the one that a record belongs to.")
    reason = serializers.CharField()
    stated_at = MomentField()
    stated_by = serializers.CharField(source="stated_by.email")


class RetentionStatingSerializer(Taken):
    """For how many years a kind of records is to be kept."""

    entity = serializers.CharField(max_length=40)
    kind = serializers.ChoiceField(RecordKinds.choices)
    years = serializers.IntegerField(min_value=1, max_value=MOST_YEARS)
    reason = serializers.CharField(max_length=300)


class RetentionHoldSerializer(Given):
    """What is withheld from removal."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    kind = serializers.CharField(help_text="Blank: all kinds.")
    reason = serializers.CharField()
    placed_at = MomentField()
    placed_by = serializers.CharField(source="placed_by.email")
    lifted_at = MomentField(allow_null=True)
    lifted_because = serializers.CharField()


class RetentionHoldPlacingSerializer(Taken):
    """What is to be withheld from removal."""

    entity = serializers.CharField(max_length=40)
    kind = serializers.ChoiceField(RecordKinds.choices, required=False, help_text="Left out: all kinds.")
    reason = serializers.CharField(max_length=300)


class RetentionLiftingSerializer(Taken):
    """Why a hold is lifted."""

    reason = serializers.CharField(max_length=300)


class RetentionDocumentSerializer(Given):
    """A document past its years."""

    records = serializers.CharField(help_text="Which of a room's documents: packs, imports, …")
    kind = serializers.ChoiceField(RecordKinds.choices)
    id = serializers.IntegerField(source="subject_id")
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()
    dated_on = serializers.DateField()
    kept_until = serializers.DateField()


class RetentionPastSerializer(Given):
    """What may be removed today, and the digest by which its removal is ordered."""

    entity = serializers.CharField(source="entity.code")
    today = serializers.DateField()
    digest = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes in all.")
    documents = RetentionDocumentSerializer(source="may_go", many=True)


class RetentionPastAskedSerializer(Taken):
    """Of which organization."""

    entity = serializers.CharField(max_length=40)


class RetentionRemovalSerializer(Given):
    """A removal."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    documents = serializers.IntegerField(help_text="How many it was ordered for.")
    removed = serializers.IntegerField(source="gone", help_text="How many went.")
    size = serializers.IntegerField(source="bytes", help_text="Their bytes.")
    digest = serializers.CharField()
    job = serializers.IntegerField(source="job_id", allow_null=True)
    ordered_at = MomentField()
    ordered_by = serializers.CharField(source="ordered_by.email")
    finished_at = MomentField(allow_null=True)


class RetentionOrderSerializer(Taken):
    """Which list is to be removed."""

    entity = serializers.CharField(max_length=40)
    digest = serializers.CharField(max_length=64, help_text="Of what `past` told.")


class RetentionRemovedSerializer(RetentionDocumentSerializer):
    """A document that was removed: all but its content."""

    removed_at = MomentField()


class OfEntity(FilterSet):
    """Of an organization."""

    entity = Asked(Code(), field_name="entity__code", about="Of the organization with this code.")


class HoldFilter(OfEntity):
    """Of an organization, lifted or not."""

    lifted = Asked(Flag(), field_name="lifted_at__isnull", method="only", about="Those that are lifted, or those that are not.")

    def only(self, rows: QuerySet[RetentionHold], name: str, value: bool) -> QuerySet[RetentionHold]:
        """Keep those that are lifted, or those that are not."""
        return rows.filter(lifted_at__isnull=not value)


class RetentionPeriods(Listed[RetentionPeriod]):
    """For how many years each kind of records was said to be kept. Where nothing was: 7, 5, 3 and 2 years."""

    room = "core"
    model = RetentionPeriod
    rights = frozenset(READING)
    shows = RetentionPeriodSerializer
    filterset_class = OfEntity
    orderings = ("-id", "id")

    def rows(self) -> QuerySet[RetentionPeriod]:
        return periods_in_reach(self.person)

    @write(takes=RetentionStatingSerializer, gives=RetentionPeriodSerializer, status=201, rights={STATING})
    def create(self, data: dict[str, Any]) -> RetentionPeriod:
        """Keep a kind of records for a number of whole fiscal years from now on."""
        entity = access_entity_of_records(self.person, data.pop("entity"), STATING)
        return state_period(entity=entity, **data, actor=self.person)


class RetentionHolds(Listed[RetentionHold], Shown[RetentionHold]):
    """What is, or was, withheld from removal."""

    room = "core"
    model = RetentionHold
    rights = frozenset(READING)
    shows = RetentionHoldSerializer
    filterset_class = HoldFilter
    orderings = ("-id", "id")
    places = {"id": (NUMBER, "The hold's number.")}

    def rows(self) -> QuerySet[RetentionHold]:
        return holds_in_reach(self.person)

    def one(self) -> RetentionHold:
        return access_hold_by_id(self.person, self.number())

    @write(takes=RetentionHoldPlacingSerializer, gives=RetentionHoldSerializer, status=201, rights=WITHHOLDING)
    def create(self, data: dict[str, Any]) -> RetentionHold:
        """Withhold records from removal, however old they are."""
        entity = access_entity_of_records(self.person, data["entity"], *WITHHOLDING)
        return place_hold(entity=entity, kind=data.get("kind", ""), reason=data["reason"], actor=self.person)

    @write(takes=RetentionLiftingSerializer, gives=RetentionHoldSerializer, rights={STATING})
    def lift(self, hold: RetentionHold, data: dict[str, Any]) -> RetentionHold:
        """Let the records be removed again."""
        access_entity_of_records(self.person, hold.entity.code, STATING)
        return lift_hold(hold_id=hold.pk, reason=data["reason"], actor=self.person)


class RetentionRemovals(Listed[RetentionRun], Shown[RetentionRun]):
    """Removals of what was past its years."""

    room = "core"
    model = RetentionRun
    rights = frozenset(READING)
    shows = RetentionRemovalSerializer
    filterset_class = OfEntity
    orderings = ("-id", "id")
    places = {"id": (NUMBER, "The removal's number.")}

    def rows(self) -> QuerySet[RetentionRun]:
        return runs_in_reach(self.person)

    def one(self) -> RetentionRun:
        return access_run_by_id(self.person, self.number())

    @read(gives=RetentionPastSerializer, asks=RetentionPastAskedSerializer, detail=False, heavy=True)
    def past(self, asked: dict[str, Any]) -> Standing:
        """List what may be removed today. Nothing is removed by asking."""
        return standing_of(access_entity_of_records(self.person, asked["entity"]))

    @write(takes=RetentionOrderSerializer, gives=RetentionRemovalSerializer, status=202, rights={REMOVING}, heavy=True)
    def create(self, data: dict[str, Any]) -> RetentionRun:
        """Order the removal of what `past` listed, as a job. Refused where the list has changed since."""
        entity = access_entity_of_records(self.person, data["entity"], REMOVING)
        run = order_removal(entity=entity, digest=data["digest"], actor=self.person)
        return access_run_by_id(self.person, run.pk)


class RetentionRemoved(Listed[RemovedDocument]):
    """What a removal took, in its order."""

    room = "core"
    model = RemovedDocument
    rights = frozenset(READING)
    shows = RetentionRemovedSerializer
    orderings = ("id",)
    places = {"number": (NUMBER, "The removal's number.")}

    def rows(self) -> QuerySet[RemovedDocument]:
        return removed_by(access_run_by_id(self.person, self.number("number")))
