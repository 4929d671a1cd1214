"""Sources from YAML: loaded by a command, or set up at their first use from the files that come with the product."""

from pathlib import Path

from django.conf import settings
from django.db import transaction

from budgets.models import Category
from budgets.services.categories import add_alias
from core.errors import InvalidInput, Missing
from core.models import Entity, User
from reconciliation.models import Source
from reconciliation.rules.source_files import ExpectedDocument, SourceDocument, SourcesDocument, parse_sources
from reconciliation.services.sources import ExpectedData, expect_of_source, save_source


@transaction.atomic
def load_sources(*, document: SourcesDocument, entity: Entity, actor: User | None) -> list[Source]:
    """Make or change the sources of a document in an entity. Raises InvalidInput."""
    return [_load(each, entity, actor) for each in document.sources]


@transaction.atomic
def _load(document: SourceDocument, entity: Entity, actor: User | None) -> Source:
    source = save_source(
        entity=entity, code=document.code, name=document.name, format_code=document.format, mapping=document.mapping, actor=actor
    )
    categories = {category.code: category for category in Category.objects.filter(entity=entity, code__in=document.aliases)}
    for code, names in document.aliases.items():
        for name in names:
            # An entity without this category will be asked for it row by row.
            if code in categories:
                add_alias(category=categories[code], source=document.code, name=name, actor=actor)
    if document.expected is not None:
        return expect_of_source(source_id=source.pk, data=_expected(document.expected), actor=actor)
    return source


def _expected(said: ExpectedDocument) -> ExpectedData:
    keeper = User.objects.filter(email=said.keeper).first() if said.keeper else None
    if said.keeper and keeper is None:
        raise InvalidInput(f"Nobody here has the address {said.keeper}.", remedy="Name whom to ask for the source's files.")
    return ExpectedData(said.system, said.cadence, said.grace_days, keeper)


def find_source(*, code: str, entity_code: str, actor: User | None) -> Source:
    """Return the source with this code: of the entity named, else of the one that its file names, else of the only one.

    A source that no entity has yet is set up from the files that come with the product. Raises Missing.
    """
    found = list(Source.objects.filter(code=code, is_active=True, **({"entity__code": entity_code} if entity_code else {})))
    defined = _defined(code)
    preferred = [each for each in found if defined and each.entity.code == defined[0]]
    if len(chosen := preferred or found) == 1:
        return chosen[0]
    if chosen:
        raise Missing(
            f"Several entities have a source {code}.", remedy=f"Add --entity {' or '.join(each.entity.code for each in chosen)}."
        )
    if defined is None:
        raise Missing(
            f"There is no source {code}.", remedy="Define it in a YAML file and load it by `manage.py load_source FILE`."
        )
    return _load(defined[1], _entity(entity_code, defined[0]), actor)


def _defined(code: str) -> tuple[str, SourceDocument] | None:
    """Return the entity's code and the definition of a source, from the files that come with the product."""
    for path in sorted(Path(settings.SOURCE_FILES).glob("*.yaml")):
        document = parse_sources(path.read_text(encoding="utf-8"))
        for each in document.sources:
            if each.code == code:
                return document.entity, each
    return None


def _entity(code: str, preferred: str) -> Entity:
    entities = Entity.objects.order_by("code")
    if code:
        found = entities.filter(code=code).first()
        if found is None:
            raise Missing(f"There is no entity {code}.", remedy="Load a budget of it first, or name another.")
        return found
    if found := entities.filter(code=preferred).first():
        return found
    several = list(entities[:2])
    if len(several) == 1:
        return several[0]
    if several:
        raise Missing("Several entities could have this file.", remedy="Add --entity CODE.")
    raise Missing("There is no entity yet.", remedy="Load a budget first: `manage.py load_budget FILE`.")
