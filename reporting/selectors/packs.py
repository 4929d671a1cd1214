"""Packs, and the figures that go into one."""

from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from budgets.models import Budget
from core.errors import NotFound
from core.models import User
from reporting.models import Pack
from reporting.rules import snapshots
from reporting.rules.packview import PackView, view_of
from reporting.selectors import balances
from reporting.selectors.access import whole_budgets
from reporting.selectors.around import around_of
from reporting.selectors.drivers import drivers_of
from reporting.selectors.variance import budget_against_actual, category_paths


def figures_of(budget: Budget, month: date, *, now: datetime) -> dict[str, Any]:
    """Return everything a pack freezes: the report, what stands around it, and the ledger's anchor."""
    report = budget_against_actual(budget, month, now=now)
    drivers = drivers_of(budget, month, category_paths(budget, report))
    around = around_of(budget, month)
    heads = balances.heads_of(budget)
    return {
        "report": {**_fields(report), "drivers": drivers},
        **_fields(around),
        "anchor": {"last_journal": max((head.journal_id for head in heads), default=0), "heads": heads},
    }


def live_view(budget: Budget, month: date, *, now: datetime) -> PackView:
    """Return what a pack would show if it were issued now. Nothing is frozen, so it bears no hash."""
    issue = {"number": 0, "issued_at": now, "issued_by": "", "note": "", "base_url": "", "reissue_of": "", "changes": []}
    document = {"issue": issue, "figures": figures_of(budget, month, now=now)}
    return view_of(snapshots.plain(document), "")


def latest_pack(budget: Budget, month: date) -> Pack | None:
    """Return the newest issue for a month."""
    return Pack.objects.filter(budget=budget, month=month).order_by("-issue").first()


def visible_packs(user: User) -> QuerySet[Pack]:
    """Return the packs of the budgets that `user` may see, the newest first; without snapshots, but whether they have them."""
    packs = Pack.objects.filter(budget__in=whole_budgets(user)).select_related("budget", "file").annotate(is_kept=~Q(snapshot=""))
    return packs.defer("snapshot", "file__content").order_by("-month", "budget__code", "-issue")


def access_pack_by_id(user: User, pack_id: int) -> Pack:
    """Return a pack that `user` may see, or raise NotFound."""
    pack = Pack.objects.select_related("budget__entity", "issued_by").filter(pk=pack_id, budget__in=whole_budgets(user)).first()
    if pack is None:
        raise NotFound("There is no such pack, or none that you may see.", remedy="Look at the list of packs.")
    return pack


def _fields(thing: Any) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in thing.__slots__}
