"""Policies: what routes now, a document proved before it is kept, a draft replayed and published."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from approvals.models import PolicyVersion
from approvals.policy_forms import ChangeForm, DayForm, PolicyForm
from approvals.rules.document import PolicyDocument
from approvals.selectors import policy_pages, proofs
from approvals.selectors.policies import change_kind, changes_asked, scheduled_of, standing_of
from approvals.selectors.proofs import proved
from approvals.services import policies
from approvals.services.policy_changes import ask_policy_change
from budgets.rules import safe_yaml
from core.access import needs
from core.errors import InvalidInput, Refusal
from core.models import Entity, User
from core.rules.rights import Right
from core.services.jobs import start_job
from core.shown import hand_out, refused, take_back
from core.views.people import person_of

SALT = "approvals.policy"


@dataclass(frozen=True)
class Shown:
    """A document as it was shown to one person, for one organization."""

    text: str
    person: int
    entity: int

    def signed(self) -> str:
        """Return it as text that nobody can change unseen."""
        return hand_out([self.text, self.person, self.entity], salt=SALT)


@needs(*policy_pages.READERS)
@require_safe
def policy_list(request: HttpRequest) -> HttpResponse:
    """List the policies, which version of each routes, and the drafts that wait."""
    user = person_of(request)
    context = {"policies": policy_pages.policies_of(user), "may_load": policy_pages.administered(user).exists()}
    return render(request, "approvals/policies.html", context)


@needs(*policy_pages.READERS)
@require_safe
def version(request: HttpRequest, version_id: int) -> HttpResponse:
    """Show a version: its matrix, what the proof finds today, its last replay, and the other versions."""
    user = person_of(request)
    found = policy_pages.access_version_by_id(user, version_id)
    return _shown(request, found, user)


def _shown(request: HttpRequest, found: PolicyVersion, user: User, form: DayForm | None = None) -> HttpResponse:
    document = PolicyDocument.model_validate(found.document)
    context = {
        "version": found,
        "matrix": policy_pages.matrix_of(document),
        "limits": policy_pages.limits_shown(document),
        "settings": policy_pages.settings_shown(document),
        "contact": document.roles[document.contact].name,
        "requisition_over": document.requisition_over,
        "replay": policy_pages.last_replay(found),
        "versions": policy_pages.versions_of(found.policy),
        "may_change": policy_pages.administered(user).filter(pk=found.policy.entity_id).exists(),
        "by_approval": bool(change_kind(standing_of(found.policy))),
        "asked": changes_asked(found.policy).first(),
        "scheduled": scheduled_of(found.policy),
        "stands": standing_of(found.policy),
        "form": form or ChangeForm(initial={"effective_from": found.planned_on}),
    }
    context |= proofs.told(proved(document, found.policy.entity))
    return render(request, "approvals/policy_version.html", context, status=422 if form is not None else 200)


@needs(*policy_pages.READERS)
@require_safe
def download(request: HttpRequest, version_id: int) -> HttpResponse:
    """Send a version as the YAML document that would load it again."""
    found = policy_pages.access_version_by_id(person_of(request), version_id)
    response = HttpResponse(policies.document_text(found), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.policy.code}-{found.number}.yaml"'
    return response


@needs(Right.ADMINISTER)
@require_http_methods(["GET", "HEAD", "POST"])
def load(request: HttpRequest) -> HttpResponse:
    """Take a document, prove it, and show what it would change. Nothing is kept."""
    user = person_of(request)
    entities = policy_pages.administered(user)
    if request.method != "POST":
        return render(
            request, "approvals/policy_load.html", {"form": PolicyForm(entities=entities, initial=_begun(request, user))}
        )
    form = PolicyForm(request.POST, request.FILES, entities=entities)
    if not form.is_valid():
        return render(request, "approvals/policy_load.html", {"form": form}, status=422)
    entity: Entity = form.cleaned_data["entity"]
    try:
        return _preview(request, user, entity, form.content())
    except Refusal as refusal:
        return _unreadable(request, form, refusal)


@needs(Right.ADMINISTER)
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Keep exactly what was shown, as a draft or published."""
    user = person_of(request)
    shown = _unsigned(request.POST.get("shown", ""), user)
    entity = policy_pages.administered(user).filter(pk=shown.entity).first()
    if entity is None:
        raise InvalidInput("You do not set this organization up any more.", remedy="Ask an administrator of it.")
    document = safe_yaml.read(shown.text.encode())
    publish = request.POST.get("how") == "publish"
    form = DayForm(request.POST)
    if not form.is_valid():
        return _preview(request, user, entity, shown.text.encode(), form)
    # What was shown named its day in the form: blank is at once there, whatever the document says.
    document.pop("effective_from", None)
    day = form.cleaned_data["effective_from"]
    try:
        kept = policies.load_policy(document=document, entity=entity, actor=user, publish=publish, effective_from=day)
    except Refusal as refusal:
        if not _about_the_day(refusal):
            raise
        form.add_error("effective_from", str(refusal))
        return _preview(request, user, entity, shown.text.encode(), form)
    messages.success(request, _kept_words(kept))
    return redirect("approvals:policy-version", version_id=kept.pk)


@needs(Right.ADMINISTER)
@require_POST
def publish(request: HttpRequest, version_id: int) -> HttpResponse:
    """Let a draft route, from a day on or at once."""
    user = person_of(request)
    found = policy_pages.access_version_by_id(user, version_id, Right.ADMINISTER)
    form = DayForm(request.POST)
    if not form.is_valid():
        return _shown(request, found, user, form)
    try:
        kept = policies.publish_version(version_id=found.pk, actor=user, effective_from=form.cleaned_data["effective_from"])
    except Refusal as refusal:
        if not _about_the_day(refusal):
            raise
        form.add_error("effective_from", str(refusal))
        return _shown(request, found, user, form)
    messages.success(request, _kept_words(kept))
    return redirect("approvals:policy-version", version_id=found.pk)


@needs(Right.ADMINISTER)
@require_POST
def withdraw(request: HttpRequest, version_id: int) -> HttpResponse:
    """Make a scheduled version a draft again, before its day."""
    user = person_of(request)
    found = policy_pages.access_version_by_id(user, version_id, Right.ADMINISTER)
    policies.withdraw_version(version_id=found.pk, actor=user)
    messages.success(request, f"{found.policy.name}, version {found.number}, is a draft again. What is in force stays so.")
    return redirect("approvals:policy-version", version_id=found.pk)


@needs(Right.ADMINISTER)
@require_POST
def ask(request: HttpRequest, version_id: int) -> HttpResponse:
    """Put a draft to approval, by the version in force."""
    user = person_of(request)
    found = policy_pages.access_version_by_id(user, version_id, Right.ADMINISTER)
    form = ChangeForm(request.POST)
    if not form.is_valid():
        return _shown(request, found, user, form)
    try:
        asked = ask_policy_change(version_id=found.pk, actor=user, **form.cleaned_data)
    except Refusal as refusal:
        form.add_error("effective_from" if _about_the_day(refusal) else None, str(refusal))
        return _shown(request, found, user, form)
    messages.success(request, f"{asked.number} puts it to approval. The last yes publishes it.")
    return redirect("approvals:request", asked.number)


@needs(Right.ADMINISTER)
@require_POST
def drop(request: HttpRequest, version_id: int) -> HttpResponse:
    """Take a draft away."""
    user = person_of(request)
    found = policy_pages.access_version_by_id(user, version_id, Right.ADMINISTER)
    policies.drop_draft(version_id=found.pk, actor=user)
    messages.success(request, f"The draft of {found.policy.name} is gone.")
    return redirect("approvals:policies")


@needs(*policy_pages.READERS)
@require_POST
def replay(request: HttpRequest, version_id: int) -> HttpResponse:
    """Start a replay of past requests; its job says how far it is."""
    user = person_of(request)
    found = policy_pages.access_version_by_id(user, version_id)
    policy_pages.check_may_replay(user, found)
    title = f"Past requests by {found.policy.name}, version {found.number}"
    args = {"version_id": found.pk}
    job = start_job(kind=policy_pages.REPLAY_KIND, title=title, args=args, actor=user, entity=found.policy.entity)
    return redirect("core:job", job_id=job.pk)


def _begun(request: HttpRequest, user: User) -> dict[str, Any]:
    """Begin with the document of a version, where one is named and may be seen."""
    begun = request.GET.get("from", "")
    if not begun.isdecimal() or len(begun) > 12:
        return {}
    found = policy_pages.access_version_by_id(user, int(begun), Right.ADMINISTER)
    return {"entity": found.policy.entity, "text": policies.document_text(found)}


def _about_the_day(refusal: Refusal) -> bool:
    return isinstance(refusal, InvalidInput) and "effective_from" in refusal.details


def _kept_words(kept: PolicyVersion) -> str:
    """Say from when on a version routes that was kept, or that it is a draft."""
    name = f"{kept.policy.name}, version {kept.number},"
    if kept.effective_from is None:
        return f"{name} is kept as a draft."
    if kept.standing == PolicyVersion.Standing.SCHEDULED and kept.planned_on is not None:
        return f"{name} is scheduled: it routes what is submitted from {kept.planned_on.day} {kept.planned_on:%B %Y} on."
    return f"{name} routes new requests from now on."


def _preview(request: HttpRequest, user: User, entity: Entity, content: bytes, form: DayForm | None = None) -> HttpResponse:
    document = policies.read_policy(safe_yaml.read(content))
    standing = policy_pages.standing_of(entity, document.code)
    context = {
        "document": document,
        "entity": entity,
        "standing": standing,
        "difference": policy_pages.compared(document, standing),
        "by_approval": bool(change_kind(standing)),
        "scheduled": policy_pages.scheduled_for(entity, document.code),
        "form": form or DayForm(initial={"effective_from": document.effective_from}),
        "shown": Shown(content.decode("utf-8-sig"), user.pk, entity.pk).signed(),
    }
    context |= proofs.told(proved(document, entity))
    return render(request, "approvals/policy_preview.html", context, status=422 if form is not None else 200)


def _unreadable(request: HttpRequest, form: PolicyForm, refusal: Refusal) -> HttpResponse:
    """Show the form again with what was typed or sent, and each place that is wrong."""
    form.add_error("file" if form.cleaned_data["file"] is not None else "text", str(refusal))
    places = refusal.details if isinstance(refusal, InvalidInput) else {}
    return render(request, "approvals/policy_load.html", {"form": form, "places": places}, status=422)


def _unsigned(text: str, user: User) -> Shown:
    try:
        shown = Shown(*take_back(text, salt=SALT, what="policy", again="Send"))
    except TypeError as error:
        raise refused("policy", "Send") from error
    if shown.person != user.pk:
        raise InvalidInput("This was shown to somebody else.", remedy="Send the policy again.")
    return shown
