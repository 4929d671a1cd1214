"""What this room announces."""

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class Posted(Event):
    """A journal was posted. The posting function writes it into the outbox itself, in the posting's transaction."""

    topic: ClassVar[str] = "budgets.posted"

    journal_id: int
    kind: str
    entity_id: int
    source_type: str
    source_id: str
    account_ids: list[int]
