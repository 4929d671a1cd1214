"""What a room announces and others react to: frozen dataclasses, stored as JSON in the outbox, handled after commit."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self, TypeVar


@dataclass(frozen=True)
class Event:
    """Base of all events. Fields are plain values and ids, so that the payload is JSON."""

    topic: ClassVar[str]

    def to_payload(self) -> dict[str, Any]:
        """Return the event's fields as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Self:
        """Rebuild the event from what `to_payload` gave."""
        return cls(**payload)


E = TypeVar("E", bound=Event)
type_of_topic: dict[str, type[Event]] = {}
handlers_of_topic: dict[str, list[Callable[[Any], None]]] = {}


def on(event_type: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Register a function that is called, once, with each event of a type after the commit that announced it.

    A handler runs in the transaction that marks the event as handled: what it writes happens once, or again if it failed.
    """

    def register(handler: Callable[[E], None]) -> Callable[[E], None]:
        type_of_topic[event_type.topic] = event_type
        handlers = handlers_of_topic.setdefault(event_type.topic, [])
        if handler not in handlers:
            handlers.append(handler)
        return handler

    return register
