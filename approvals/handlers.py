"""Who is told what. Notices link to where the answer is given."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.conf import settings
from django.urls import reverse

from approvals.events import (
    AutomaticWithdrawn,
    BackupAsked,
    CommentWritten,
    DelegationBegun,
    DelegationEnded,
    DelegationEvent,
    DelegationStated,
    QuestionAnswered,
    QuestionAsked,
    QuestionClosed,
    QuestionEvent,
    QuestionLapsed,
    RequestApproved,
    RequestEvent,
    RequestRejected,
    RequestReturned,
    RequestSubmitted,
    RequestWithdrawn,
    StageAssigned,
    StageBreached,
    StageEscalated,
    StageEvent,
    StageJoined,
    StageWarned,
)
from approvals.models import Comment, Decision, Delegation, LookBack, Question, Request, Stage, StageMember
from approvals.selectors.delegations import deputies_ever, people_told
from approvals.selectors.particulars import marks_of
from approvals.selectors.requests import sees
from approvals.services.links import make_link, revoke_links
from approvals.services.undoing import stands
from core import clock
from core.access import holders_of
from core.events import on
from core.models import User
from core.services.notices import notify, settle
from core.services.people import PersonShut

BUNDLE, BY_CLOCKS = "reminders of what waits for your decision", frozenset({"warned", "escalated", "breached"})


@on(StageAssigned)
def tell_owner(event: StageAssigned) -> None:
    """A stage waits for whoever may decide on it."""
    if stands(event):
        stage = _stage(event)
        _tell_deciders(stage, _people(stage), "assigned", "waits for your decision", event.at)


@on(RequestSubmitted)
def tell_whose_approval_stands(event: RequestSubmitted) -> None:
    """It came again and was not put before them: whoever approved it hears of it, since it is their word."""
    rows = Decision.objects.filter(request=event.request_id, round=event.round, stands_from__isnull=False)
    for decision in rows.select_related("person", "request__entity", "stage").order_by("id"):
        request = decision.request
        notify(
            person=decision.decider,
            kind="approvals.stands",
            subject=f"{request.number} came again, and your approval stands: {request.title}",
            key=f"decision:{decision.pk}:stands",
            entity=request.entity,
            body=f"It asks for nothing else and for no more than you approved as {decision.stage}. Its page shows what changed.",
            url=reverse("approvals:request", args=[request.number]),
        )


@on(StageJoined)
def tell_of_joining(event: StageJoined) -> None:
    """Somebody was put before a stage by a colleague. Whose place it was is asked no more, nor is who decides for them."""
    stage = _stage(event)
    member = StageMember.ever.select_related("person", "added_by", "in_place_of").get(pk=event.member_id)
    handed_over = member.capacity != StageMember.Capacity.ADDED
    left = member.in_place_of or member.added_by
    if left is not None and handed_over:
        gone = deputies_ever({left.pk}) - {person.pk for person in _people(stage)}
        settle(people=gone, urls={reverse("approvals:stage", args=[stage.pk])})
    if member.in_place_of is not None:
        _tell_of_handing_on(stage, member, "handed on" if handed_over else "put before one more", event.at)
    if stage.state != Stage.State.ASSIGNED or member.left_at is not None:
        return
    words = f"was handed to you by {member.by}" if handed_over else f"waits for your decision too, {member.by} asks"
    _tell_deciders(stage, {member.person: None}, "joined", words, event.at, more=f" {member.by}: {member.reason}")


@on(StageWarned)
def remind(event: StageWarned) -> None:
    """Half of the time is gone."""
    stage = _stage(event)
    if stage.state == Stage.State.ASSIGNED:
        _tell_deciders(stage, _people(stage), "warned", "still waits for your decision", event.at)


@on(StageEscalated)
def tell_backup(event: StageEscalated) -> None:
    """The backup is asked too; where there is none, those whom the policy names hear of it."""
    stage = _stage(event)
    if stage.state != Stage.State.ASSIGNED:
        return
    _tell_deciders(stage, _people(stage), "escalated", "was escalated: owner and backup may decide", event.at)
    if event.backup_id is None:
        _tell_contacts(stage, "waits and has no backup", event.at)


@on(StageBreached)
def tell_of_breach(event: StageBreached) -> None:
    """The deadline passed."""
    stage = _stage(event)
    if stage.state == Stage.State.ASSIGNED:
        _tell_deciders(stage, _people(stage), "breached", "is overdue", event.at)


@on(BackupAsked)
def tell_who_covers(event: BackupAsked) -> None:
    """Somebody else is asked at once; where there is nobody, those whom the policy names hear of it."""
    stage = _stage(event)
    if stage.state != Stage.State.ASSIGNED:
        return
    _tell_deciders(stage, _people(stage), "covered", "waits for your decision, somebody being away", event.at)
    if event.backup_id is None:
        _tell_contacts(stage, "waits, and nobody who may decide is there", event.at)


@on(DelegationStated)
def tell_of_statement(event: DelegationStated) -> None:
    """The delegate hears of it, and the person too where another stated it."""
    row = _delegation(event)
    people = [row.delegate] if row.stated_by_id == row.person_id else [row.delegate, row.person]
    _tell_of_delegation(row, people, "stated", _days(row))


@on(DelegationBegun)
def tell_of_beginning(event: DelegationBegun) -> None:
    """What waits for the person waits for the delegate from now on."""
    row = _delegation(event)
    if row.ended_at is None:
        _tell_of_delegation(row, [row.delegate], "begun", "from now on")


@on(DelegationEnded)
def tell_of_end(event: DelegationEnded) -> None:
    """Whoever did not end it hears of it."""
    row = _delegation(event)
    people = [person for person in (row.delegate, row.person) if person and person.pk != row.ended_by_id]
    _tell_of_delegation(row, people, "ended", "no longer")


@on(RequestApproved)
def tell_of_approval(event: RequestApproved) -> None:
    """The money is committed."""
    by_policy = Decision.objects.filter(request=event.request_id, round=event.round, rule__isnull=False).exists()
    _tell_requester(event, "approved", "info", "is approved by the policy" if by_policy else "is approved")


@on(AutomaticWithdrawn)
def tell_of_withdrawal(event: AutomaticWithdrawn) -> None:
    """Somebody looked back at what the policy had approved; its requester hears why it ends."""
    looked = LookBack.objects.select_related("request__entity", "request__requester", "person").get(
        request=event.request_id, round=event.round
    )
    request = looked.request
    notify(
        person=request.requester,
        kind="approvals.automatic_withdrawn",
        subject=f"{request.number} is withdrawn after the policy had approved it: {request.title}",
        key=f"request:{request.pk}:{event.round}:automatic_withdrawn",
        entity=request.entity,
        body=f"{looked.person}: {looked.remark}",
        url=reverse("approvals:request", args=[request.number]),
        level="watch",
    )


@on(RequestRejected)
def tell_of_rejection(event: RequestRejected) -> None:
    """The request has ended."""
    _tell_requester(event, "rejected", "watch", "was rejected")


@on(RequestReturned)
def tell_of_return(event: RequestReturned) -> None:
    """The requester is asked to change something."""
    _tell_requester(event, "returned", "act", "was sent back to you")


@on(RequestWithdrawn)
def stop_asking(event: RequestWithdrawn) -> None:
    """The requester took it back."""
    settle_round(Request.objects.get(pk=event.request_id), event.round)


@on(QuestionAsked)
def tell_asked(event: QuestionAsked) -> None:
    """Somebody is to answer before a decision is made."""
    question = _question(event)
    if question.is_live:
        words = f"{question.asked_by} asks about {question.stage.request.number}: {question.stage.request.title}"
        _tell_of_question(question, question.asked, "asked", words, question.text, level="act")


@on(QuestionAnswered)
def tell_of_answer(event: QuestionAnswered) -> None:
    """The answer is there: whoever asked goes on."""
    question = _question(event)
    _settle_question(question)
    request, stage = question.stage.request, question.stage
    if stage.state != Stage.State.ASSIGNED:
        return
    # Whoever asked may have handed the stage over meanwhile.
    people = _people(stage)
    for person in [question.asked_by] if question.asked_by in people else people:
        notify(
            person=person,
            kind="approvals.answered",
            subject=f"{question.asked} answered a question about {request.number}: {request.title}",
            key=f"question:{question.pk}:answered",
            entity=request.entity,
            body=question.answer,
            url=reverse("approvals:stage", args=[stage.pk]),
            level="act",
        )


@on(QuestionLapsed)
def tell_of_silence(event: QuestionLapsed) -> None:
    """Nobody answered, and the clock runs again: both sides hear of it."""
    question = _question(event)
    if not question.is_live:
        return
    number = question.stage.request.number
    words = f"Your question about {number} was not answered in time; the clock runs again"
    _tell_of_question(question, question.asked_by, "lapsed", words, question.text, level="watch")
    words = f"{question.asked_by} still waits for your answer about {number}"
    _tell_of_question(question, question.asked, "lapsed", words, question.text, level="act")


@on(QuestionClosed)
def stop_asking_about(event: QuestionClosed) -> None:
    """No answer is wanted any more."""
    _settle_question(_question(event))


@on(CommentWritten)
def tell_named(event: CommentWritten) -> None:
    """Whoever a comment names hears of it once, if the comment stands and they still see the request."""
    comment = Comment.objects.select_related("request__entity", "author").get(pk=event.comment_id)
    if comment.withdrawn_at is not None:
        return
    request, said = comment.request, comment.wordings.latest("number").text
    for mention in comment.mentions.select_related("person"):
        if mention.person.is_active and sees(mention.person, request):
            notify(
                person=mention.person,
                kind="approvals.mentioned",
                subject=f"{comment.author} names you on {request.number}: {request.title}",
                key=f"comment:{comment.pk}:mentioned",
                entity=request.entity,
                body=said,
                url=f"{reverse('approvals:request', args=[request.number])}#comment-{comment.pk}",
            )


@on(PersonShut)
def end_links(event: PersonShut) -> None:
    """Mails that reached a shut account lead nowhere, also once it is opened again."""
    revoke_links(person_id=event.person_id)


def _tell_of_handing_on(stage: Stage, member: StageMember, what: str, at: str) -> None:
    """Whoever is away reads what their delegate did in their place."""
    assert member.in_place_of is not None
    request = stage.request
    notify(
        person=member.in_place_of,
        kind="approvals.handed_on",
        subject=f"{request.number} was {what} in your place: {request.title}",
        key=f"stage:{stage.pk}:handed_on:{at}",
        entity=request.entity,
        body=f"{member.added_by}, who decides for you, asked {member.person}: {member.reason}",
        url=reverse("approvals:request", args=[request.number]),
    )


def _question(event: QuestionEvent) -> Question:
    related = ("stage__request__entity", "asked", "asked_by")
    return Question.objects.select_related(*related).get(pk=event.question_id)


def _question_url(question: Question) -> str:
    return f"{reverse('approvals:request', args=[question.stage.request.number])}#question-{question.pk}"


def _tell_of_question(question: Question, person: User, what: str, words: str, body: str, *, level: str) -> None:
    notify(
        person=person,
        kind=f"approvals.question_{what}",
        subject=words,
        key=f"question:{question.pk}:{what}",
        entity=question.stage.request.entity,
        body=body,
        url=_question_url(question),
        level=level,
    )


def _settle_question(question: Question) -> None:
    settle(people={question.asked_id}, urls={_question_url(question)})


def _stage(event: StageEvent) -> Stage:
    related = ("request__entity", "request__requester", "request__policy_version", "owner", "backup")
    return Stage.objects.select_related(*related).get(pk=event.stage_id)


def _people(stage: Stage) -> dict[User, User | None]:
    return people_told(stage, now=clock.now())


def _tell_contacts(stage: Stage, words: str, at: str) -> None:
    if stage.request.policy_version is not None:
        contact = stage.request.policy_version.contact_role_code
        people = holders_of(contact, entity=stage.request.entity, path="/")
        _tell_deciders(stage, dict.fromkeys(people), "stuck", words, at)


def _tell_deciders(stage: Stage, people: Mapping[User, User | None], what: str, words: str, at: str, *, more: str = "") -> None:
    request = stage.request
    worth = f" for {request.amount:,.2f} {request.currency}" if request.amount else ""
    marks = "".join(f" {mark}." for mark in marks_of(request))
    asked = f"{request.requester} asks{worth}: {request.title}. Stage: {stage.name}.{marks}"
    bundle = _bundle_of(stage, what)
    for person, place in people.items():
        in_place = f" You decide for {place.name}." if place else ""
        notice = notify(
            person=person,
            kind=f"approvals.{what}",
            subject=f"{request.number} {words}: {request.title}",
            key=f"stage:{stage.pk}:{what}:{at}",
            entity=request.entity,
            body=f"{asked}{in_place}{more}",
            url=reverse("approvals:stage", args=[stage.pk]),
            level="act",
            bundle=bundle,
        )
        if notice is not None:
            make_link(notice=notice, stage=stage, person=person, place=place, now=clock.now())


def _bundle_of(stage: Stage, what: str) -> str:
    """Return with what else something is mailed: what a clock says comes in one mail with the like, if that is soon enough."""
    soon = clock.now() + 2 * timedelta(minutes=settings.REMINDER_MINUTES)
    is_near = what == "warned" and stage.due_at is not None and stage.due_at < soon
    return BUNDLE if what in BY_CLOCKS and not is_near else ""


def _delegation(event: DelegationEvent) -> Delegation:
    related = ("entity", "person", "delegate", "stated_by")
    return Delegation.objects.select_related(*related).get(pk=event.delegation_id)


def _days(row: Delegation) -> str:
    return f"from {row.first_day:%Y-%m-%d} to {row.last_day:%Y-%m-%d}"


def _tell_of_delegation(row: Delegation, people: Iterable[User | None], what: str, when: str) -> None:
    who = f"{row.delegate.name} decides for {row.person.name}" if row.delegate else f"{row.person.name} is out of office"
    said = f"Stated by {row.stated_by.name}: {row.reason}" if row.reason else f"Stated by {row.stated_by.name}."
    for person in people:
        if person is not None:
            notify(
                person=person,
                kind=f"approvals.delegation_{what}",
                subject=f"{who} {when}",
                key=f"delegation:{row.pk}:{what}",
                entity=row.entity,
                body=said,
                url=reverse("approvals:delegations"),
            )


def _tell_requester(event: RequestEvent, what: str, level: str, words: str) -> None:
    if not stands(event):
        return
    request = Request.objects.select_related("entity", "requester").get(pk=event.request_id)
    last = (
        request.decisions.filter(round=event.round, voided_at__isnull=True)
        .select_related("person", "on_behalf_of", "rule__version__policy")
        .order_by("-id")
        .first()
    )
    said = f"{last.who}: {last.comment}" if last is not None and last.comment else ""
    settle_round(request, event.round)
    notify(
        person=request.requester,
        kind=f"approvals.{what}",
        subject=f"{request.number} {words}: {request.title}",
        key=f"request:{request.pk}:{event.round}:{what}",
        entity=request.entity,
        body=said,
        url=reverse("approvals:request", args=[request.number]),
        level=level,
    )


def settle_round(request: Request, number: int) -> None:
    """Nobody is asked any more: what still says so is read."""
    asked = list(request.stages.filter(round=number).values_list("pk", "members__person"))
    people = deputies_ever({person for _, person in asked if person})
    settle(people=people, urls={reverse("approvals:stage", args=[stage]) for stage, _ in asked})
