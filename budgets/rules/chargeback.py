"""A month's chargeback: what each pool collected, shared out by its rules, with the reason beside each part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from budgets.rules.allocation import Row, matrix
from budgets.rules.cents import parts_of
from budgets.rules.rule_sets import PoolPart, RuleSetDocument, SharePart, pct_words
from budgets.rules.shares import Portion, divide
from core.errors import Refusal

Basis = Literal["shares", "usage", "overhead", "direct"]
Readings = Mapping[str, Mapping[str, Decimal]]
ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class PartOf:
    """What of a pool goes to a cost centre, and why so much."""

    pool: str
    to: str
    amount: Decimal
    why: str
    # How its pool is shared out: what follows measured use is told apart by it, whatever the words.
    basis: Basis


@dataclass(slots=True)
class SharedOut:
    """The parts, and what stays where it is because it cannot be shared out, pool by pool with the reason."""

    parts: list[PartOf] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)

    def borne(self) -> dict[str, Decimal]:
        """Return what each cost centre got."""
        sums: dict[str, Decimal] = {}
        for part in self.parts:
            sums[part.to] = sums.get(part.to, ZERO) + part.amount
        return sums


def share_out(
    rules: RuleSetDocument, collected: Mapping[str, Decimal], readings: Readings, centres: Mapping[str, str], *, currency: str
) -> SharedOut:
    """Share out what the pools collected (by their codes). `centres` says which pool, if any, a cost centre's use counts for.

    What cannot be shared out for want of readings stays where it is, and is said; the others go on without it.
    """
    shared = SharedOut()
    live = [pool for pool in rules.providers if collected.get(pool.code)]
    if rules.method == "direct":
        for pool in live:
            _alone(shared, pool, collected[pool.code], readings, currency)
    else:
        _together(shared, rules, live, collected, readings, centres, currency)
    rest = dict(shared.borne())
    for pool in rules.pools:
        if pool.overhead and collected.get(pool.code):
            _overhead(shared, pool, collected[pool.code], rest, currency)
    return shared


def _alone(shared: SharedOut, pool: PoolPart, amount: Decimal, readings: Readings, currency: str) -> None:
    """Share out one pool for itself. Fixed shares are divided level by level."""
    if pool.how == "shares":
        tops = divide(amount, [share.as_share() for share in pool.shares], currency=currency)
        amounts = {leaf.name: leaf.amount for top in tops for leaf in _leaves(top)}
        for above, share in (step for top in pool.shares for step in top.walk()):
            if not share.of_which:
                _add(shared, pool, share.to, amounts[share.to], _share_words(share, above))
        return
    units = _units(pool, readings)
    whole = sum(units.values(), Decimal(0))
    if not whole:
        shared.left[pool.code] = f"No readings of {pool.usage} are stated for the month."
        return
    row = {to: Fraction(number) / Fraction(whole) for to, number in units.items() if number}
    for to, part in parts_of({pool.code: amount}, {pool.code: row}, currency=currency)[pool.code].items():
        _add(shared, pool, to, part, _use(pool, units[to], whole))


def _share_words(share: SharePart, above: Sequence[SharePart]) -> str:
    """Write a share and what it is a part of: "40 %, within the 70 % of ENGINEERING"."""
    return ", within the ".join([pct_words(share.pct), *(f"{pct_words(each.pct)} of {each.to}" for each in reversed(above))])


def _leaves(portion: Portion) -> list[Portion]:
    return [leaf for part in portion.of_which for leaf in _leaves(part)] if portion.of_which else [portion]


def _units(pool: PoolPart, readings: Readings) -> dict[str, Decimal]:
    if pool.how == "usage":
        return dict(readings.get(pool.usage or "", {}))
    if pool.how == "direct":
        return {pool.direct or "": Decimal(1)}
    return {leaf.to: leaf.pct for share in pool.shares for leaf in share.leaves()}


def _use(pool: PoolPart, units: Decimal, whole: Decimal) -> str:
    return "all of it" if pool.how == "direct" else f"{_number(units)} of {_number(whole)} {pool.usage}"


def _together(
    shared: SharedOut,
    rules: RuleSetDocument,
    live: Sequence[PoolPart],
    collected: Mapping[str, Decimal],
    readings: Readings,
    centres: Mapping[str, str],
    currency: str,
) -> None:
    """Share out pools that serve one another, by the rule set's method."""
    serving = [pool for pool in rules.providers if pool.code in {each.code for each in live}]
    usage: dict[str, dict[str, Fraction]] = {}
    for pool in serving:
        row: dict[str, Fraction] = {}
        for to, units in _units(pool, readings).items():
            name = _pool_name(centres[to]) if to in centres else to
            row[name] = row.get(name, Fraction(0)) + Fraction(units)
        usage[_pool_name(pool.code)] = row
    # A pool that collected nothing passes nothing on: what it used of others is nobody's to bear for it.
    idle = {_pool_name(pool.code) for pool in rules.providers} - set(usage)
    usage = {name: {to: units for to, units in row.items() if to not in idle} for name, row in usage.items()}
    order = [_pool_name(code) for code in rules.order if _pool_name(code) in usage]
    try:
        rows: dict[str, Row] = matrix(usage, method=rules.method, order=order)
    except Refusal as refusal:
        reason = refusal.message.replace("pool:", "")
        shared.left.update({pool.code: reason for pool in serving})
        return
    amounts = {_pool_name(pool.code): collected[pool.code] for pool in serving}
    parts = parts_of(amounts, rows, currency=currency)
    for pool in serving:
        name = _pool_name(pool.code)
        for to, amount in parts[name].items():
            _add(shared, pool, to, amount, f"{_pct(rows[name][to])} of it, {rules.method}")


def _overhead(shared: SharedOut, pool: PoolPart, amount: Decimal, rest: Mapping[str, Decimal], currency: str) -> None:
    bearing = {to: borne for to, borne in rest.items() if borne > 0}
    whole = sum(bearing.values(), ZERO)
    if not whole:
        shared.left[pool.code] = "Nobody got anything of the other pools, so there is no proportion."
        return
    row = {to: Fraction(borne) / Fraction(whole) for to, borne in bearing.items()}
    for to, part in parts_of({pool.code: amount}, {pool.code: row}, currency=currency)[pool.code].items():
        _add(shared, pool, to, part, f"as it got {bearing[to]:,.2f} of {whole:,.2f} in the other pools")


def _add(shared: SharedOut, pool: PoolPart, to: str, amount: Decimal, why: str) -> None:
    if amount:
        shared.parts.append(PartOf(pool.code, to, amount, why, pool.how))


def _pool_name(code: str) -> str:
    """Return a pool's name among cost centres: no code of one has a colon."""
    return f"pool:{code}"


def _pct(share: Fraction) -> str:
    return f"{Decimal(share.numerator * 100) / share.denominator:.2f} %"


def _number(units: Decimal) -> str:
    return f"{units.normalize():,f}"
