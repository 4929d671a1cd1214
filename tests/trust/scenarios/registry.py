"""Which services fail in which scenario, which are a step of another one, and which only read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from inspect import isfunction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from core.errors import Refusal

if TYPE_CHECKING:
    from tests.trust.scenarios.ground import Ground

ROOMS = ("core", "budgets", "approvals", "reconciliation", "reporting")
NOUNS = (
    "attributes",
    "bands",
    "changes",
    "chargebacks",
    "clocks",
    "committees",
    "orders",
    "emergencies",
    "imports",
    "matching",
    "overruns",
    "policies",
    "reserves",
    "saved_views",
    "signing_in",
    "tags",
)
Service = Callable[..., Any]
Build = Callable[["Ground"], dict[str, Any]]


@dataclass(frozen=True)
class Scenario:
    """A service, and how to make the world for its call: `build` returns the arguments.

    `steps` says why the work is several transactions; then the state is one of those that an unharmed run goes through, and the
    same call again comes to the same end. `notes`: see `State`. `again` is called instead where that is how the work goes on.
    `refusal` is what the unharmed call itself ends in. `tells` is where an answer says itself what of the work was not done.
    """

    name: str
    service: Service
    build: Build
    steps: str = ""
    small: bool = False
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    again: Callable[[dict[str, Any]], Any] | None = None
    refusal: type[Refusal] | None = None
    tells: Callable[[Any], bool] | None = None


SCENARIOS: list[Scenario] = []
STEPS: dict[str, tuple[str, ...]] = {}
READS: set[str] = set()


def scenario(service: Service, *, label: str = "", **more: Any) -> Callable[[Build], Build]:
    """Register the decorated function as the world of a call of `service`."""

    def register(build: Build) -> Build:
        name = f"{name_of(service)} ({label})" if label else name_of(service)
        SCENARIOS.append(Scenario(name, service, build, **more))
        return build

    return register


def steps_of(*within: Service, steps: Sequence[Service]) -> None:
    """Declare services that only do a part of the transaction of `within`, whose scenarios go through them."""
    STEPS.update({name_of(step): tuple(map(name_of, within)) for step in steps})


def only_reads(*services: Service) -> None:
    """Declare functions of the services' modules that write nothing."""
    READS.update(map(name_of, services))


def name_of(service: Service) -> str:
    """Return a service's name in short: room, module, function."""
    return f"{service.__module__.replace('.services.', '.')}.{service.__qualname__}"


def load() -> list[Scenario]:
    """Import the scenarios of each room, and return them all."""
    for name in (*ROOMS, *NOUNS):
        import_module(f"tests.trust.scenarios.{name}")
    return SCENARIOS


def public_services() -> dict[str, Service]:
    """Return the public functions of all services' modules, those that a module imports left out."""
    found: dict[str, Service] = {}
    for room in ROOMS:
        for path in sorted((Path(settings.BASE_DIR) / room / "services").glob("[a-z]*.py")):
            module = import_module(f"{room}.services.{path.stem}")
            own = [each for each in vars(module).values() if isfunction(each) and each.__module__ == module.__name__]
            found |= {name_of(each): each for each in own if not each.__name__.startswith("_")}
    return found
