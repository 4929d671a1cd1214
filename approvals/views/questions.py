"""Asking before deciding: the question from the panel, the answer on the request's page."""

from dataclasses import replace

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from approvals.forms import AnswerForm, QuestionForm
from approvals.models import Request, Stage
from approvals.selectors.people import may_be_asked
from approvals.selectors.queue import access_stage_by_id
from approvals.selectors.requests import access_question_by_id, access_request_by_number
from approvals.services.questions import File, answer_question, ask_question, withdraw_question
from approvals.services.standing import refuse_unless_asked
from approvals.views.page import page_context
from approvals.views.person import person_of
from approvals.views.queue import panel_context, work_context
from approvals.views.refusals import refusal_shown
from core.errors import InvalidInput, Refusal
from core.models import User
from core.uploads import read_bounded


@require_POST
def ask(request: HttpRequest, stage_id: int) -> HttpResponse:
    """Put a question to somebody. 422: something is missing. Raises NotAllowed, Stale, NotFound."""
    person = person_of(request)
    stage = access_stage_by_id(person, stage_id)
    # Before the form, which would tell whoever may not ask what to mend in it.
    refuse_unless_asked(stage.request, stage, person)
    form = QuestionForm(request.POST, people=list(may_be_asked(stage.request, person).values_list("pk", "name")))
    if not form.is_valid():
        return _panel_again(request, person, stage, form, status=422)
    data = form.cleaned_data
    try:
        asked = ask_question(stage_id=stage.pk, actor=person, person_id=data["person"], text=data["text"])
    except InvalidInput as refusal:
        _complain(form, refusal)
        return _panel_again(request, person, stage, form, status=422)
    clock = "The clock stands still until the answer." if asked.pauses else "The clock runs on meanwhile."
    messages.success(request, f"{asked.asked} is asked about {stage.request.number}. {clock}")
    return redirect("approvals:stage", stage.pk)


@require_POST
def answer(request: HttpRequest, number: str, question_id: int) -> HttpResponse:
    """Answer a question, with a file where there is one. Raises NotFound."""
    person = person_of(request)
    found = access_request_by_number(person, number)
    question = access_question_by_id(found, question_id)
    form = AnswerForm(request.POST, request.FILES, prefix=f"q{question.pk}")
    if not form.is_valid():
        return _page_again(request, found, person, question.pk, form)
    try:
        file = _file(form.cleaned_data["file"])
        answer_question(question_id=question.pk, actor=person, text=form.cleaned_data["text"], file=file)
    except InvalidInput as refusal:
        _complain(form, refusal)
        return _page_again(request, found, person, question.pk, form)
    except Refusal as refusal:
        return _refused(request, found, person, refusal)
    messages.success(request, f"Your answer is with {question.asked_by}, and the clock goes on.")
    return redirect(f"{reverse('approvals:request', args=[number])}#question-{question.pk}")


@require_POST
def withdraw(request: HttpRequest, number: str, question_id: int) -> HttpResponse:
    """Take one's question back. Raises NotFound."""
    person = person_of(request)
    found = access_request_by_number(person, number)
    question = access_question_by_id(found, question_id)
    try:
        withdraw_question(question_id=question.pk, actor=person)
    except Refusal as refusal:
        return _refused(request, found, person, refusal)
    messages.success(request, f"Your question to {question.asked} is withdrawn.")
    return redirect("approvals:stage", question.stage_id)


def _file(sent: UploadedFile[bytes] | None) -> File | None:
    if sent is None:
        return None
    return File(sent.name or "file", read_bounded(sent, most=settings.MAX_ATTACHMENT_BYTES))


def _complain(form: QuestionForm | AnswerForm, refusal: InvalidInput) -> None:
    for name, sentence in (refusal.details or {"": refusal.message}).items():
        form.add_error(name if name in form.fields else None, str(sentence))


def _panel_again(request: HttpRequest, person: User, stage: Stage, form: QuestionForm, *, status: int) -> HttpResponse:
    context = work_context(request, person, chosen=stage.pk) | panel_context(request, person, stage)
    return render(request, "approvals/queue.html", context | {"one": True, "question": form}, status=status)


def _page_again(request: HttpRequest, found: Request, person: User, question_id: int, form: AnswerForm) -> HttpResponse:
    context = page_context(found, person)
    shown = [replace(each, form=form) if each.key == question_id and each.form else each for each in context["questions"]]
    return render(request, "approvals/request.html", context | {"questions": shown}, status=422)


def _refused(request: HttpRequest, found: Request, person: User, refusal: Refusal) -> HttpResponse:
    shown = refusal_shown(refusal, person=person, currency=found.currency)
    return render(request, "approvals/request.html", page_context(found, person) | {"refusal": shown}, status=refusal.status)
