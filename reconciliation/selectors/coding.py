"""Where a row's money goes: its category, cost centre, account and month, or the reason why that cannot be said."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from budgets.models import Budget, Category, CategoryAlias, CostCentre, FundsAccount, Period
from core.names import fold
from reconciliation.models import Source
from reconciliation.rules.problems import Coding, Problem

_ACCOUNTS_KEPT = ("pk", "currency", "cost_centre_id", "category_id", "budget__starts_on", "budget__ends_on")


class Coder:
    """Codes rows of one source. Reads the entity's master data once, so that a million rows cost no query each."""

    def __init__(self, source: Source) -> None:
        self.source, self._entity = source, source.entity
        self._categories = _categories_by_name(source)
        self._cost_centres = _cost_centres_by_name(source)
        self._accounts: dict[tuple[int, int], list[tuple[int, str, date, date]]] = defaultdict(list)
        self._months = dict(Period.objects.filter(entity=self._entity).values_list("month", "state"))
        in_force = Budget.objects.filter(entity=self._entity, versions__state="in_force")
        accounts = FundsAccount.objects.filter(budget__in=in_force).order_by("-budget__starts_on", "budget__code")
        for pk, currency, centre, category, starts, ends in accounts.values_list(*_ACCOUNTS_KEPT):
            self._accounts[centre, category].append((pk, currency, starts, ends))

    def code(self, fields: Mapping[str, str], *, occurred_on: date, currency: str) -> Coding | Problem:
        """Return the account and month of a row that says `fields`, or what is wrong, with its remedy."""
        month = occurred_on.replace(day=1)
        if fields.get("account"):
            return self._chosen(int(fields["account"]), month, currency)
        category = self._category(fields)
        if isinstance(category, Problem):
            return category
        centre = self._cost_centre(fields)
        if isinstance(centre, Problem):
            return centre
        return self._account(category, centre, month, currency)

    def _category(self, fields: Mapping[str, str]) -> int | Problem:
        names = [fields[role] for role in ("category", "group") if fields.get(role)]
        for name in names:
            if found := self._categories.get(fold(name)):
                return found
        if not names:
            return Problem("blank_category", "The row names no category.", "Choose its category.")
        return Problem(
            "unknown_category", f"“{names[0][:100]}” is not a category here.", "Map it to a category; the source will remember."
        )

    def _cost_centre(self, fields: Mapping[str, str]) -> int | Problem:
        name = fields.get("cost_centre", "")
        if not name:
            return Problem("blank_cost_centre", "The row names no cost centre.", "Choose its cost centre.")
        found = self._cost_centres.get(fold(name))
        return found or Problem(
            "unknown_cost_centre", f"“{name[:100]}” is not a cost centre here.", "Choose one that is, or add it."
        )

    def _account(self, category: int, centre: int, month: date, currency: str) -> Coding | Problem:
        spanning = [each for each in self._accounts.get((centre, category), ()) if each[2] <= month <= each[3]]
        if not spanning:
            return Problem(
                "unbudgeted",
                f"No budget in force covers this category and cost centre in {month:%B %Y}.",
                "Put a budget in force that covers it, or choose the account it belongs to, then try again.",
            )
        matching = [each for each in spanning if each[1] == currency]
        if not matching:
            return Problem(
                "other_currency",
                f"The row is in {currency or 'no currency'}, its budget in {spanning[0][1]}.",
                f"State the amount in {spanning[0][1]}, or put a budget in the row's currency in force.",
            )
        # Where several budgets cover it, the one that started last has it: as budgets.selectors.accounts.find_account has it.
        return self._in_month(matching[0][0], month)

    def _chosen(self, account_id: int, month: date, currency: str) -> Coding | Problem:
        known = (each for accounts in self._accounts.values() for each in accounts)
        found = next((each for each in known if each[0] == account_id), None)
        if found is None:
            return Problem("unknown_account", "The account chosen is not one of a budget in force.", "Choose another account.")
        if found[1] != currency:
            return Problem(
                "other_currency", f"The row is in {currency}, the account in {found[1]}.", "Choose an account in its currency."
            )
        return self._in_month(account_id, month)

    def _in_month(self, account_id: int, month: date) -> Coding | Problem:
        state = self._months.get(month)
        if state == Period.State.OPEN:
            return Coding(account_id, month)
        said = "is closed" if state else "was never opened"
        return Problem(
            "closed_month", f"{month:%B %Y} {said}.", "Open the month, or give the row a date in an open one, then try again."
        )


def _categories_by_name(source: Source) -> dict[str, int]:
    """Return categories by folded name, as budgets.selectors.categories.resolve_category finds them one by one."""
    categories = Category.objects.filter(entity=source.entity, is_active=True).order_by("pk")
    found = _unambiguous(categories.values_list("name", "pk")) | _unambiguous(categories.values_list("code", "pk"))
    aliases = CategoryAlias.objects.filter(entity=source.entity, category__is_active=True)
    for said_by in ("*", source.code):
        found |= dict(aliases.filter(source=said_by).values_list("name_key", "category_id"))
    return found


def _cost_centres_by_name(source: Source) -> dict[str, int]:
    centres = CostCentre.objects.filter(entity=source.entity, is_active=True).order_by("pk")
    return _unambiguous(centres.values_list("name", "pk")) | _unambiguous(centres.values_list("code", "pk"))


def _unambiguous(named: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return ids by folded name, without the names that two bear: they stand for neither."""
    found: dict[str, list[int]] = defaultdict(list)
    for name, pk in named:
        found[fold(name)].append(pk)
    return {name: pks[0] for name, pks in found.items() if len(pks) == 1}
