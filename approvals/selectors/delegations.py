"""Who decides for whom: the statements in force, what they let a person see and decide, and the one guarded door to each."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from approvals.models import Decision, Delegation, OpenPlace, Request, RequestLine, Stage, StageMember
from approvals.rules.delegation import LONGEST, Deputies, Link, Matter
from approvals.rules.paths import common_path
from approvals.selectors.particulars import weight_of
from approvals.selectors.places import paths_of
from approvals.selectors.policies import kinds_of_entity
from budgets.models import CostCentre
from budgets.selectors.books import in_books
from budgets.selectors.master import cost_centres_in_reach
from core import clock
from core.access import entities_of, whole_entities_of
from core.errors import NotFound
from core.models import Entity, RoleAssignment, User
from core.rules.rights import RIGHTS_BY_KIND, Right

DECIDING_KINDS = tuple(kind for kind, rights in RIGHTS_BY_KIND.items() if Right.DECIDE in rights)
RELATED = ("entity", "person", "delegate", "cost_centre", "stated_by", "ended_by")


@dataclass(frozen=True, slots=True)
class Standing:
    """In whose place somebody decides, and the links by which they do, the last of which names them."""

    entity_id: int
    person: int
    way: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """How an owner who is away is stood in for: by whom, None where by nobody, and until when (UTC)."""

    stand_in: User | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Statable:
    """What a person may choose from on the form. `others` are those for whom an administrator states it."""

    entities: QuerySet[Entity]
    others: QuerySet[User]
    delegates: QuerySet[User]
    cost_centres: QuerySet[CostCentre]
    kinds: list[tuple[str, str]]
    administers: bool


def deputies_of(entity: Entity, *, now: datetime, people: Collection[int] = ()) -> Deputies:
    """Return the statements that are in force in an entity, and which of `people` are inactive."""
    links = _links(Delegation.objects.filter(entity=entity, starts_at__lte=now, ends_at__gt=now))
    inactive = frozenset(User.objects.filter(pk__in=people, is_active=False).values_list("pk", flat=True)) if people else ()
    return Deputies(tuple(links), frozenset(inactive))


def links_to_come(entity: Entity, *, now: datetime) -> list[Link]:
    """Return the statements with a delegate that are in force or will be."""
    return _links(Delegation.objects.filter(entity=entity, ends_at__gt=now, delegate__isnull=False))


def link_of(row: Delegation) -> Link:
    """Return a statement as the rules read it."""
    path = row.cost_centre.path if row.cost_centre else "/"
    return Link(row.pk, row.person_id, row.delegate_id, row.starts_at, row.ends_at, frozenset(row.kinds), row.limit, path)


def matter_of(request: Request, paths: Sequence[str] | None = None) -> Matter:
    """Return what is decided on, as delegations are held against it."""
    if paths is None:
        paths = paths_of(request)
    amount = in_books(weight_of(request), request.currency, request.entity, on=clock.now().date())
    return Matter(request.kind, common_path(paths), amount, request.currency != request.entity.currency)


def standings_of(user: User) -> list[Standing]:
    """Return for whom `user` decides now. What was stated is read once per user object, which a request makes anew."""
    kept: list[tuple[int, Link]] | None = user.__dict__.get("_links")
    now = clock.now()
    if kept is None:
        to_come = Delegation.objects.filter(ends_at__gt=now, delegate__isnull=False)
        theirs = set(to_come.filter(delegate_id=user.pk).values_list("entity_id", flat=True))
        rows = to_come.filter(entity__in=theirs).select_related("cost_centre") if theirs else []
        kept = user.__dict__["_links"] = [(row.entity_id, link_of(row)) for row in rows]
    found: list[Standing] = []
    for entity_id in dict.fromkeys(entity for entity, _ in kept):
        links = [link for entity, link in kept if entity == entity_id and link.is_on(now)]
        found += [Standing(entity_id, way[0].person, way) for way in _ways_to(user.pk, links)]
    return found


def stands_in(standing: Standing, *, prefix: str = "") -> Q:
    """Return the condition for requests that a standing covers; `prefix` is the row's way to its request."""
    terms = Q(**{f"{prefix}entity_id": standing.entity_id}) & ~Q(**{f"{prefix}requester_id": standing.person})
    for link in standing.way:
        if link.kinds:
            terms &= Q(**{f"{prefix}kind__in": link.kinds})
        if link.limit is not None:
            terms &= Q(**{f"{prefix}currency": F(f"{prefix}entity__currency"), f"{prefix}amount__lte": link.limit})
        if link.path != "/":
            lines = RequestLine.objects.filter(request=OuterRef(f"{prefix.rstrip('_') or 'pk'}"))
            terms &= ~Q(Exists(lines.exclude(account__cost_centre__path__startswith=link.path)))
    return terms


def stages_in_place(user: User) -> Q:
    """Return the condition for stages on which `user` may decide in another's place, as far as the decisions so far let them."""
    found = Q(pk__in=[])
    for standing in standings_of(user):
        member = OpenPlace.objects.filter(stage=OuterRef("pk"), person_id=standing.person)
        found |= Q(Exists(member)) & stands_in(standing, prefix="request__") & ~Q(Exists(counted_for(standing.person)))
    return found


def requests_in_place(user: User) -> Q:
    """Return the condition for requests that `user` sees because they stand in for somebody whom an open stage asks."""
    found = Q(pk__in=[])
    for standing in standings_of(user):
        asked = OpenPlace.objects.filter(stage__request=OuterRef("pk"), person_id=standing.person)
        found |= Q(Exists(asked)) & stands_in(standing)
    return found


def places_of_others(user: User) -> list[QuerySet[OpenPlace]]:
    """Return the same by the open places that `user` fills for others, for lists: each is found by its index."""
    return [
        OpenPlace.objects.filter(stands_in(standing, prefix="stage__request__"), person_id=standing.person)
        for standing in standings_of(user)
    ]


def counted_for(person_id: Any) -> QuerySet[Decision]:
    """Return the decisions of a stage's round by a person, or in their place."""
    theirs = Q(person_id=person_id) | Q(on_behalf_of_id=person_id)
    return Decision.objects.filter(theirs, request=OuterRef("request"), round=OuterRef("round"), voided_at__isnull=True)


def counted(decisions: Iterable[Decision], *, round_number: int) -> set[int]:
    """Return everybody who decided in a round, and everybody for whom somebody did."""
    said = [each for each in decisions if each.round == round_number and each.voided_at is None]
    return {person for each in said for person in (each.person_id, each.on_behalf_of_id) if person is not None}


def decided_of_each(requests: Iterable[Request]) -> dict[int, set[int]]:
    """Return, for each of several requests by their ids, `counted` of its present round; all decisions are read together."""
    rounds = {request.pk: request.round for request in requests}
    said: dict[int, list[Decision]] = {pk: [] for pk in rounds}
    made = Decision.objects.filter(request__in=list(rounds), voided_at__isnull=True).order_by()
    for decision in made.only("request_id", "round", "person_id", "on_behalf_of_id"):
        said[decision.request_id].append(decision)
    return {pk: counted(said[pk], round_number=number) for pk, number in rounds.items()}


def ways_for(user: User, request: Request, members: Iterable[int], *, now: datetime) -> dict[int, tuple[Link, ...]]:
    """Return for which members of a stage `user` stands in now, and how, read afresh."""
    deputies = deputies_of(request.entity, now=now)
    if not any(link.delegate == user.pk for link in deputies.links):
        return {}
    matter = matter_of(request)
    ways = {member: deputies.way(member, user.pk, matter) for member in members}
    return {member: way for member, way in ways.items() if way}


def asked_of(stages: Sequence[Stage], *, now: datetime) -> dict[int, Asked]:
    """Return who is asked in the place of owners who are away, by the stages' ids. Stages come with owner and request."""
    away = Delegation.objects.filter(person_id__in={stage.owner_id for stage in stages}, starts_at__lte=now, ends_at__gt=now)
    entities = {entity.pk: entity for entity in Entity.objects.filter(pk__in=away.values("entity_id"))} if stages else {}
    known = {pk: deputies_of(entity, now=now) for pk, entity in entities.items()}
    found: dict[int, tuple[Deputies, list[Link]]] = {}
    for stage in stages:
        links = known.get(stage.request.entity_id, Deputies()).links
        mine = [link for link in links if link.person == stage.owner_id]
        if mine or not stage.owner.is_active:
            gone = frozenset() if stage.owner.is_active else frozenset({stage.owner_id})
            found[stage.pk] = (Deputies(links, gone), mine)
    return _asked_in_place([stage for stage in stages if stage.pk in found], found) if found else {}


def whose_places(user: User, stages: Sequence[Stage]) -> dict[int, User]:
    """Return in whose place `user` would decide on stages that are not their own, by the stages' ids."""
    standings = standings_of(user)
    if not standings or not stages:
        return {}
    members: dict[int, list[int]] = {}
    for stage_id, person_id in StageMember.objects.filter(stage__in=stages).values_list("stage_id", "person_id"):
        members.setdefault(stage_id, []).append(person_id)
    people = User.objects.in_bulk({standing.person for standing in standings})
    found: dict[int, User] = {}
    for stage in stages:
        asked = members.get(stage.pk, [])
        theirs = [each.person for each in standings if each.entity_id == stage.request.entity_id and each.person in asked]
        if theirs and user.pk not in asked:
            found[stage.pk] = people[min(theirs, key=asked.index)]
    return found


def people_told(stage: Stage, *, now: datetime) -> dict[User, User | None]:
    """Return whom a stage asks: its people, and those who decide for them, with in whose place."""
    members = [member.person for member in stage.members.select_related("person")]
    found: dict[User, User | None] = {person: None for person in members if person.is_active}
    deputies = deputies_of(stage.request.entity, now=now)
    if not deputies:
        return found
    matter = matter_of(stage.request)
    ways = [(member, link) for member in members for link in deputies.chain(member.pk, matter) if link.is_able]
    people = User.objects.in_bulk({link.delegate for _, link in ways if link.delegate is not None})
    for member, link in ways:
        if link.delegate in people and link.delegate != stage.request.requester_id:
            found.setdefault(people[link.delegate], member)
    return found


def deputies_ever(people: Collection[int]) -> set[int]:
    """Return `people` and everybody who was ever a delegate of theirs, or of one of those: whom notices may have reached."""
    found, last = set(people), set(people)
    for _ in range(LONGEST):
        named = Delegation.objects.filter(person_id__in=last, delegate__isnull=False)
        last = set(User.objects.filter(pk__in=named.values("delegate_id")).values_list("pk", flat=True)) - found
        found |= last
        if not last:
            break
    return found


def delegations_seen(user: User) -> QuerySet[Delegation]:
    """Return the statements that `user` may see: their own, those that name them, those of entities that they oversee whole."""
    theirs = Q(person_id=user.pk) | Q(delegate_id=user.pk) | Q(stated_by_id=user.pk)
    overseen = whole_entities_of(user, Right.ADMINISTER, Right.AUDIT)
    return Delegation.objects.filter(theirs | Q(entity__in=overseen)).select_related(*RELATED)


def access_delegation_by_id(user: User, delegation_id: int) -> Delegation:
    """Return a statement, if `user` may see it. Raises NotFound either way it is not so."""
    found = delegations_seen(user).filter(pk=delegation_id).first()
    if found is None:
        raise NotFound("There is no such delegation, or it is not yours to see.", remedy="Choose one from the list.")
    return found


def may_state_for(actor: User, person: User, entity: Entity) -> bool:
    """Say whether `actor` may state who decides for `person`: the person, or an administrator of the whole entity."""
    return actor.pk == person.pk or actor.is_superuser or whole_entities_of(actor, Right.ADMINISTER).filter(pk=entity.pk).exists()


def deciders_in(*entities: Entity, inactive: bool = False) -> QuerySet[User]:
    """Return the people who hold a role that decides somewhere in one of the entities: who may be a delegate, and have one.

    With `inactive`, people whose account is shut too.
    """
    held = RoleAssignment.objects.filter(user=OuterRef("pk"), entity__in=entities, role__kind__in=DECIDING_KINDS)
    found = User.objects.filter(Exists(held)).order_by("name", "pk")
    return found if inactive else found.filter(is_active=True)


def statable_by(user: User) -> Statable:
    """Return what a person chooses from: where they decide themselves, and where they state it for others."""
    administered = list(whole_entities_of(user, Right.ADMINISTER))
    entities = entities_of(user, Right.DECIDE) | whole_entities_of(user, Right.ADMINISTER)
    here = list(entities)
    return Statable(
        entities=entities,
        others=deciders_in(*administered, inactive=True).exclude(pk=user.pk),
        delegates=deciders_in(*here).exclude(pk=user.pk),
        cost_centres=cost_centres_in_reach(user).filter(entity__in=here, is_active=True).order_by("path"),
        kinds=list({code: name for entity in here for code, name in kinds_of_entity(entity).items()}.items()),
        administers=bool(administered),
    )


def _asked_in_place(stages: Sequence[Stage], known: dict[int, tuple[Deputies, list[Link]]]) -> dict[int, Asked]:
    said: dict[int, list[Decision]] = {}
    for decision in Decision.objects.filter(request__in={stage.request_id for stage in stages}, voided_at__isnull=True):
        said.setdefault(decision.request_id, []).append(decision)
    stand_ins: dict[int, int | None] = {}
    away: dict[int, bool] = {}
    matters = {stage.pk: matter_of(stage.request) for stage in stages}
    for stage in stages:
        deputies, matter = known[stage.pk][0], matters[stage.pk]
        barred = counted(said.get(stage.request_id, []), round_number=stage.round) | {stage.request.requester_id}
        stand_ins[stage.pk] = deputies.stand_in(stage.owner_id, matter, barred=barred)
        away[stage.pk] = deputies.is_away(stage.owner_id, matter)
    people = User.objects.in_bulk([pk for pk in stand_ins.values() if pk is not None])
    return {
        stage.pk: Asked(
            stand_in=people.get(stand_ins[stage.pk] or 0),
            until=max((link.ends_at for link in known[stage.pk][1] if _is_for(link, matters[stage.pk])), default=None),
        )
        for stage in stages
        if away[stage.pk]
    }


def _is_for(link: Link, matter: Matter) -> bool:
    return link.delegate is None or link.covers(matter)


def _links(rows: QuerySet[Delegation]) -> list[Link]:
    held = RoleAssignment.objects.filter(
        user=OuterRef("delegate"), entity=OuterRef("entity"), role__kind__in=DECIDING_KINDS, user__is_active=True
    )
    columns = ("pk", "person_id", "delegate_id", "starts_at", "ends_at", "kinds", "limit", "cost_centre__path", "able")
    found = rows.annotate(able=Exists(held)).order_by("pk").values_list(*columns)
    return [
        Link(pk, person, delegate, starts_at, ends_at, frozenset(kinds), limit, path or "/", able)
        for pk, person, delegate, starts_at, ends_at, kinds, limit, path, able in found
    ]


def _ways_to(person: int, links: Sequence[Link]) -> list[tuple[Link, ...]]:
    """Return every chain of links that ends at a person, the nearest first; none goes through anybody twice."""
    found: list[tuple[Link, ...]] = []
    last: list[tuple[Link, ...]] = [()]
    for _ in range(LONGEST):
        last = [
            (link, *way)
            for way in last
            for link in links
            if link.delegate == (way[0].person if way else person) and link.person not in {person, *(each.person for each in way)}
        ]
        found += last
    return found
