"""The numbers of the executive page: five at most."""

from dataclasses import dataclass
from decimal import Decimal

from reporting.rules.around import Timeliness, Wanted
from reporting.rules.figures import ZERO, Report
from reporting.rules.rag import TONES, WORDS, Status
from reporting.rules.wording import GAP, counted, month_name, percent, scaled, short_month, span

MOST = 5
SMALL = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Tile:
    """A number with its name, its unit and the one line below it. `tone` and `word` are its status, blank for none."""

    label: str
    value: str
    unit: str
    why: str
    tone: str = ""
    word: str = ""
    leads_to: str = ""


def tiles_of(report: Report, timeliness: Timeliness, wanted: tuple[Wanted, ...]) -> list[Tile]:
    """Return at most five numbers: the budget, what was spent, what is promised, what is free, and how decisions go."""
    total = report.total.figures
    unit, places, name = _unit(total.plan_total)

    def amount(value: Decimal, *, sign: bool = False) -> str:
        return scaled(value, unit, places, sign=sign)

    def with_unit(value: Decimal, *, sign: bool = False) -> str:
        return f"{amount(value, sign=sign)}{GAP}{name}" if name else amount(value, sign=sign)

    status = report.total.status or Status.UNSET
    change = [with_unit(total.variance, sign=True)] + ([f"{percent(total.percent)}{GAP}%"] if total.percent is not None else [])
    shown = [
        Tile(
            "Budget",
            amount(total.plan_total),
            name,
            f"version {report.budget.version}, {span(report.budget.first, report.budget.last)}",
            leads_to="entries",
        ),
        Tile(
            f"Spent to {short_month(report.month)}",
            amount(total.actual_to_date),
            name,
            ", ".join(change),
            TONES[status],
            WORDS[status],
            "spent",
        ),
        Tile(
            "Promised",
            amount(total.promised),
            name,
            f"{with_unit(total.committed)} committed, {with_unit(total.reserved)} reserved",
            leads_to="promised",
        ),
        Tile(
            "Still free",
            amount(total.remaining),
            name,
            f"after {with_unit(total.held)} held",
            *(("bad", "Over") if total.remaining < 0 else ("", "")),
        ),
        _decisions(report, timeliness, wanted),
    ]
    return shown[:MOST]


def _decisions(report: Report, timeliness: Timeliness, wanted: tuple[Wanted, ...]) -> Tile:
    if timeliness.percent is None:
        asked = sum((each.amount for each in wanted), ZERO)
        unit, places, name = _unit(report.total.figures.plan_total)
        why = counted(len(wanted), "decision") + " to make" if wanted else "nothing waits"
        return Tile("Awaiting decision", scaled(asked, unit, places), name, why, leads_to="wanted")
    why = f"{timeliness.on_time} of {timeliness.decided} in {month_name(report.month).split()[0]}"
    return Tile("Decided on time", percent(timeliness.percent, sign=False), "%", why, leads_to="wanted")


def _unit(most: Decimal) -> tuple[Decimal, int, str]:
    if abs(most) < SMALL:
        return Decimal(1), 2, ""
    if abs(most) < 1_000_000_000:
        return Decimal(1000), 1, "k"
    return Decimal(1_000_000), 1, "m"
