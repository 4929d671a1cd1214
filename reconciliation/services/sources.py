"""Sources: where files come from and how they are read."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from core.errors import InvalidInput
from core.models import Entity, User
from core.services import audit
from reconciliation.models import Source
from reconciliation.rules.formats import format_of
from reconciliation.rules.mapping import checked


@transaction.atomic
def save_source(
    *, entity: Entity, code: str, name: str, format_code: str, mapping: Mapping[str, Any], actor: User | None
) -> Source:
    """Make a source, or change it. The mapping is checked first: raises InvalidInput naming each fault."""
    document = dict(mapping)
    checked(format_of(format_code).mapping, document)
    before = Source.objects.filter(entity=entity, code=code).values("name", "format", "mapping").first()
    after = {"name": name, "format": format_code, "mapping": document}
    if before == after:
        return Source.objects.get(entity=entity, code=code)
    if before and before["format"] != format_code:
        raise InvalidInput(
            f"Source {code} has files of format {before['format']}; a source keeps its format.",
            remedy="Give the new one another code.",
        )
    source, _ = Source.objects.update_or_create(entity=entity, code=code, defaults=after)
    audit.record(actor=actor, verb="source.saved", subject=source, entity=entity, before=before, after=after)
    return source
