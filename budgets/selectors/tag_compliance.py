"""How much of an organization's spend bears its mandatory tags with values that are allowed, against the target."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from budgets.models import Budget, CostCentre, TagKey, TagTarget
from budgets.rules.months import add_months, months_between
from budgets.rules.tags import KeyTerms, Known, Share, lacking
from budgets.selectors.spend_tags import SpendGroup, SpendRow, groups_of, rows_of
from budgets.selectors.tags import keys_held, known_in, target_held, terms_of_key
from core.models import Entity

TREND_MONTHS = 12
MOST_SERVICES = 200


@dataclass(slots=True)
class Part:
    """A cost centre, or a vendor's service, and how much of its spend bears all mandatory tags."""

    name: str
    code: str = ""
    share: Share = field(default_factory=Share)


@dataclass(frozen=True, slots=True)
class KeyShare:
    """A mandatory key, and how much of the spend bears it with a value that it allows; `wrong_*` has one that it does not."""

    key: KeyTerms
    share: Share
    wrong_rows: int
    wrong_amount: Decimal


@dataclass(frozen=True, slots=True)
class MonthShare:
    """A month of the trend. `target` is None where none was stated for it; `keys` counts what was mandatory."""

    month: date
    share: Share
    target: Decimal | None
    keys: int


@dataclass(frozen=True, slots=True)
class Compliance:
    """A month's compliance. Amounts are in the entity's currency, credits by their size."""

    month: date
    target: Decimal | None
    whole: Share
    keys: Sequence[KeyShare]
    cost_centres: Sequence[Part]
    services: Sequence[Part]
    trend: Sequence[MonthShare]
    unknown: Sequence[tuple[str, int]]

    @property
    def meets(self) -> bool:
        return self.whole.meets(self.target)


@dataclass(slots=True)
class _Count:
    whole: Share = field(default_factory=Share)
    keys: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    wrong: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    centres: dict[int, Share] = field(default_factory=lambda: defaultdict(Share))
    services: dict[tuple[str, str], Share] = field(default_factory=lambda: defaultdict(Share))
    unknown: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def compliance_of(entity: Entity, month: date) -> Compliance:
    """Return how much of a month's spend bears its mandatory tags, in all and by its parts, and the months before."""
    first = add_months(month, 1 - TREND_MONTHS)
    groups: dict[date, list[SpendGroup]] = defaultdict(list)
    for group in groups_of(entity, first, month):
        groups[group.month].append(group)
    terms = _TermsByMonth(entity)
    trend = [_month_share(each, groups[each], terms) for each in months_between(first, month)]
    keys, known = terms.keys(month), terms.known(month)
    count = _counted(groups[month], keys, known)
    names = CostCentre.objects.filter(entity=entity).in_bulk(count.centres)
    return Compliance(
        month,
        terms.target(month),
        count.whole,
        [
            KeyShare(key, count.keys[key.code], count.wrong[key.code].rows, count.wrong[key.code].amount)
            for key in keys
            if key.is_mandatory
        ],
        _largest(Part(names[pk].name, names[pk].code, share) for pk, share in count.centres.items()),
        _largest(Part(" · ".join(filter(None, pair)) or "not known", "", share) for pair, share in count.services.items()),
        trend,
        sorted(count.unknown.items()),
    )


def _largest(parts: Iterable[Part]) -> list[Part]:
    return sorted(parts, key=lambda part: (-part.share.missing, -part.share.amount, part.name))[:MOST_SERVICES]


def _counted(groups: Iterable[SpendGroup], keys: Sequence[KeyTerms], known: Known) -> _Count:
    count, mandatory = _Count(), [key for key in keys if key.is_mandatory]
    codes = {key.code for key in keys}
    for group in groups:
        gaps = lacking(mandatory, group.tags, known)
        for share in (count.whole, count.centres[group.cost_centre_id], count.services[group.vendor, group.service]):
            share.add(group.rows, group.amount, good=not gaps)
        for key in mandatory:
            count.keys[key.code].add(group.rows, group.amount, good=key.code not in gaps)
            if gaps.get(key.code):
                count.wrong[key.code].add(group.rows, group.amount, good=False)
        for code in group.tags.keys() - codes:
            count.unknown[code] += group.rows
    return count


def _month_share(month: date, groups: Iterable[SpendGroup], terms: "_TermsByMonth") -> MonthShare:
    share, keys, known = Share(), [key for key in terms.keys(month) if key.is_mandatory], terms.known(month)
    for group in groups:
        share.add(group.rows, group.amount, good=not lacking(keys, group.tags, known))
    return MonthShare(month, share, terms.target(month), len(keys))


class _TermsByMonth:
    """What holds in each month, read once for all of them."""

    def __init__(self, entity: Entity) -> None:
        self._keys = list(TagKey.objects.filter(entity=entity).order_by("pk"))
        self._targets = list(TagTarget.objects.filter(entity=entity).order_by("number"))
        self._centres = frozenset(CostCentre.objects.filter(entity=entity).values_list("code", flat=True))
        self._budgets = list(Budget.objects.filter(entity=entity).values_list("code", "starts_on", "ends_on"))

    def keys(self, month: date) -> list[KeyTerms]:
        held = {row.code: row for row in self._keys if row.starts_on <= month}
        return [terms_of_key(row) for row in held.values() if not row.is_archived]

    def target(self, month: date) -> Decimal | None:
        return next((row.percent for row in reversed(self._targets) if row.starts_on <= month), None)

    def known(self, month: date) -> Known:
        return Known(self._centres, frozenset(code for code, first, last in self._budgets if first <= month <= last))


@dataclass(frozen=True, slots=True)
class Lacking:
    """A row of spend and the tags that it lacks, by their keys' names: blank, or why its value is not allowed."""

    row: SpendRow
    gaps: dict[str, str]


def lacking_rows(entity: Entity, month: date, *, key: str = "", cost_centre: str = "", words: str = "") -> list[Lacking]:
    """Return a month's spend that lacks a mandatory tag, or that one, the largest first."""
    keys = [terms for each in keys_held(entity, month) if (terms := terms_of_key(each)).is_mandatory]
    known, names = known_in(entity, month), {terms.code: terms.name for terms in keys}
    wanted = words.casefold().split()
    found = []
    for row in rows_of(entity, month, month):
        if cost_centre and f"/{cost_centre}/" not in row.cost_centre_path:
            continue
        said = f"{row.vendor} {row.service} {row.resource} {row.category}".casefold()
        if not all(word in said for word in wanted):
            continue
        gaps = lacking(keys, row.tags, known)
        if gaps and (not key or key in gaps):
            found.append(Lacking(row, {names[code]: why for code, why in gaps.items()}))
    return found


def tagged_pct(entity: Entity, first: date, last: date) -> tuple[Decimal | None, Decimal | None]:
    """Return how much of some months' spend bears its mandatory tags, in per cent, and the target; None without such tags."""
    terms, share = _TermsByMonth(entity), Share()
    if not any(key.is_mandatory for key in terms.keys(last)):
        return None, None
    for group in groups_of(entity, first, last):
        keys = [key for key in terms.keys(group.month) if key.is_mandatory]
        if keys:
            share.add(group.rows, group.amount, good=not lacking(keys, group.tags, terms.known(group.month)))
    return share.amount_pct, target_held(entity, last)
