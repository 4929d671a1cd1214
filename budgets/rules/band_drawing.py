"""Where the marks of a band lie on its picture: the band outlined, its buffer beside it, what was spent solid. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from budgets.rules.bands import Band

WIDTH = Decimal(200)
# A band whose ends are one figure is still seen.
NARROWEST = Decimal("1.5")


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar from `x`, both in units of a picture that is 200 wide."""

    x: Decimal
    width: Decimal


@dataclass(frozen=True, slots=True)
class Drawing:
    """The marks of a band. `buffer` and `coming` are None where there is none; `plan` is where the allotted figure lies."""

    band: Bar
    buffer: Bar | None
    spent: Bar
    coming: Bar | None
    plan: Decimal


def drawing_of(
    band: Band, *, plan: Decimal, spent: Decimal, expected: Decimal, widest: Decimal, buffered: Band | None = None
) -> Drawing:
    """Return the marks on a scale from zero to `widest`. What credits left below zero is drawn at zero."""
    scale = WIDTH / widest if widest > 0 else Decimal(0)
    low, high = band.low * scale, band.high * scale
    end, so_far = max(expected, Decimal(0)) * scale, max(spent, Decimal(0)) * scale
    grown = buffered.high * scale if buffered is not None else high
    return Drawing(
        band=Bar(_place(low), _place(max(high - low, NARROWEST))),
        buffer=Bar(_place(high), _place(grown - high)) if grown > high else None,
        spent=Bar(_place(Decimal(0)), _place(so_far)),
        coming=Bar(_place(so_far), _place(end - so_far)) if end > so_far else None,
        plan=_place(max(plan, Decimal(0)) * scale),
    )


def _place(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1"))
