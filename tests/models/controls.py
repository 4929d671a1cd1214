"""Changes of the structure, as the model of the ledger sees them: a control stated or taken away, a cost centre moved."""

from dataclasses import dataclass, replace

from tests.models.documents import Refused
from tests.models.ledger import LedgerModel
from tests.models.structure import Control, is_below


@dataclass(frozen=True)
class Terms:
    """What a control does; a limit of its own in cents, the tolerance in ten-thousandths."""

    mode: str
    window: str
    tolerance: int = 0
    own_limit: int | None = None


def set_control(model: LedgerModel, wanted: Control, *, force: bool) -> Control:
    """State a control on the node and for the window of `wanted`. Raises Refused where its own limit is below what it covers.

    One that a person adds gets its number and its place from the ledger, afterwards.
    """
    there = model.structure.found(wanted.node, wanted.window)
    control = wanted
    if there:
        origin = "person" if there.origin == "person" else "changed"
        control = replace(there, mode=wanted.mode, tolerance=wanted.tolerance, own_limit=wanted.own_limit, origin=origin)
    if not force and control.mode == "stop" and control.own_limit is not None and _is_below_what_it_covers(model, control):
        raise Refused("no_funds")
    model.structure.controls = [each for each in model.structure.controls if each is not there] + [control]
    return control


def _is_below_what_it_covers(model: LedgerModel, control: Control) -> bool:
    return any(stand.allotted > stand.limit or stand.excess > 0 for stand in model.books.stands(control))


def remove_control(model: LedgerModel, control: Control) -> None:
    """Take away what a person added, or give back what the budget says. Raises Refused for what a version stated."""
    if control.origin == "version":
        raise Refused("wrong_state")
    model.structure.controls = [each for each in model.structure.controls if each is not control]
    if control.origin == "changed" and control.budget is not None:
        lines, groups, tolerance = model.structure.modes[control.budget]
        mode = groups if control.account is None else lines
        back = replace(control, mode=mode, tolerance=tolerance, own_limit=None, origin="version")
        model.structure.controls.append(back)


def move_centre(model: LedgerModel, centre: int, parent: int | None) -> None:
    """Hang a cost centre with all below it under another one, or at the top. Raises Refused below itself."""
    if parent is not None and is_below(model.structure.centres, parent, centre):
        raise Refused("invalid_input")
    model.structure.centres[centre] = parent
