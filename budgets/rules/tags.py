"""What tags a spend must bear, whether a value is one that its key allows, and what rules set. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from functools import lru_cache

NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")
VERSION = re.compile(r"^v?[0-9]{1,9}(\.[0-9]{1,9}){0,3}([-+][0-9A-Za-z.-]{1,40})?$")
ADDRESS = re.compile(r"^[^@\s,;<>()]{1,64}@([A-Za-z0-9.-]{1,190})$")
OWN = ("cost_centre", "budget", "resource", "service", "vendor")
PLACE = re.compile(r"\{([a-z_]+)\}")
MOST_STARS = 3
LONGEST_VALUE = 200
TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """What holds of a key. `values` are those of a list, or the domains of addresses."""

    code: str
    name: str
    is_mandatory: bool
    allows: str
    values: tuple[str, ...] = ()
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What values are held against: the codes of an organization's cost centres, and of its budgets of a month."""

    cost_centres: Collection[str] = frozenset()
    budgets: Collection[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SpendFacts:
    """What is known of an item of spend. Paths are chains of codes, `/ACME/ENG/`."""

    source: str = ""
    vendor: str = ""
    service: str = ""
    resource: str = ""
    category_path: str = ""
    cost_centre_path: str = ""
    cost_centre: str = ""
    budget: str = ""


@dataclass(frozen=True, slots=True)
class RuleTerms:
    """What a rule looks for, and what it sets. `pk` is the statement's."""

    pk: int
    name: str
    sets: Mapping[str, str]
    source: str = ""
    vendor: str = ""
    service: str = ""
    resource: str = ""
    category_path: str = ""
    cost_centre_path: str = ""


@lru_cache(maxsize=512)
def _shape(pattern: str, *, glob: bool) -> re.Pattern[str]:
    letters = {"*": ".*"} if glob else {"*": ".*", "#": "[0-9]", "@": "[^\\W\\d_]", "?": "[^\\W_]"}
    return re.compile("".join(letters.get(each, re.escape(each)) for each in pattern), re.IGNORECASE | re.DOTALL)


def is_like(text: str, pattern: str) -> bool:
    """Say whether a text is what a rule looks for, whatever its case; `*` stands for anything, a blank pattern for all."""
    return not pattern or _shape(pattern, glob=True).fullmatch(text) is not None


def wrong_pattern(pattern: str) -> str:
    """Return what is wrong with a pattern, as a sentence; blank where nothing is."""
    if pattern.count("*") > MOST_STARS:
        return f"Use * at most {MOST_STARS} times."
    return ""


def wrong_value(key: KeyTerms, value: str, known: Known) -> str:
    """Return why a key does not allow a value, in a sentence; blank where it does. Values of a list are alike in any case."""
    if key.allows == "list":
        fits = value.casefold() in {each.casefold() for each in key.values}
    elif key.allows == "email":
        found = ADDRESS.match(value)
        fits = found is not None and found[1].casefold() in {each.casefold() for each in key.values}
    elif key.allows == "version":
        fits = VERSION.match(value) is not None
    elif key.allows == "cost_centre":
        fits = value in known.cost_centres
    elif key.allows == "budget":
        fits = value in known.budgets
    else:
        fits = not key.pattern or _shape(key.pattern, glob=False).fullmatch(value) is not None
    return "" if fits else f"{key.name} is {allowed_words(key)}; “{value[:60]}” is not."


def allowed_words(key: KeyTerms) -> str:
    """Return what a key allows, in words that follow "is"."""
    if key.allows == "list":
        return _one_of(key.values)
    if key.allows == "email":
        return f"an e-mail address at {_or(key.values)}"
    if key.allows == "version":
        return "a version number such as 2.14.0"
    if key.allows == "cost_centre":
        return "a cost centre's code"
    if key.allows == "budget":
        return "the code of a budget of the month"
    return f"a text of the form {key.pattern}" if key.pattern else "any text"


def _one_of(values: Sequence[str]) -> str:
    shown = list(values[:12])
    return f"one of {', '.join(shown)} and {len(values) - 12} more" if len(values) > len(shown) else _or(shown)


def _or(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"


def fits(rule: RuleTerms, facts: SpendFacts) -> bool:
    """Say whether a rule is about an item of spend: all that it names fits; a branch of a tree has all that is below it."""
    if rule.source and rule.source != facts.source:
        return False
    if rule.category_path and not facts.category_path.startswith(rule.category_path):
        return False
    if rule.cost_centre_path and not facts.cost_centre_path.startswith(rule.cost_centre_path):
        return False
    named = ((facts.vendor, rule.vendor), (facts.service, rule.service), (facts.resource, rule.resource))
    return all(is_like(text, pattern) for text, pattern in named)


def filled(value: str, facts: SpendFacts) -> str:
    """Return a rule's value with the spend's own words in it; blank where it has not got one of them."""
    words = {name: str(getattr(facts, name)) for name in OWN}
    if any(not words[name] for name in PLACE.findall(value)):
        return ""
    return PLACE.sub(lambda found: words[found[1]], value)[:LONGEST_VALUE]


def set_by_rules(facts: SpendFacts, rules: Iterable[RuleTerms], *, taken: Collection[str]) -> dict[str, tuple[str, int]]:
    """Return by key what rules set, in their order, and whose statement it is. Of keys that are `taken` nothing is said."""
    found: dict[str, tuple[str, int]] = {}
    for rule in rules:
        if not fits(rule, facts):
            continue
        for key, value in rule.sets.items():
            if key not in taken and key not in found and (said := filled(value, facts)):
                found[key] = (said, rule.pk)
    return found


@dataclass(slots=True)
class Share:
    """How much of some spend complies: of its rows, and of its amount. Credits count by their size."""

    rows: int = 0
    good_rows: int = 0
    amount: Decimal = field(default_factory=Decimal)
    good_amount: Decimal = field(default_factory=Decimal)

    def add(self, rows: int, amount: Decimal, *, good: bool) -> None:
        """Count some spend."""
        self.rows += rows
        self.amount += amount
        if good:
            self.good_rows += rows
            self.good_amount += amount

    @property
    def missing(self) -> Decimal:
        """The amount that does not comply."""
        return self.amount - self.good_amount

    @property
    def amount_pct(self) -> Decimal | None:
        """The part of the amount that complies, in per cent, never rounded up; None where there is none."""
        return _percent(self.good_amount, self.amount)

    @property
    def rows_pct(self) -> Decimal | None:
        """The part of the rows that complies, in per cent, never rounded up; None where there is none."""
        return _percent(Decimal(self.good_rows), Decimal(self.rows))

    def meets(self, target: Decimal | None) -> bool:
        """Say whether the amount that complies reaches a target in per cent. No spend, or no target, is not missed."""
        return target is None or self.good_amount * 100 >= self.amount * target


def _percent(part: Decimal, whole: Decimal) -> Decimal | None:
    return (part * 100 / whole).quantize(TENTH, rounding=ROUND_DOWN) if whole else None


def lacking(keys: Iterable[KeyTerms], tags: Mapping[str, str], known: Known) -> dict[str, str]:
    """Return by code the mandatory keys that some tags do not comply with: a blank text, or why its value is not allowed."""
    found: dict[str, str] = {}
    for key in keys:
        if not key.is_mandatory:
            continue
        value = tags.get(key.code, "")
        if not value:
            found[key.code] = ""
        elif wrong := wrong_value(key, value, known):
            found[key.code] = wrong
    return found
