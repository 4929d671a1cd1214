"""Signing a version before it is in force: by the budget's owner and by finance, each under what they saw, nobody for both."""

from django.db import transaction

from budgets.events import VersionSigned, VersionToSign
from budgets.locks import lock_budget, lock_key, lock_structure, lock_version
from budgets.models import BudgetVersion, CostCentre, VersionSignOff
from budgets.rules import safe_yaml
from budgets.rules.document import parse
from budgets.selectors.sign_offs import Side, SignOffs, sides_open_to, sign_offs_of, signers
from budgets.services.periods import open_periods
from budgets.services.restating import restate, stated_of, write_bands, write_milestones
from budgets.services.versions import hold_version_to_limit, put_in_force
from core import clock
from core.errors import InvalidInput, NotAllowed, Stale, WrongState
from core.models import User
from core.services import audit
from core.services.outbox import publish

State = BudgetVersion.State


@transaction.atomic
def await_sign_off(*, version: BudgetVersion, actor: User | None) -> None:
    """Let a version that was loaded wait to be signed, in place of one that waited before it.

    It is put in force and that undone, so that what would be refused then is refused now. Raises what `put_in_force` raises.
    """
    earlier = version.budget.versions.filter(state=State.DRAFT).exclude(document="").exclude(pk=version.pk)
    for each in earlier.order_by("id"):
        _put_away(each, actor)
    with transaction.atomic():
        _put_in_force(version, actor, is_trial=True)
        transaction.set_rollback(True)
    version.refresh_from_db()
    _record(version, actor, "budget_version.to_sign")
    publish(VersionToSign(version_id=version.pk, at=clock.now().isoformat()))


@transaction.atomic
def sign_off(*, version_id: int, side: str, digest: str, actor: User) -> BudgetVersion:
    """Sign a version for a side, as it was seen.

    Signed by both, a loaded version is in force, and an amended one once its day has come.
    Raises WrongState (waits for no signature; signed for that side), Stale (not what was seen; another version came between),
    NotAllowed (not one of those who sign; `both_sides`; above_limit), NotFound, and what `put_in_force` raises.
    """
    version = _lock(version_id)
    stand = sign_offs_of(version)
    _refuse(version, stand, side, digest, actor)
    if side == Side.FINANCE:
        hold_version_to_limit(version.based_on, version, actor)
    VersionSignOff.objects.create(version=version, side=side, person=actor, digest=digest)
    _record(version, actor, "budget_version.signed", side=side, digest=digest)
    if len(stand.missing) == 1 and version.document:
        _put_in_force(version, actor)
    publish(VersionSigned(version_id=version.pk, at=clock.now().isoformat()))
    version.refresh_from_db()
    return version


@transaction.atomic
def put_away(*, version_id: int, actor: User) -> BudgetVersion:
    """Put away a loaded version that waits to be signed. Raises WrongState, NotFound."""
    version = _lock(version_id)
    if version.state != State.DRAFT or not version.document:
        raise WrongState(f"{version} waits for no signature.", remedy="Open the budget's versions.")
    _put_away(version, actor)
    return version


def _lock(version_id: int) -> BudgetVersion:
    """Lock in the order in which loading does: the budget's key, then the structure, then the version."""
    code = BudgetVersion.objects.filter(pk=version_id).values_list("budget__code", flat=True).first()
    lock_key(f"budget:{code}")
    lock_structure()
    return lock_version(version_id)


def _refuse(version: BudgetVersion, stand: SignOffs, side: str, digest: str, actor: User) -> None:
    if side not in Side.values:
        raise InvalidInput("A version is signed for its owner or for finance.", details={"side": "owner or finance"})
    if not stand.waits:
        raise WrongState(f"{version} waits for no signature.", remedy="Open the budget's versions.")
    in_force = version.budget.versions.filter(state=State.IN_FORCE).first()
    if version.based_on != in_force:
        raise Stale("Another version came in force since this one was made.", remedy="Load it again, and let that be signed.")
    if digest != stand.digest:
        raise Stale("The version is not as you saw it.", remedy="Look at it again, and sign what stands there.")
    done = next((row for row in stand.signed if row.side == side), None)
    if done is not None:
        raise WrongState(f"{done.person.name} has signed it for {done.get_side_display()}.", remedy="Nothing is left to do.")
    if any(row.person_id == actor.pk for row in stand.signed):
        said = "You signed it for the other side. Nobody signs for both."
        raise NotAllowed(said, remedy=f"Ask {_names(version, side, actor)}.", code="both_sides")
    if side not in sides_open_to(actor, version, stand):
        raise NotAllowed(f"You do not sign for {Side(side).label}.", remedy=f"Ask {_names(version, side, actor)}.")


def _names(version: BudgetVersion, side: str, actor: User) -> str:
    names = [person.name for person in signers(version, side) if person != actor]
    return " or ".join(names[:3]) or "an administrator: nobody holds a role that signs for it"


def _put_in_force(version: BudgetVersion, actor: User | None, *, is_trial: bool = False) -> None:
    """Let hold what the version's file states of the budget, and put it in force. Two people approved it."""
    document = parse(safe_yaml.read(version.document.encode()))
    budget = lock_budget(version.budget_id)
    centres = {node.code: node for node in CostCentre.objects.filter(entity=budget.entity)}
    restate(budget, budget.entity, stated_of(document.budget, centres))
    open_periods(entity=budget.entity, first=document.budget.starts_on, last=document.budget.ends_on, actor=actor)
    write_milestones(budget, document, actor)
    write_bands(budget, document, actor)
    put_in_force(
        version_id=version.pk,
        actor=actor,
        control_nodes=[centres[code] for code in document.budget.control.cost_centres],
        base_id=version.based_on_id or 0,
        is_approved=True,
        is_trial=is_trial,
    )


def _put_away(version: BudgetVersion, actor: User | None) -> None:
    version.state = State.DROPPED
    version.save(update_fields=["state"])
    _record(version, actor, "budget_version.dropped")
    publish(VersionSigned(version_id=version.pk, at=clock.now().isoformat()))


def _record(version: BudgetVersion, actor: User | None, verb: str, **said: str) -> None:
    after = {"version": version.number, "total": str(version.total), **said}
    audit.record(actor=actor, verb=verb, subject=version, entity=version.budget.entity, after=after)
