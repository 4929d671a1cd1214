"""Writing on a request, on its page."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from approvals.forms import CommentForm
from approvals.models import Comment, Request
from approvals.selectors.comments import access_comment_by_id
from approvals.selectors.requests import access_request_by_number
from approvals.services.comments import edit_comment, withdraw_comment, write_comment
from approvals.views.page import page_context
from approvals.views.person import person_of
from approvals.views.refusals import refusal_shown
from core.errors import InvalidInput, Refusal
from core.models import User


@require_POST
def write(request: HttpRequest, number: str) -> HttpResponse:
    """Write a comment. 422: nothing said, or it names nobody who sees the request. Raises NotFound."""
    person = person_of(request)
    found = access_request_by_number(person, number)
    form = CommentForm(request.POST, prefix="comment")
    if form.is_valid():
        try:
            return _back(found, write_comment(request_id=found.pk, actor=person, text=form.cleaned_data["text"]))
        except InvalidInput as refusal:
            _complain(form, refusal)
        except Refusal as refusal:
            return _refused(request, found, person, refusal)
    return render(request, "approvals/request.html", page_context(found, person) | {"comment_form": form}, status=422)


@require_POST
def edit(request: HttpRequest, number: str, comment_id: int) -> HttpResponse:
    """Word one's comment anew. 422 as for `write`; 403: somebody else's; 409: withdrawn. Raises NotFound."""
    person = person_of(request)
    found = access_request_by_number(person, number)
    comment = access_comment_by_id(found, comment_id)
    form = CommentForm(request.POST, prefix=f"c{comment.pk}")
    if form.is_valid() or comment.author_id != person.pk:
        try:
            text = form.cleaned_data.get("text", "")
            return _back(found, edit_comment(comment_id=comment.pk, actor=person, text=text))
        except InvalidInput as refusal:
            _complain(form, refusal)
        except Refusal as refusal:
            return _refused(request, found, person, refusal)
    context = page_context(found, person)
    shown = [replace(each, form=form) if each.key == comment.pk and each.form else each for each in context["comments"]]
    return render(request, "approvals/request.html", context | {"comments": shown}, status=422)


@require_POST
def withdraw(request: HttpRequest, number: str, comment_id: int) -> HttpResponse:
    """Take one's comment away. 403: somebody else's; 409: withdrawn already. Raises NotFound."""
    person = person_of(request)
    found = access_request_by_number(person, number)
    comment = access_comment_by_id(found, comment_id)
    try:
        withdraw_comment(comment_id=comment.pk, actor=person)
    except Refusal as refusal:
        return _refused(request, found, person, refusal)
    messages.success(request, "Your comment is withdrawn.")
    return _back(found, comment)


def _back(found: Request, comment: Comment) -> HttpResponse:
    return redirect(f"{reverse('approvals:request', args=[found.number])}#comment-{comment.pk}")


def _complain(form: CommentForm, refusal: InvalidInput) -> None:
    for name, sentence in (refusal.details or {"": refusal.message}).items():
        form.add_error(name if name in form.fields else None, str(sentence))


def _refused(request: HttpRequest, found: Request, person: User, refusal: Refusal) -> HttpResponse:
    shown = refusal_shown(refusal, person=person, currency=found.currency)
    return render(request, "approvals/request.html", page_context(found, person) | {"refusal": shown}, status=refusal.status)
