"""The locked category list."""

from budgets.models import Category, CategoryAlias
from core.errors import Missing
from core.models import Entity
from core.names import fold


def resolve_category(entity: Entity, source: str, name: str) -> Category | None:
    """Return the category that `source` calls `name`: by code, by name, or by an alias of the source or of all; or None.

    Names are folded, so case, spacing and punctuation do not matter. Never makes a category. A name that two categories
    bear stands for neither.
    """
    key = fold(name)
    if not key:
        return None
    by_alias = CategoryAlias.objects.filter(entity=entity, name_key=key, source__in=[source, "*"], category__is_active=True)
    chosen = sorted(by_alias.select_related("category"), key=lambda alias: alias.source == "*")
    if chosen:
        return chosen[0].category
    categories = list(Category.objects.filter(entity=entity, is_active=True))
    by_code = [category for category in categories if fold(category.code) == key]
    if len(by_code) == 1:
        return by_code[0]
    by_name = [category for category in categories if fold(category.name) == key]
    return by_name[0] if len(by_name) == 1 else None


def category_named(entity: Entity, source: str, name: str) -> Category:
    """Return the category that `source` calls `name`. Raises Missing, with the remedy, where there is none."""
    category = resolve_category(entity, source, name)
    if category is None:
        shown = f"“{name[:80]}” is not a category." if fold(name) else "The category is blank."
        raise Missing(
            shown, remedy="Use a category of the list, or ask finance to add the name as an alias.", code="unknown_category"
        )
    return category
