"""What waits for a person, and the one guarded door to a stage."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from approvals.models import OpenPlace, RequestLine, Stage
from approvals.selectors.delegations import counted_for, stages_in_place, standings_of
from approvals.selectors.particulars import STATED_OF_STAGE, attach_stated
from approvals.selectors.requests import sees, with_parts
from core import clock
from core.database.kept import Given, Kept
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
    theirs = OpenPlace.objects.filter(person_id__in={user.pk, *(each.person for each in for_others)})
    waiting = Stage.objects.filter(
        ~Q(request__requester_id=user.pk),
        ~Exists(counted_for(user.pk)),
        pk__in=theirs.values("stage_id"),
        state=Stage.State.ASSIGNED,
    )
    if for_others:
        mine = Q(Exists(OpenPlace.objects.filter(stage=OuterRef("pk"), person_id=user.pk)))
        waiting = waiting.filter(mine | stages_in_place(user))
    return waiting.order_by("due_at", "id")


def with_request(stages: QuerySet[Stage]) -> QuerySet[Stage]:
    """Return stages with what lists show of their requests."""
    return stages.select_related(*RELATED, *STATED_OF_STAGE)


def in_order(ids: Sequence[int], *, plain: bool = False) -> list[Stage]:
    """Return the stages with these ids, in their order, with all that their rows show, in two queries.

    Which they are was asked before: joined to all that is shown of them, a database plans for what waits for everybody. Where the
    lines of all say all, as `plain` says, six tables are not looked into; what no row shows is not read.
    """
    lines = RequestLine.objects.select_related("account__cost_centre")
    related = ROW if plain else (*ROW, *STATED_OF_STAGE)
    rows = Stage.objects.filter(pk__in=ids).select_related(*related).defer(*UNSHOWN)
    found = {stage.pk: stage for stage in rows.prefetch_related(Prefetch("request__lines", queryset=lines)).order_by()}
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
