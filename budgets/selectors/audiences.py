"""Who is told of a posted chargeback, and what: each audience its own part.

The heads of those who bear it get their statement; finance the breakdown, whoever leads what was shared out the use that was
made of it, executives the sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from budgets.models import ChargebackRun, ChargebackStatement, CostCentre
from budgets.selectors.chargebacks import Borne, PoolStand, borne_in, pools_of, totals_of
from budgets.selectors.statements import keeps_books, managers_of
from core.access import WHOLE, people_with
from core.models import Role, RoleAssignment, User
from core.rules.rights import Right


@dataclass(frozen=True, slots=True)
class Told:
    """What an audience is told: in a line, in full, and where there is more."""

    audience: str
    people: Sequence[User]
    words: str
    body: str
    url: str


def told_of(run: ChargebackRun) -> list[Told]:
    """Return what finance, leads and executives are told of a run; of these only who has no more detailed part."""
    pools, rows = pools_of(run), [row for row in borne_in(run) if row.amount]
    finance = [each for each in people_with(Right.BUDGET, entity=run.entity, path=WHOLE) if keeps_books(each, run.entity)]
    heads = {statement.manager_id for statement in run.statements.all()}
    leads = _leads(run, pools)
    known = heads | {person.pk for person in [*finance, *leads]}
    executives = [person for person in _executives(run) if person.pk not in known]
    return [
        Told("finance", finance, f"{_name(run)}, pool by pool", _breakdown(run, pools, rows), _address(run)),
        *(_use(run, person, theirs, rows) for person, theirs in leads.items()),
        Told("executives", executives, _sum(run, rows), _answers(run), reverse("budgets:statements")),
    ]


def _leads(run: ChargebackRun, pools: Sequence[PoolStand]) -> dict[User, list[PoolStand]]:
    """Return whoever decides over what was shared out, with the pools that are theirs."""
    codes = {stand.pool.collects.cost_centre for stand in pools}
    centres = {each.code: each for each in CostCentre.objects.filter(entity=run.entity, code__in=codes)}
    leads: dict[User, list[PoolStand]] = {}
    for stand in pools:
        centre = centres.get(stand.pool.collects.cost_centre)
        people = managers_of(run.entity, centre) if centre and stand.allocated else []
        for person in people[:1]:
            leads.setdefault(person, []).append(stand)
    return leads


def _executives(run: ChargebackRun) -> list[User]:
    whole = RoleAssignment.objects.filter(entity=run.entity, cost_centre=None, role__kind=Role.Kind.EXECUTIVE)
    rows = whole.filter(user__is_active=True).select_related("user").order_by("pk")
    return list(dict.fromkeys(row.user for row in rows))


def _use(run: ChargebackRun, person: User, pools: Sequence[PoolStand], rows: Sequence[Borne]) -> Told:
    names = ", ".join(stand.pool.name for stand in pools)
    words = f"{_name(run)}: who used {names}, and how much"
    return Told("leads", [person], words, _breakdown(run, pools, rows), reverse("budgets:statements"))


def _breakdown(run: ChargebackRun, pools: Sequence[PoolStand], rows: Sequence[Borne]) -> str:
    return "\n".join(line for stand in pools for line in _lines(run, stand, rows))


def _lines(run: ChargebackRun, stand: PoolStand, rows: Sequence[Borne]) -> list[str]:
    head = f"{stand.pool.name}: {stand.allocated:,.2f} of {stand.collected:,.2f} {run.currency} goes on."
    mine = [row for row in rows if row.pool == stand.pool.code]
    return [head, *(f"  {row.receiver.name}: {row.amount:,.2f}, {row.why}" for row in mine)]


def _sum(run: ChargebackRun, rows: Sequence[Borne]) -> str:
    totals = totals_of(list(rows))
    count = "1 cost centre" if len(totals) == 1 else f"{len(totals)} cost centres"
    return f"{_name(run)}: {sum(totals.values()):,.2f} {run.currency} to {count}"


def _answers(run: ChargebackRun) -> str:
    states = list(run.statements.values_list("state", flat=True))
    accepted = states.count(ChargebackStatement.State.ACCEPTED)
    return f"{accepted} of {len(states)} statements were accepted by those who bear them."


def _name(run: ChargebackRun) -> str:
    return f"Chargeback of {run.month:%B %Y}"


def _address(run: ChargebackRun) -> str:
    return reverse("budgets:chargeback", args=[run.pk])
