"""How long a person's own decisions wait: for that person, and for whoever leads them. Nobody else is told."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from approvals.models import Decision, Manager, OpenPlace, StageMember
from approvals.rules.waits import StageFigures, Wait, figures_of
from core.access import entities_of
from core.models import Entity, User
from core.rules.rights import Right
from core.selectors.calendars import calendar_of


@dataclass(frozen=True, slots=True)
class Pace:
    """A person's decisions in a span, and what waits for them now. `figures` is None where they decided nothing."""

    person: User
    figures: StageFigures | None
    waiting: int = 0
    overdue: int = 0
    oldest: datetime | None = None


def entities_paced(user: User) -> QuerySet[Entity]:
    """Return the organizations in which a person decides, or leads somebody."""
    leads = Manager.objects.filter(entity=OuterRef("pk"), manager_id=user.pk)
    decides = entities_of(user, Right.DECIDE)
    return Entity.objects.filter(Q(pk__in=decides.values("pk")) | Exists(leads)).order_by("name")


def leads_of(user: User, entity: Entity) -> User | None:
    """Return who leads a person there, and so sees their figures too; None where nobody does."""
    row = Manager.objects.select_related("manager").filter(entity=entity, person_id=user.pk).first()
    return row.manager if row else None


def paces_of(user: User, entity: Entity, *, since: datetime, until: datetime) -> list[Pace]:
    """Return a person's own figures, then by name those of whom they lead directly.

    A wait begins as the stage came before whoever decided it: with its turn, or as it was handed to them or escalated.
    """
    led = [row.person for row in Manager.objects.select_related("person").filter(entity=entity, manager_id=user.pk)]
    people = [user, *sorted(led, key=lambda person: (person.name, person.pk))]
    ids = [person.pk for person in people]
    figures = {each.stage: each for each in _figures(entity, ids, since=since, until=until)}
    waiting = _waiting(entity, ids, now=until)
    return [Pace(person, figures.get(str(person.pk)), *waiting.get(person.pk, ())) for person in people]


def _figures(entity: Entity, people: Collection[int], *, since: datetime, until: datetime) -> list[StageFigures]:
    """Return figures by the people's ids, by the organization's calendar."""
    place = StageMember.ever.filter(stage=OuterRef("stage"), person=Coalesce(OuterRef("on_behalf_of"), OuterRef("person")))
    rows = Decision.objects.filter(
        person__in=people,
        request__entity=entity,
        voided_at__isnull=True,
        stands_from__isnull=True,
        decided_at__gte=since,
        decided_at__lt=until,
        stage__assigned_at__isnull=False,
    ).annotate(begun=Greatest(F("stage__assigned_at"), Subquery(place.order_by("-added_at").values("added_at")[:1])))
    told = rows.values_list("request__number", "person_id", "begun", "decided_at", "stage__due_at")
    waits = [Wait(number, str(person), begun, ended, due) for number, person, begun, ended, due in told.iterator()]
    return figures_of(waits, calendar_of(entity, around=since)).by_stage


def _waiting(entity: Entity, people: Collection[int], *, now: datetime) -> dict[int, tuple[int, int, datetime]]:
    """Return how much waits for each of some people, how much of it is overdue, and since when the oldest does."""
    said = Decision.objects.filter(
        Q(person=OuterRef("person")) | Q(on_behalf_of=OuterRef("person")),
        request=OuterRef("stage__request"),
        round=OuterRef("stage__round"),
        voided_at__isnull=True,
    )
    places = OpenPlace.objects.filter(~Exists(said), ~Q(stage__request__requester=F("person")), person__in=people)
    overdue = Count("pk", filter=Q(stage__due_at__lt=now, stage__paused_at__isnull=True))
    rows = places.filter(stage__request__entity=entity).order_by().values_list("person")
    told = rows.annotate(Count("pk"), overdue=overdue, oldest=Min("stage__assigned_at"))
    return {person: (count, late, oldest) for person, count, late, oldest in told}
