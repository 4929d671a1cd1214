"""Requests that a person may see, and the one guarded door to each."""

from typing import Any

from django.db.models import Exists, JSONField, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from approvals.models import Attachment, Decision, Question, Request, RequestLine, Stage, StageMember
from approvals.selectors.delegations import places_of_others, requests_in_place
from approvals.selectors.particulars import attach_stated
from budgets.models import Budget
from core import clock
from core.database.kept import Given, Kept
from core.errors import NotFound
from core.models import User
from core.reach import in_reach, reached_whole
from core.rules.rights import Right

# Whoever checks the books sees all of an entity's requests; whoever decides sees those in their part of the tree.
IN_ITS_LAST_ROUND = Q(request=OuterRef("pk"), round=OuterRef("round"))
PATH = "account__cost_centre__path"
READERS = (Right.RECONCILE, Right.AUDIT, Right.DECIDE)


def visible_requests(user: User) -> QuerySet[Request]:
    """Return the requests that `user` may see: their own, those they decide, decided on or were asked
    about, and those in their scope.

    A draft is its requester's alone.
    """
    mine = Q(requester_id=user.pk)
    return Request.objects.filter(
        # The database asks in this order, and mostly the first answer is enough.
        mine | ~Q(state=Request.State.DRAFT) & (_in_scope(user) | _asked(user) | requests_in_place(user))
    )


def listed_requests(user: User) -> QuerySet[Request]:
    """Return the same, for a list of them: what it costs follows from what is shown, not from all that was ever asked.

    Whoever reads a whole organization meets what they may see at each step of the list; for everybody else their own requests
    are found first, each way by its index, and put in order then.
    """
    if reached_whole(user, *READERS):
        return visible_requests(user)
    ways = [
        Request.objects.filter(requester_id=user.pk).values("pk"),
        StageMember.ever.filter(person_id=user.pk).values("stage__request_id"),
        Stage.objects.filter(owner_id=user.pk).values("request_id"),
        Stage.objects.filter(backup_id=user.pk).values("request_id"),
        Decision.objects.filter(person_id=user.pk).values("request_id"),
        Question.objects.filter(asked_id=user.pk).values("stage__request_id"),
        RequestLine.objects.filter(in_reach(user, *READERS, under=PATH, entity="request__entity")).values("request_id"),
        *(places.values("stage__request_id") for places in places_of_others(user)),
    ]
    first, *others = (way.order_by() for way in ways)
    return Request.objects.filter(Q(requester_id=user.pk) | ~Q(state=Request.State.DRAFT), pk__in=first.union(*others))


def sees(user: User, request: Request) -> bool:
    """Say whether `user` may see one request now. Mostly what they hold says so by itself."""
    if request.requester_id == user.pk:
        return True
    if request.state == Request.State.DRAFT:
        return False
    wide = reached_whole(user, *READERS)
    return request.entity_id in wide or visible_requests(user).filter(pk=request.pk).exists()


def access_request_by_number(user: User, number: str) -> Request:
    """Return the request with `number`, if `user` may see it. Raises NotFound either way it is not so."""
    request = _BY_NUMBER.row(number=number, now=clock.now())
    if request is None or not sees(user, request):
        raise NotFound("There is no such request, or it is not yours to see.", remedy="Go back to the list of requests.")
    attach_stated(request)
    request.__dict__["by_policy"] = request.__dict__["parts"]["by_policy"]
    return request


def with_parts(rows: QuerySet[Any], now: Any) -> QuerySet[Any]:
    """Return requests, or rows read with theirs, that know as `parts` what belongs to the request at `now`.

    What there is of each part, whether a policy approved it, what was promised, who of those it waits for is away and how their
    due times came about: `approvals_told_of_request` says it in one call. The rest is not asked for.
    """
    known: QuerySet[Any] = rows.annotate(parts=RawSQL(_PARTS, [now], output_field=JSONField()))  # noqa: S611  a constant text
    return known


def parts_of(request: Request) -> dict[str, Any]:
    """Return the parts of a request; those that its door read, else as they are now."""
    known: dict[str, Any] | None = request.__dict__.get("parts")
    if known is None:
        found = with_parts(Request.objects.filter(pk=request.pk), clock.now())
        known = found.values_list("parts", flat=True).get()
    return known


_PARTS = "approvals_told_of_request(approvals_request.id, approvals_request.round, approvals_request.entity_id, %s)"
_RELATED = ("entity__calendar", "requester", "vendor", "policy_version__policy")
_BY_NUMBER: Kept[Request] = Kept(
    lambda: with_parts(Request.objects.select_related(*_RELATED), Given("now")).filter(number=Given("number")).order_by()
)


def with_policy_mark(found: QuerySet[Request]) -> QuerySet[Request]:
    """Return requests that know, as `by_policy`, whether in their last round a policy approved them by itself."""
    return found.annotate(by_policy=Exists(Decision.objects.filter(IN_ITS_LAST_ROUND, rule__isnull=False)))


def requests_of_budget(user: User, budget: Budget) -> QuerySet[Request]:
    """Return the requests that `user` may see and that have a line in the budget."""
    lines = RequestLine.objects.filter(request=OuterRef("pk"), account__budget=budget)
    return visible_requests(user).filter(Exists(lines))


def access_question_by_id(request: Request, question_id: int) -> Question:
    """Return a question about a request that was reached through its own door. Raises NotFound."""
    related = ("asked", "asked_by", "stage")
    asked = Question.objects.select_related(*related).filter(stage__request=request, pk=question_id).first()
    if asked is None:
        raise NotFound("There is no such question.", remedy="Open the request to see what was asked.")
    return asked


def access_attachment_by_id(request: Request, attachment_id: int) -> Attachment:
    """Return a file of a request that was reached through its own door. Raises NotFound."""
    kept = request.attachments.filter(pk=attachment_id).first()
    if kept is None:
        raise NotFound("There is no such file.", remedy="Open the request and choose one of its files.")
    return kept


def _asked(user: User) -> Q:
    members = StageMember.ever.filter(stage__request=OuterRef("pk"), person_id=user.pk)
    named = Stage.objects.filter(Q(owner_id=user.pk) | Q(backup_id=user.pk), request=OuterRef("pk"))
    decisions = Decision.objects.filter(request=OuterRef("pk"), person_id=user.pk)
    questions = Question.objects.filter(stage__request=OuterRef("pk"), asked_id=user.pk)
    return Q(Exists(members)) | Q(Exists(named)) | Q(Exists(decisions)) | Q(Exists(questions))


def _in_scope(user: User) -> Q:
    return in_reach(user, *READERS, under=_has_a_line_under)


def _has_a_line_under(path: str) -> Q:
    return Q(Exists(RequestLine.objects.filter(request=OuterRef("pk"), account__cost_centre__path__startswith=path)))
