"""The locked category list: finance adds to it, imports never do."""

from django.db import transaction

from budgets.models import Category, CategoryAlias
from budgets.rules.codes import check_code, path_below
from core.errors import InvalidInput
from core.models import Entity, User
from core.names import fold
from core.services import audit


@transaction.atomic
def add_category(*, entity: Entity, code: str, name: str, actor: User | None, parent: Category | None = None) -> Category:
    """Add a category to the entity's list, under `parent` or at its top. Raises InvalidInput."""
    check_code(code, longest=60)
    if Category.objects.filter(entity=entity, code=code).exists():
        raise InvalidInput(f"There is a category {code} already.", remedy="Choose another code.", code="taken")
    if parent is not None and parent.entity_id != entity.pk:
        raise InvalidInput("The category above belongs to another entity.", remedy="Choose one of this entity.")
    path = path_below(parent.path if parent else "", code)
    category = Category.objects.create(entity=entity, code=code, name=name, parent=parent, path=path)
    audit.record(actor=actor, verb="category.added", subject=category, entity=entity, after={"path": path, "name": name})
    return category


@transaction.atomic
def add_alias(*, category: Category, name: str, actor: User | None, source: str = "*") -> CategoryAlias:
    """Let `source` (a source's code, or `*` for all) call a category `name`. The same alias again is no change.

    Raises InvalidInput where the source calls another category so.
    """
    key = fold(name)
    if not key:
        raise InvalidInput("An alias needs a name.", remedy="Write the name as it stands in the file.")
    alias = CategoryAlias.objects.filter(entity=category.entity, source=source, name_key=key).select_related("category").first()
    if alias is not None and alias.category_id == category.pk:
        return alias
    if alias is not None:
        raise InvalidInput(
            f"“{name}” stands for {alias.category.name} already.",
            remedy="Remove that alias first, or name another.",
            code="taken",
        )
    alias = CategoryAlias.objects.create(
        category=category, entity_id=category.entity_id, source=source, name=name, name_key=key, added_by=actor
    )
    after = {"category": category.code, "source": source, "name": name}
    audit.record(actor=actor, verb="category.alias_added", subject=alias, entity=category.entity, after=after)
    return alias


@transaction.atomic
def remove_alias(*, alias: CategoryAlias, actor: User | None) -> None:
    """Take an alias away. What was imported by it stays as it is."""
    before = {"category": alias.category.code, "source": alias.source, "name": alias.name}
    audit.record(actor=actor, verb="category.alias_removed", subject=alias, entity=alias.entity, before=before)
    alias.delete()
