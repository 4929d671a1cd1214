"""Sources: where files come from, how they are read, and what is expected of them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from core.access import entities_of
from core.errors import InvalidInput
from core.models import Entity, User
from core.services import audit
from reconciliation.locks import lock_source
from reconciliation.models import Source
from reconciliation.rules.expecting import LONGEST_GRACE, SYSTEMS_OF
from reconciliation.rules.formats import format_of
from reconciliation.rules.mapping import checked


@dataclass(frozen=True, slots=True)
class ExpectedData:
    """What is expected of a source: out of which system it comes, how often, how late it may be, whom to ask for it."""

    system: str
    cadence: str = "none"
    grace_days: int = 0
    keeper: User | None = None


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
    said_of_new = {**after, "system": SYSTEMS_OF[format_code][0]}
    source, _ = Source.objects.update_or_create(entity=entity, code=code, defaults=after, create_defaults=said_of_new)
    audit.record(actor=actor, verb="source.saved", subject=source, entity=entity, before=before, after=after)
    return source


@transaction.atomic
def expect_of_source(*, source_id: int, data: ExpectedData, actor: User | None) -> Source:
    """State what is expected of a source. The same again changes nothing. Raises InvalidInput naming each fault."""
    source = lock_source(source_id)
    if faults := _faults(source, data):
        raise InvalidInput(next(iter(faults.values())), remedy="Correct it, then state it again.", details=faults)
    before = _told(ExpectedData(source.system, source.cadence, source.grace_days, source.keeper))
    after = _told(data)
    if before == after:
        return source
    for name, value in asdict(data).items():
        setattr(source, name, value if name != "keeper" else data.keeper)
    source.save(update_fields=["system", "cadence", "grace_days", "keeper"])
    audit.record(actor=actor, verb="source.expected", subject=source, entity=source.entity, before=before, after=after)
    return source


def _faults(source: Source, data: ExpectedData) -> dict[str, str]:
    faults = {}
    if data.system not in SYSTEMS_OF[source.format]:
        words = " or ".join(Source.System(each).label for each in SYSTEMS_OF[source.format])
        faults["system"] = f"A file of this format comes out of {words}."
    if data.cadence not in Source.Cadence.values:
        faults["cadence"] = "Say how often a file is expected, or that none is regularly."
    if not 0 <= data.grace_days <= LONGEST_GRACE:
        faults["grace_days"] = f"Allow from 0 to {LONGEST_GRACE} days."
    elif data.cadence == Source.Cadence.NONE and data.grace_days:
        faults["grace_days"] = "Days of grace need a cadence: what is not expected is never late."
    if data.keeper and not entities_of(data.keeper).filter(pk=source.entity_id).exists():
        faults["keeper"] = f"{data.keeper.name} holds no role in {source.entity.name}. Choose somebody who does."
    return faults


def _told(data: ExpectedData) -> dict[str, Any]:
    return {
        "system": data.system,
        "cadence": data.cadence,
        "grace_days": data.grace_days,
        "keeper": data.keeper.email if data.keeper else None,
    }
