"""Which part of each provider's own cost ends at which receiver: direct, step-down, reciprocal. Exact fractions, then cents.

All three methods are one linear view: a matrix of a row for each provider and a column for each receiver, whose rows add up to
one. They differ in how a row comes about. What providers use themselves is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from budgets.rules.cents import parts_of
from core.errors import InvalidInput

Method = Literal["direct", "step-down", "reciprocal"]
METHODS: tuple[Method, ...] = ("direct", "step-down", "reciprocal")
Row = dict[str, Fraction]
Usage = Mapping[str, Mapping[str, Decimal | Fraction | int]]
ONE, NONE = Fraction(1), Fraction(0)


@dataclass(frozen=True, slots=True)
class Allocation:
    """What went from each provider to each receiver, to the cent, beside what the receivers cost on their own.

    Every provider's parts add up to its cost, so a receiver's cent can be traced to the provider it comes from.
    """

    own: dict[str, Decimal]
    parts: dict[str, dict[str, Decimal]]

    @property
    def receivers(self) -> dict[str, Decimal]:
        """Return what each receiver bears in all, in the order in which they were named."""
        return {name: own + sum(row.get(name, Decimal(0)) for row in self.parts.values()) for name, own in self.own.items()}

    @property
    def total(self) -> Decimal:
        return sum(self.receivers.values(), Decimal("0.00"))


def allocate(
    *, costs: Mapping[str, Decimal], usage: Usage, method: Method, order: Sequence[str] = (), currency: str = "USD"
) -> Allocation:
    """Share out what each provider (a key of `usage`) costs among those that are none. Raises InvalidInput.

    `usage` is who used how many units of each provider; `order` is that of step-down. Who is named in `costs` or `usage` and
    provides nothing is a receiver.
    """
    if unknown := [name for name in usage if name not in costs]:
        raise _bad(f"{_named(unknown)} provides something and has no cost.", "State what it costs; 0 is an answer.")
    used = (name for row in usage.values() for name in row)
    own = {name: costs.get(name, Decimal("0.00")) for name in dict.fromkeys([*costs, *used]) if name not in usage}
    rows = matrix(usage, method=method, order=order)
    return Allocation(own, parts_of({name: costs[name] for name in rows}, rows, currency=currency))


def matrix(usage: Usage, *, method: Method, order: Sequence[str] = ()) -> dict[str, Row]:
    """Return for each provider which part of its own cost ends at which receiver. Raises InvalidInput."""
    if method == "direct":
        return _direct(usage)
    if method == "step-down":
        return _step_down(usage, order)
    if method == "reciprocal":
        return _reciprocal(usage)
    raise _bad(f"“{method}” is not a method.", f"Use one of {', '.join(METHODS)}.")


def _direct(usage: Usage) -> dict[str, Row]:
    """Each provider goes to the receivers alone, as if the others had used nothing of it."""
    return {name: _shares(name, row, leaving_out=usage) for name, row in usage.items()}


def _step_down(usage: Usage, order: Sequence[str]) -> dict[str, Row]:
    """Each provider, in order, goes to those after it and to the receivers; those after it pass on what they got."""
    if sorted(order) != sorted(usage):
        raise _bad(
            "The order does not name each provider once.", f"State {_named(list(usage))} in the order in which they pass on."
        )
    rows: dict[str, Row] = {}
    for index in reversed(range(len(order))):
        name = order[index]
        shares = _shares(name, usage[name], leaving_out=set(order[: index + 1]))
        rows[name] = _passed_on(shares, rows)
    return {name: rows[name] for name in usage}


def _passed_on(shares: Row, rows: Mapping[str, Row]) -> Row:
    ends: Row = {}
    for name, share in shares.items():
        for receiver, part in rows.get(name, {name: ONE}).items():
            ends[receiver] = ends.get(receiver, NONE) + share * part
    return ends


def _reciprocal(usage: Usage) -> dict[str, Row]:
    """Providers that serve one another: solve (I - S) F = R for the shares S among providers and R of receivers, exactly."""
    names = list(usage)
    shares = {name: _shares(name, usage[name], leaving_out={name}) for name in names}
    receivers = list(dict.fromkeys(user for row in shares.values() for user in row if user not in usage))
    system = [
        [(ONE if name == other else NONE) - shares[name].get(other, NONE) for other in names]
        + [shares[name].get(receiver, NONE) for receiver in receivers]
        for name in names
    ]
    _eliminate(system, names)
    return {
        name: {receiver: part for receiver, part in zip(receivers, row[len(names) :], strict=True) if part}
        for name, row in zip(names, system, strict=True)
    }


def _eliminate(system: list[list[Fraction]], names: Sequence[str]) -> None:
    """Bring the left square of the system to the identity, by Gauss and Jordan."""
    for column in range(len(names)):
        pivot = next((index for index in range(column, len(names)) if system[index][column]), None)
        if pivot is None:
            raise _bad(f"{_named(names)} serve only each other: nothing reaches a receiver.", "State who else uses them.")
        system[column], system[pivot] = system[pivot], system[column]
        lead = system[column][column]
        system[column] = [value / lead for value in system[column]]
        for index, row in enumerate(system):
            if index != column and row[column]:
                factor = row[column]
                system[index] = [value - factor * top for value, top in zip(row, system[column], strict=True)]


def _shares(name: str, units: Mapping[str, Decimal | Fraction | int], *, leaving_out: object) -> Row:
    left_out = set(leaving_out) if isinstance(leaving_out, (set, Mapping)) else set()
    counted = {user: Fraction(number) for user, number in units.items() if number and user != name and user not in left_out}
    if any(number < 0 for number in counted.values()):
        raise _bad(f"{name} has fewer than no units.", "State units of zero or more.")
    whole = sum(counted.values(), NONE)
    if not whole:
        raise _bad(f"Nobody that {name} can be passed on to has used it.", "State its units, or use another method or order.")
    return {user: number / whole for user, number in counted.items()}


def _named(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _bad(message: str, remedy: str) -> InvalidInput:
    return InvalidInput(message, remedy=remedy, code="invalid_allocation")
