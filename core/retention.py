"""What each room keeps that has a retention period: the rooms register it as they start."""

from dataclasses import dataclass

from core.rules.retention import RecordKind


@dataclass(frozen=True, slots=True)
class Records:
    """Documents of one sort. `kept` is the room's view of those that are still there.

    Its columns: entity_id, subject_id, kind, name, size (bytes), sha256, dated_on, waits (why it may not go yet; blank: it may).
    `goes` and `stays` say in words what a removal takes and leaves.
    """

    code: str
    title: str
    kinds: tuple[RecordKind, ...]
    kept: str
    goes: str
    stays: str


registered: dict[str, Records] = {}


def register(records: Records) -> None:
    """Make documents of one sort known."""
    registered[records.code] = records
