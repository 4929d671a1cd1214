"""Retention: which periods hold, what is past its years, what withholds it, and what was removed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from django.db import connection
from django.db.models import Count, QuerySet, Sum

from core import clock, retention
from core.access import whole_entities_of
from core.errors import Gone, NotFound
from core.models import Entity, RecordKinds, RemovedDocument, RetentionHold, RetentionPeriod, RetentionRun, User
from core.retention import Records
from core.rules.retention import YEARS, RecordKind, dated_before, kept_until
from core.rules.rights import Right
from core.viewer import known_zone

READING = (Right.AUDIT, Right.BUDGET, Right.ADMINISTER)
STATING = Right.ADMINISTER
WITHHOLDING = (Right.ADMINISTER, Right.BUDGET, Right.AUDIT)
REMOVING = Right.BUDGET


@dataclass(frozen=True, slots=True)
class Document:
    """A document that is still kept: its size in bytes, the day it belongs to, and until when it is kept."""

    records: str
    kind: str
    subject_id: int
    name: str
    size: int
    sha256: str
    dated_on: date
    kept_until: date
    waits: str = ""

    @property
    def title(self) -> str:
        """What sort of document it is."""
        return retention.registered[self.records].title


@dataclass(frozen=True, slots=True)
class KindStanding:
    """A kind of records: for how long it is kept, by whose word, what withholds it, and what is past its years."""

    kind: str
    title: str
    years: int
    stated: RetentionPeriod | None
    records: Sequence[Records]
    holds: Sequence[RetentionHold]
    past: Sequence[Document]

    @property
    def may_go(self) -> list[Document]:
        """What a removal takes."""
        return [] if self.holds else [each for each in self.past if not each.waits]

    @property
    def stays(self) -> list[Document]:
        """What is past its years and waits for something."""
        return [each for each in self.past if each.waits]


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything about the retention of an organization on a day of its zone."""

    entity: Entity
    today: date
    kinds: Sequence[KindStanding]

    @property
    def may_go(self) -> list[Document]:
        """What a removal takes, of all kinds."""
        return [each for kind in self.kinds for each in kind.may_go]

    @property
    def size(self) -> int:
        """Its bytes."""
        return sum(each.size for each in self.may_go)

    @property
    def digest(self) -> str:
        """Stands for the list, so that what is removed is what was seen."""
        named = "\n".join(f"{each.records}:{each.subject_id}:{each.sha256}" for each in self.may_go)
        return sha256(named.encode()).hexdigest()


def access_entity_of_records(user: User, code: str, *rights: Right) -> Entity:
    """Return the organization of this code if the person has one of `rights` in all of it; blank: the first. Raises NotFound."""
    for entity in whole_entities_of(user, *(rights or READING)).order_by("code"):
        if code in {"", entity.code}:
            return entity
    raise NotFound("There is no such organization, or none whose records you look after.", remedy="Name one of yours.")


def holds_in_reach(user: User) -> QuerySet[RetentionHold]:
    """Return the holds of the organizations whose records the person may look at, the newest first."""
    rows = RetentionHold.objects.filter(entity__in=whole_entities_of(user, *READING))
    return rows.select_related("entity", "placed_by", "lifted_by").order_by("-id")


def access_hold_by_id(user: User, hold_id: int) -> RetentionHold:
    """Return a hold if the person may look at its organization's records. Raises NotFound."""
    found = holds_in_reach(user).filter(pk=hold_id).first()
    if found is None:
        raise NotFound("There is no such hold, or none that you may see.", remedy="Start from the page of retention.")
    return found


def periods_in_reach(user: User) -> QuerySet[RetentionPeriod]:
    """Return what was stated of periods in the organizations whose records the person may look at."""
    rows = RetentionPeriod.objects.filter(entity__in=whole_entities_of(user, *READING))
    return rows.select_related("entity", "stated_by")


def runs_in_reach(user: User) -> QuerySet[RetentionRun]:
    """Return the removals of organizations whose records the person may look at, with how many documents went and their bytes."""
    rows = RetentionRun.objects.filter(entity__in=whole_entities_of(user, *READING)).select_related("entity", "ordered_by", "job")
    return rows.annotate(gone=Count("removed"), bytes=Sum("removed__size", default=0)).order_by("-id")


def access_run_by_id(user: User, run_id: int) -> RetentionRun:
    """Return a removal if the person may look at its organization's records. Raises NotFound."""
    found = runs_in_reach(user).filter(pk=run_id).first()
    if found is None:
        raise NotFound("There is no such removal, or none that you may see.", remedy="Start from the page of retention.")
    return found


def removed_by(run: RetentionRun) -> QuerySet[RemovedDocument]:
    """Return what a removal took, in its order."""
    return RemovedDocument.objects.filter(run=run).order_by("id")


def standing_of(entity: Entity) -> Standing:
    """Return how the retention of an organization stands today."""
    today = clock.now().astimezone(known_zone(entity.time_zone)).date()
    stated = {
        row.kind: row
        for row in RetentionPeriod.objects.filter(entity=entity).select_related("stated_by").order_by("kind", "number")
    }
    holds = list(RetentionHold.objects.filter(entity=entity, lifted_at__isnull=True).select_related("placed_by"))
    years = {kind: stated[kind].years if kind in stated else YEARS[kind] for kind in RecordKind}
    past = list(past_of(entity, today, years))
    kinds = [
        KindStanding(
            kind=kind,
            title=str(RecordKinds(kind).label),
            years=years[kind],
            stated=stated.get(kind),
            records=[each for each in retention.registered.values() if kind in each.kinds],
            holds=[hold for hold in holds if hold.kind in {"", kind}],
            past=[each for each in past if each.kind == kind],
        )
        for kind in RecordKind
    ]
    return Standing(entity, today, kinds)


def past_of(entity: Entity, today: date, years: dict[RecordKind, int]) -> Iterator[Document]:
    """Yield what is past its years on a day, the oldest first within each sort, also what waits."""
    start = entity.fiscal_year_start_month
    for records in retention.registered.values():
        for kind in records.kinds:
            before = dated_before(today, years[kind], start)
            for row in _kept(records, entity, kind, before):
                number, name, size, digest, dated_on, waits = row
                until = kept_until(dated_on, years[kind], start)
                yield Document(records.code, kind, number, name, size, digest, dated_on, until, waits)


def _kept(records: Records, entity: Entity, kind: RecordKind, before: date) -> list[tuple[int, str, int, str, date, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT subject_id, name, size, sha256, dated_on, waits FROM {connection.ops.quote_name(records.kept)} "  # noqa: S608  ours
            "WHERE entity_id = %s AND kind = %s AND dated_on <= %s ORDER BY dated_on, subject_id",
            [entity.pk, kind, before],
        )
        return list(cursor.fetchall())


def refuse_if_removed(records: str, subject_id: int) -> None:
    """Raise Gone where retention removed the content of a document: to be asked where the content is found empty."""
    found = RemovedDocument.objects.filter(records=records, subject_id=subject_id).first()
    if found is not None:
        raise Gone(
            f"{found.name} was removed on {found.removed_at.day} {found.removed_at:%B %Y}: its retention period ended on "
            f"{found.kept_until.day} {found.kept_until:%B %Y}.",
            remedy=f"What remains: {retention.registered[records].stays}.",
            details={"sha256": found.sha256},
        )
