"""What waits for a person, and the one guarded door to a stage."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from approvals.models import OpenPlace, RequestLine, Stage, Timer
from approvals.selectors.delegations import counted_for, stages_in_place, standings_of
from approvals.selectors.particulars import STATED_OF_STAGE, attach_stated
from approvals.selectors.requests import sees, with_parts
from core import clock
from core.database.kept import AnyOf, Given, Kept
from core.errors import NotFound
from core.models import User

RELATED = (
    "request__entity__calendar",
    "request__requester",
    "request__vendor",
    "request__policy_version__policy",
    "owner",
    "backup",
)
# What a row shows, and what is long and none does.
ROW = ("request__entity__calendar", "request__requester", "backup")
UNSHOWN = ("request__trace", "request__risk_reasons", "request__reason")


def queue_of(user: User) -> QuerySet[Stage]:
    """Return the stages on which `user` may decide now, for themselves or for somebody who is away, the most urgent first.

    It begins at the open places of those for whom they decide, so that neither the past nor what waits for others is looked at.
    """
    for_others = standings_of(user)
    if not for_others:
        return waiting_for(user.pk)
    mine = Q(Exists(OpenPlace.objects.filter(stage=OuterRef("pk"), person_id=user.pk)))
    people = {user.pk, *(each.person for each in for_others)}
    return waiting_for(user.pk, OpenPlace.objects.filter(person_id__in=people)).filter(mine | stages_in_place(user))


def waiting_for(person: Any, places: QuerySet[OpenPlace] | None = None) -> QuerySet[Stage]:
    """Return the stages at the open places of a person, or at some, on which the person may decide; the most urgent first."""
    theirs = OpenPlace.objects.filter(person_id=person) if places is None else places
    waiting = Stage.objects.filter(
        ~Q(request__requester_id=person),
        ~Exists(counted_for(person)),
        pk__in=theirs.values("stage_id"),
        state=Stage.State.ASSIGNED,
    )
    return waiting.order_by("due_at", "id")


def with_request(stages: QuerySet[Stage]) -> QuerySet[Stage]:
    """Return stages with what lists show of their requests."""
    return stages.select_related(*RELATED, *STATED_OF_STAGE)


def in_order(ids: Sequence[int], *, plain: bool = False) -> list[Stage]:
    """Return the stages with these ids, in their order, with all that their rows show, in two queries.

    Which they are was asked before: joined to all that is shown of them, a database plans for what waits for everybody. Where the
    lines of all say all, as `plain` says, six tables are not looked into; what no row shows is not read.
    """
    if not ids:
        return []
    found = {stage.pk: stage for stage in (_PLAIN if plain else _STATED).rows(ids=list(ids))}
    by_request: dict[int, list[RequestLine]] = defaultdict(list)
    for line in _LINES.rows(requests=[stage.request_id for stage in found.values()]):
        by_request[line.request_id].append(line)
    for stage in found.values():
        stage.request.__dict__["lines_read"] = by_request[stage.request_id]
    return [found[pk] for pk in ids if pk in found]


def access_stage_by_id(user: User, stage_id: int) -> Stage:
    """Return the stage, if `user` may see its request. Raises NotFound either way it is not so."""
    stage = _BY_ID.row(stage=stage_id, now=clock.now())
    if stage is None or not sees(user, stage.request):
        raise NotFound("There is no such stage, or it is not yours to see.", remedy="Go back to your queue.")
    attach_stated(stage.request)
    stage.request.__dict__["parts"] = stage.__dict__["parts"]
    return stage


_BY_ID: Kept[Stage] = Kept(
    lambda: with_parts(Stage.objects.select_related(*RELATED), Given("now")).filter(pk=Given("stage")).order_by()
)
# By which calendar a stage's deadline is counted: mostly the organization's, or its owner's.
_CLOCK = Timer.objects.filter(stage=OuterRef("pk"), kind=Timer.Kind.BREACH, starts_at=OuterRef("assigned_at"))
_CLOCK = _CLOCK.exclude(state=Timer.State.CANCELLED).order_by("pk")
_CLOCK_TOLD = _CLOCK.values(told=JSONObject(calendar=F("calendar_id"), version=F("calendar_version")))[:1]
_SHOWN = Stage.objects.filter(pk__in=AnyOf("ids")).annotate(clock=Subquery(_CLOCK_TOLD)).order_by()
_PLAIN: Kept[Stage] = Kept(lambda: _SHOWN.select_related(*ROW).defer(*UNSHOWN))
_STATED: Kept[Stage] = Kept(lambda: _SHOWN.select_related(*ROW, *STATED_OF_STAGE).defer(*UNSHOWN))
_LINES: Kept[RequestLine] = Kept(
    lambda: RequestLine.objects.filter(request__in=AnyOf("requests")).select_related("account__cost_centre").order_by("number")
)
