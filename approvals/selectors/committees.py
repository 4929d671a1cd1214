"""Committees as they stand on a day: who sits, how they vote, what authority they state."""

from collections.abc import Sequence
from datetime import date

from django.db.models import Q, QuerySet

from approvals.models import Committee, CommitteeSeat, CommitteeVersion
from approvals.rules.committees import read_authority, scheme_of
from approvals.rules.document import PolicyDocument
from approvals.rules.proof import Scheme
from core import clock
from core.access import whole_entities_of
from core.errors import NotFound
from core.models import Entity, User
from core.rules.rights import Right
from core.viewer import known_zone

OVERSEEING = (Right.ADMINISTER, Right.AUDIT)


def in_force(entity: Entity, code: str, *, on: date | None = None) -> CommitteeVersion | None:
    """Return how a committee stands on a day, today where none is given; None where it is not there, or not yet."""
    rows = CommitteeVersion.objects.filter(committee__entity=entity, committee__code=code)
    return latest(rows, on=on or today_of(entity))


def standing_of(committee: Committee, *, on: date | None = None) -> CommitteeVersion | None:
    """Return how a committee stands on a day, today where none is given; None where its first version is still to come."""
    return latest(CommitteeVersion.objects.filter(committee=committee), on=on or today_of(committee.entity))


def latest(rows: QuerySet[CommitteeVersion], *, on: date) -> CommitteeVersion | None:
    """Return the version that holds on a day: of those that have begun, the one that began last, stated last."""
    found = rows.filter(valid_from__lte=on).order_by("-valid_from", "-number").prefetch_related("seats__person")
    return found.select_related("committee__entity").first()


def standings_of(committees: Sequence[Committee]) -> dict[int, CommitteeVersion]:
    """Return how several committees stand today, by their ids; those whose first version is still to come are left out."""
    days: dict[date, list[int]] = {}
    for each in committees:
        days.setdefault(today_of(each.entity), []).append(each.pk)
    found: dict[int, CommitteeVersion] = {}
    for day, ids in days.items():
        rows = CommitteeVersion.objects.filter(committee__in=ids, valid_from__lte=day)
        latest_first = rows.order_by("committee_id", "-valid_from", "-number").distinct("committee_id")
        related = latest_first.select_related("committee__entity", "stated_by").prefetch_related("seats__person")
        found |= {version.committee_id: version for version in related}
    return found


def today_of(entity: Entity) -> date:
    """Return the day that it is in the entity's zone."""
    return clock.now().astimezone(known_zone(entity.time_zone)).date()


def voters_of(version: CommitteeVersion) -> list[User]:
    """Return who votes on a committee: the chair first, then its members in their order."""
    return [seat.person for seat in seats_of(version) if seat.votes]


def chair_of(version: CommitteeVersion) -> User:
    """Return who chairs a committee."""
    return next(seat.person for seat in seats_of(version) if seat.capacity == CommitteeSeat.Capacity.CHAIR)


def seats_of(version: CommitteeVersion) -> list[CommitteeSeat]:
    """Return a committee's seats, the chair's first."""
    return sorted(version.seats.all(), key=lambda seat: (seat.capacity != CommitteeSeat.Capacity.CHAIR, seat.position))


def committees_seen(user: User) -> QuerySet[Committee]:
    """Return the committees that a person may see: those they sit or sat on, and those of entities that they oversee."""
    overseen = whole_entities_of(user, *OVERSEEING)
    sits = CommitteeSeat.objects.filter(person=user).values("version__committee")
    return (
        Committee.objects.filter(Q(entity__in=overseen) | Q(pk__in=sits))
        .select_related("entity")
        .order_by("entity__name", "code")
    )


def access_committee_by_id(user: User, committee_id: int) -> Committee:
    """Return a committee, if `user` may see it. Raises NotFound either way it is not so."""
    found = committees_seen(user).filter(pk=committee_id).first()
    if found is None:
        raise NotFound("There is no such committee, or it is not yours to see.", remedy="Choose one from the list.")
    return found


def last_stated(committee: Committee) -> CommitteeVersion | None:
    """Return the version that was stated last, whenever it begins."""
    rows = committee.versions.prefetch_related("seats__person").select_related("committee__entity")
    return rows.order_by("-number").first()


def to_come(committee: Committee) -> list[CommitteeVersion]:
    """Return the versions that begin on a later day, the next first."""
    rows = committee.versions.filter(valid_from__gt=today_of(committee.entity)).select_related("stated_by")
    return list(rows.prefetch_related("seats__person").order_by("valid_from", "-number"))


def stated_schemes(document: PolicyDocument, entity: Entity) -> list[Scheme]:
    """Return the authority that each committee of an entity states, as schemes with which a policy should agree.

    A committee states amounts in the entity's currency; a policy in another one is not held against them.
    """
    if document.currency != entity.currency:
        return []
    found = [standing_of(committee) for committee in Committee.objects.filter(entity=entity).select_related("entity")]
    return [_scheme(version, document) for version in found if version and version.authority]


def _scheme(version: CommitteeVersion, document: PolicyDocument) -> Scheme:
    kinds: Sequence[str] = [code for code, part in document.kinds.items() if part.measure == version.authority_measure]
    lines = read_authority("\n".join(version.authority))
    return scheme_of(
        f"the authority of {version.name}", version.committee.code, lines, kinds=kinds, measure=version.authority_measure
    )
