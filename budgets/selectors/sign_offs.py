"""Which versions of a budget are to be signed, by whom, and who has. What is signed is reckoned by the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F

from budgets.models import Budget, BudgetVersion, VersionSignOff
from core.access import WHOLE, may, people_with
from core.models import User
from core.rules.rights import Right

Side = VersionSignOff.Side
State = BudgetVersion.State


@dataclass(frozen=True, slots=True)
class SignOffs:
    """How a version stands: whether it waits to be signed, what would be signed, who has, and for which sides nobody has yet.

    `void` are signatures under what it said before it was changed.
    """

    waits: bool
    digest: str
    signed: Sequence[VersionSignOff]
    missing: Sequence[Side]
    void: Sequence[VersionSignOff] = ()


def requires_sign_off(budget: Budget | None) -> bool:
    """Say whether the next version of a budget is to be signed, whatever it says itself: the one before it says so."""
    if budget is None:
        return False
    before = budget.versions.filter(state__in=[State.IN_FORCE, State.SUPERSEDED])
    latest = before.order_by(F("in_force_at").desc(nulls_last=True), "-number").first()
    return latest is not None and latest.sign_off


def needs_sign_off(version: BudgetVersion) -> bool:
    """Say whether a version is in force only once it is signed."""
    return bool(_ask("SELECT budgets_needs_sign_off(%s)", version.pk))


def digest_of(version: BudgetVersion) -> str:
    """Return what stands for all that a version plans and states."""
    return str(_ask("SELECT budgets_version_digest(%s)", version.pk))


def sign_offs_of(version: BudgetVersion) -> SignOffs:
    """Return how a version stands. Three queries, one where nothing of it is signed or to be signed."""
    rows = list(version.sign_offs.select_related("person").order_by("id"))
    # Of loaded files a draft waits; what was amended is decided first, and then waits as what is approved.
    is_open = version.state == State.SCHEDULED or waits_to_be_signed(version)
    waits = is_open and needs_sign_off(version)
    if not waits and not rows:
        return SignOffs(False, "", (), ())
    digest = digest_of(version)
    signed = [row for row in rows if row.digest == digest]
    missing = [side for side in Side if side not in {row.side for row in signed}]
    return SignOffs(waits, digest, signed, missing if waits else (), [row for row in rows if row.digest != digest])


def is_signed(version: BudgetVersion) -> bool:
    """Say whether a version may be in force: it is signed by both sides, or needs it not."""
    return not needs_sign_off(version) or bool(_ask("SELECT budgets_is_signed(%s)", version.pk))


def signers(version: BudgetVersion, side: str) -> list[User]:
    """Return who signs for a side: finance is who keeps the books of the whole organization.

    The owner is the one that the budget has, else whoever decides over its cost centre and does not keep its books.
    """
    budget = version.budget
    entity, path = budget.entity, budget.cost_centre.path
    if side == Side.FINANCE:
        return people_with(Right.BUDGET, entity=entity, path=WHOLE)
    if budget.owner is not None:
        return [budget.owner] if budget.owner.is_active else []
    deciding = people_with(Right.DECIDE, entity=entity, path=path)
    return [person for person in deciding if not may(person, Right.BUDGET, entity=entity, path=path)]


def sides_open_to(user: User, version: BudgetVersion, stand: SignOffs) -> list[Side]:
    """Return for which sides the person may sign now. Who has signed for one signs for no other."""
    if any(row.person_id == user.pk for row in stand.signed):
        return []
    return [side for side in stand.missing if user in signers(version, side)]


def waiting_version(budget: Budget) -> BudgetVersion | None:
    """Return the loaded version of a budget that waits to be signed."""
    return budget.versions.filter(state=State.DRAFT).exclude(document="").order_by("-number").first()


def waits_to_be_signed(version: BudgetVersion) -> bool:
    """Say whether a version was loaded and waits to be signed."""
    return version.state == State.DRAFT and bool(version.document)


def _ask(statement: str, version_id: int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, [version_id])
        row = cursor.fetchone()
    return row[0] if row else None
