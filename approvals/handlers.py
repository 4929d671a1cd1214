"""Who is told what. Notices link to where the answer is given."""

from collections.abc import Iterable, Mapping

from django.urls import reverse

from approvals.events import (
    BackupAsked,
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
    RequestWithdrawn,
    StageAssigned,
    StageBreached,
    StageEscalated,
    StageEvent,
    StageJoined,
    StageWarned,
)
from approvals.models import Delegation, Question, Request, Stage, StageMember
from approvals.selectors.delegations import deputies_ever, people_told
from core import clock
from core.access import holders_of
from core.events import on
from core.models import User
from core.services.notices import notify, settle


@on(StageAssigned)
def tell_owner(event: StageAssigned) -> None:
    """A stage waits for whoever may decide on it."""
    stage = _stage(event)
    if stage.state == Stage.State.ASSIGNED:
        _tell_deciders(stage, _people(stage), "assigned", "waits for your decision", event.at)


@on(StageJoined)
def tell_of_joining(event: StageJoined) -> None:
    """Somebody was put before a stage by a colleague, who is asked no more where they handed it over."""
    stage = _stage(event)
    member = StageMember.ever.select_related("person", "added_by").get(pk=event.member_id)
    giver = member.added_by
    handed_over = member.capacity != StageMember.Capacity.ADDED
    if giver is not None and handed_over:
        settle(people={giver.pk}, urls={reverse("approvals:stage", args=[stage.pk])})
    if stage.state != Stage.State.ASSIGNED or member.left_at is not None:
        return
    words = f"was handed to you by {giver}" if handed_over else f"waits for your decision too, {giver} asks"
    _tell_deciders(stage, {member.person: None}, "joined", words, event.at, more=f" {giver}: {member.reason}")


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
    _tell_requester(event, "approved", "info", "is approved")


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
    _settle(Request.objects.get(pk=event.request_id), event.round)


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
    asked = f"{request.requester} asks for {request.amount:,.2f} {request.currency}: {request.title}. Stage: {stage.name}."
    for person, place in people.items():
        in_place = f" You decide for {place.name}." if place else ""
        notify(
            person=person,
            kind=f"approvals.{what}",
            subject=f"{request.number} {words}: {request.title}",
            key=f"stage:{stage.pk}:{what}:{at}",
            entity=request.entity,
            body=f"{asked}{in_place}{more}",
            url=reverse("approvals:stage", args=[stage.pk]),
            level="act",
        )


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
    request = Request.objects.select_related("entity", "requester").get(pk=event.request_id)
    last = request.decisions.filter(round=event.round).select_related("person", "on_behalf_of").order_by("-id").first()
    said = f"{last.who}: {last.comment}" if last is not None and last.comment else ""
    _settle(request, event.round)
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


def _settle(request: Request, number: int) -> None:
    """Nobody is asked any more: what still says so is read."""
    asked = list(request.stages.filter(round=number).values_list("pk", "members__person"))
    people = deputies_ever({person for _, person in asked if person})
    settle(people=people, urls={reverse("approvals:stage", args=[stage]) for stage, _ in asked})
