"""Statements: the manager's list, one with its sources, the answer, and how a dispute ends."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from budgets.chargeback_forms import AnotherForm, DisputeForm, ResolveForm
from budgets.models import ChargebackRun, ChargebackStatement
from budgets.selectors.freshness import freshness_of_run, freshness_of_runs
from budgets.selectors.overview import Fresh
from budgets.selectors.sources import sources_of
from budgets.selectors.statements import (
    access_statement_by_id,
    figures_of,
    keeps_books,
    managers_of,
    statements_in_reach,
    with_amounts,
)
from budgets.services.statements import Shift, accept_statement, ask_another, dispute_statement, resolve_dispute
from core import clock
from core.errors import InvalidInput, NotFound, Refusal
from core.models import User
from core.rules.sheets import as_csv, cell
from core.views.people import person_of

ROWS = 50


@require_safe
def statements(request: HttpRequest) -> HttpResponse:
    """List the statements that the person may see: those that wait for them first."""
    user = person_of(request)
    seen = statements_in_reach(user)
    waiting = list(with_amounts(seen).filter(manager=user, state="sent", run__state="review"))
    page = Paginator(with_amounts(seen.exclude(run__state="dropped")), ROWS).get_page(request.GET.get("page"))
    runs = ChargebackRun.objects.filter(pk__in=[each.run_id for each in (*waiting, *page)])
    fresh = freshness_of_runs(runs, now=clock.now())
    return render(request, "budgets/statements.html", {"waiting": waiting, "page": page, "fresh": fresh})


@require_safe
def statement(request: HttpRequest, statement_id: int) -> HttpResponse:
    """Show a statement. Raises NotFound."""
    user = person_of(request)
    return _page(request, user, access_statement_by_id(user, statement_id))


@require_POST
def answer(request: HttpRequest, statement_id: int) -> HttpResponse:
    """Accept a statement, or dispute it with what is wrong. 422: something is missing; 403: not theirs; 409: too late."""
    user = person_of(request)
    found = access_statement_by_id(user, statement_id)
    if request.POST.get("answer") == "accept":
        return _do(request, user, found, lambda: _accepted(found, user))
    form = DisputeForm(request.POST)
    if not form.is_valid():
        return _page(request, user, found, dispute_form=form, status=422)

    def act() -> str:
        dispute = dispute_statement(statement_id=found.pk, actor=user, **form.cleaned_data)
        return f"{dispute.owner.name} sees to it by {dispute.due_at:%-d %B}."

    return _do(request, user, found, act, dispute_form=form)


def _accepted(found: ChargebackStatement, user: User) -> str:
    accept_statement(statement_id=found.pk, actor=user)
    return f"{found} is accepted."


@require_POST
def resolve(request: HttpRequest, statement_id: int) -> HttpResponse:
    """End the open dispute of a statement. 422: something is missing; 403: not theirs; 409: none is open."""
    user = person_of(request)
    found = access_statement_by_id(user, statement_id)
    form = ResolveForm(request.POST, run=found.run)
    if not form.is_valid():
        return _page(request, user, found, resolve_form=form, status=422)
    dispute = found.disputes.filter(resolved_at__isnull=True).first()
    if dispute is None:
        return _page(request, user, found, refusal="No dispute of this statement is open.", status=409)
    data = form.cleaned_data
    shift = Shift(data["pool"], data["taker"], data["amount"], data["reason"]) if data["outcome"] == "adjusted" else None

    def act() -> str:
        resolve_dispute(dispute_id=dispute.pk, actor=user, answer=data["answer"], shift=shift)
        return "It is adjusted; both sides are asked again." if shift else "The statement stands as it is; the manager is told."

    return _do(request, user, found, act, resolve_form=form)


@require_POST
def pass_on(request: HttpRequest, statement_id: int) -> HttpResponse:
    """Put a statement before somebody else who decides over the cost centre."""
    user = person_of(request)
    found = access_statement_by_id(user, statement_id)
    form = AnotherForm(request.POST, people=managers_of(found.run.entity, found.receiver))
    if not form.is_valid():
        return _page(request, user, found, refusal="Choose whom to ask.", status=422)

    def act() -> str:
        asked = ask_another(statement_id=found.pk, actor=user, manager=form.cleaned_data["manager"])
        return f"{asked.manager.name} is asked, and has five working days."

    return _do(request, user, found, act)


@require_safe
def sources(request: HttpRequest, statement_id: int, pool: str) -> HttpResponse:
    """Show from which entries what a receiver bears of a pool comes, and its share of each. Raises NotFound."""
    user = person_of(request)
    found = access_statement_by_id(user, statement_id)
    traced = sources_of(user, found, pool)
    if traced is None:
        raise NotFound("Nothing of that pool is borne here.", remedy="Start from the statement.")
    page = Paginator(traced.entries, ROWS).get_page(request.GET.get("page"))
    context = {"statement": found, "traced": traced, "page": page, "fresh": freshness_of_run(found.run)}
    return render(request, "budgets/statement_sources.html", context)


@require_safe
def statement_csv(request: HttpRequest, statement_id: int) -> HttpResponse:
    """The lines of a statement as a CSV file, in which nothing is a formula."""
    found = access_statement_by_id(person_of(request), statement_id)
    figures = figures_of(found)
    head = ["month", "cost_centre", "pool", "by_rules", "adjusted", "amount", "currency", "why", "state", "as_of", "sources"]
    how_fresh = _fresh_cells(freshness_of_run(found.run))
    rows = [[*_cells(found, line.name, line.borne), *how_fresh] for line in figures.lines]
    response = HttpResponse(as_csv([head, *rows]), content_type="text/csv; charset=utf-8")
    name = f"chargeback-{found.run.month:%Y-%m}-{found.receiver.code}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _fresh_cells(fresh: Fresh) -> list[str]:
    """Say in a file whether its figures may still change, as of when, and from what; moments in UTC."""
    sources = [f"{name} {last:%Y-%m-%dT%H:%M:%SZ}" if last else name for name, last in fresh.sources]
    return [fresh.state, f"{fresh.as_of:%Y-%m-%dT%H:%M:%SZ}", cell("; ".join(sources))]


def _cells(found: ChargebackStatement, pool: str, borne: Any) -> list[str]:
    amounts = [str(amount) for amount in (borne.by_rules, borne.adjusted, borne.amount)]
    return [f"{found.run.month:%Y-%m}", cell(found.receiver.code), cell(pool), *amounts, found.run.currency, cell(borne.why)]


def _do(request: HttpRequest, user: User, found: ChargebackStatement, act: Callable[[], str], **forms: Any) -> HttpResponse:
    try:
        messages.success(request, act())
    except InvalidInput as refusal:
        for form in forms.values():
            for name, sentence in refusal.details.items():
                form.add_error(name if name in form.fields else None, str(sentence))
        shown = "" if forms else str(refusal)
        return _page(request, user, found, refusal=shown, status=422, **forms)
    except Refusal as refusal:
        return _page(request, user, found, refusal=str(refusal), status=refusal.status, **forms)
    return redirect("budgets:statement", found.pk)


def _page(
    request: HttpRequest,
    user: User,
    found: ChargebackStatement,
    *,
    dispute_form: DisputeForm | None = None,
    resolve_form: ResolveForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    found = access_statement_by_id(user, found.pk)
    run = found.run
    keeps = keeps_books(user, run.entity)
    is_open = run.state == "review"
    disputes = list(found.disputes.select_related("raised_by", "owner", "resolved_by"))
    figures = figures_of(found)
    others = [person for person in managers_of(run.entity, found.receiver) if person != found.manager] if keeps else []
    biggest = max(figures.lines, key=lambda line: line.borne.amount, default=None)
    context = {
        "statement": found,
        "run": run,
        "fresh": freshness_of_run(run),
        "figures": figures,
        "disputes": disputes,
        "open_dispute": next((each for each in disputes if each.resolved_at is None), None) if is_open else None,
        "may_answer": is_open and found.manager_id == user.pk and found.state in {"sent", "accepted"},
        "may_resolve": is_open and keeps,
        "keeps": keeps,
        "dispute_form": dispute_form or DisputeForm(),
        "resolve_form": resolve_form or ResolveForm(run=run, initial={"pool": biggest.borne.pool if biggest else ""}),
        "another_form": AnotherForm(people=others) if others and is_open and found.state == "sent" else None,
        "refusal": refusal,
    }
    return render(request, "budgets/statement.html", context, status=status)
