"""Files: the list, a file taken in, what it would do, what it did."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.access import needs
from core.errors import Refusal
from core.posted import posted
from core.rules.rights import Right
from core.selectors.retention import refuse_if_removed
from core.serving import send_file
from core.views.people import person_of
from core.views.trying import may_be_tried
from reconciliation.import_forms import UploadForm
from reconciliation.models import ImportFile
from reconciliation.selectors.imports import access_import_by_id, groups_of, sources_for, statements_of, visible_imports
from reconciliation.selectors.previews import outcome_of, preview
from reconciliation.selectors.reading import READERS, entities_for, may_reconcile
from reconciliation.services.fixing import retry_rows
from reconciliation.services.ingest import receive_file, start_import

ROWS = 50
READ_AT_ONCE = 1024 * 1024  # a larger file is read after the page is there


@needs(*READERS)
@require_safe
def import_list(request: HttpRequest) -> HttpResponse:
    """List the files that came in, the newest first."""
    user = person_of(request)
    imports = visible_imports(user)
    context = {
        "page": Paginator(imports, ROWS).get_page(request.GET.get("page")),
        "waiting": imports.filter(quarantined__gt=0).count(),
        "may_write": bool(entities_for(user, Right.RECONCILE)),
    }
    return render(request, "reconciliation/imports.html", context)


@needs(Right.RECONCILE)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Take in a file. Nothing is imported yet: its page shows what it would do."""
    user = person_of(request)
    form = UploadForm(posted(request), request.FILES or None, user=user)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            received = receive_file(source=form.cleaned_data["source"], name=file.name, content=file.read(), actor=user)
        except Refusal as refusal:
            form.add_error("file", str(refusal))
        else:
            if received.state == ImportFile.State.DONE:
                messages.info(request, "This very file was imported before. Nothing was changed; this is what it did.")
            return redirect("reconciliation:import", received.pk)
    context = {"form": form, "has_sources": sources_for(user).exists()}
    return render(request, "reconciliation/import_new.html", context, status=422 if form.is_bound else 200)


@needs(*READERS)
@require_safe
def import_file(request: HttpRequest, import_id: int) -> HttpResponse:
    """Show a file: what it would do, or what it did and what waits."""
    user = person_of(request)
    found = access_import_by_id(user, import_id)
    is_read_now = found.state == ImportFile.State.RECEIVED and found.size <= READ_AT_ONCE
    is_done = found.state == ImportFile.State.DONE
    context = {
        "file": found,
        "groups": groups_of(found) if is_done else [],
        "outcome": _preview(found) if is_read_now else outcome_of(found) if is_done else None,
        "read_later": found.state == ImportFile.State.RECEIVED and not is_read_now,
        "statements": statements_of(found)[:ROWS],
        "may_write": may_reconcile(user, found.source.entity),
    }
    return render(request, "reconciliation/import.html", context)


@needs(*READERS)
@require_safe
def import_preview(request: HttpRequest, import_id: int) -> HttpResponse:
    """The part of a received file's page that says what it would do; a page of its own without htmx."""
    user = person_of(request)
    found = access_import_by_id(user, import_id)
    if found.state != ImportFile.State.RECEIVED:
        return redirect("reconciliation:import", found.pk)
    context = {"file": found, "outcome": _preview(found), "may_write": may_reconcile(user, found.source.entity)}
    name = "_import_preview.html" if request.headers.get("HX-Request") else "import.html"
    return render(request, f"reconciliation/{name}", context)


def _preview(found: ImportFile) -> object:
    with found.content.open("rb") as stream:
        return preview(source=found.source, name=found.name, content=stream.read())


@needs(Right.RECONCILE)
@require_POST
def start(request: HttpRequest, import_id: int) -> HttpResponse:
    """Import a file that was looked at, as a job with a page of its own."""
    user = person_of(request)
    found = access_import_by_id(user, import_id, Right.RECONCILE)
    try:
        return redirect("core:job", start_import(import_file_id=found.pk, actor=user).pk)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("reconciliation:import", found.pk)


@needs(Right.RECONCILE)
@require_POST
@may_be_tried
def retry(request: HttpRequest, import_id: int) -> HttpResponse:
    """Judge every row in quarantine again."""
    user = person_of(request)
    found = access_import_by_id(user, import_id, Right.RECONCILE)
    try:
        count = retry_rows(import_file_id=found.pk, actor=user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    else:
        said = "1 row was accepted." if count == 1 else f"{count:,} rows were accepted."
        messages.success(request, said if count else "Nothing has changed: the same rows wait for the same reasons.")
    return redirect("reconciliation:import", found.pk)


@needs(*READERS)
@require_safe
def download(request: HttpRequest, import_id: int) -> HttpResponseBase:
    """Hand out the file as it was received, byte for byte. 410: its retention period is over."""
    found = access_import_by_id(person_of(request), import_id)
    refuse_if_removed("imports", found.pk)
    return send_file(
        request,
        file=found.content.open("rb"),
        name=found.name,
        content_type="application/octet-stream",
        size=found.size,
        digest=found.sha256,
    )
