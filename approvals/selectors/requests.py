"""Requests that a person may see, and the one guarded door to each."""

from typing import Any

from django.db.models import Exists, F, JSONField, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import JSONObject

from approvals.models import Attachment, Decision, Question, Request, RequestLine, Round, Stage, StageMember
from approvals.selectors.delegations import places_of_others, requests_in_place
from approvals.selectors.particulars import attach_stated
from budgets.models import Budget
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
    related = ("entity__calendar", "requester", "vendor", "policy_version__policy")
    request: Request | None = with_parts(with_policy_mark(Request.objects.select_related(*related))).filter(number=number).first()
    if request is None or not sees(user, request):
        raise NotFound("There is no such request, or it is not yours to see.", remedy="Go back to the list of requests.")
    attach_stated(request)
    return request


def with_parts(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return requests, or rows read with theirs, that know as `parts` what belongs to the request: the rest is not asked for.

    In the database's own words: to put them together anew for every page would take longer than to answer them.
    """
    known: QuerySet[Any] = rows.annotate(parts=RawSQL(_PARTS, [], output_field=JSONField()))  # noqa: S611  a constant text
    return known


_PARTS = """
jsonb_build_object(
    'attachments', EXISTS (SELECT FROM approvals_attachment x WHERE x.request_id = approvals_request.id),
    'comments', EXISTS (SELECT FROM approvals_comment x WHERE x.request_id = approvals_request.id),
    'decisions', EXISTS (SELECT FROM approvals_decision x WHERE x.request_id = approvals_request.id),
    'questions', EXISTS (
        SELECT FROM approvals_question x JOIN approvals_stage s ON s.id = x.stage_id
        WHERE s.request_id = approvals_request.id),
    'attributes', EXISTS (SELECT FROM approvals_requestattribute x WHERE x.subject_id = approvals_request.id)
        OR EXISTS (SELECT FROM budgets_attribute x WHERE x.entity_id = approvals_request.entity_id AND x.kind = 'request'),
    'promise', (
        SELECT jsonb_build_object('at', x.promised_at, 'by', x.promised_by, 'ended', x.ended_at, 'outcome', x.outcome)
        FROM approvals_round x
        WHERE x.request_id = approvals_request.id AND x.number = approvals_request.round AND x.promised_at IS NOT NULL))
"""


def promise_told(rounds: QuerySet[Round]) -> QuerySet[Round, dict[str, Any]]:
    """Return what the requesters of some rounds were promised, and what came of it, each as one object."""
    told = JSONObject(at=F("promised_at"), by=F("promised_by"), ended=F("ended_at"), outcome=F("outcome"))
    return rounds.filter(promised_at__isnull=False).order_by().values_list(told, flat=True)


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
