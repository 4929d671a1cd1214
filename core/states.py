"""How a state is kept: transitions declared once, obeyed by Python and by the database alike."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import pgtrigger
from django.db import models
from django_fsm import FSMField

# What makes a field one of states; a migration knows nothing of it.
OF_STATES = frozenset({"protected", "state_choices"})
M = TypeVar("M", bound=type[models.Model])


class StateField(FSMField):
    """A state that only a declared transition changes. To migrations it is the text that it is in the database.

    The model of each step of each migration would otherwise listen, for good, to whatever model is prepared after it.
    """

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """Return what a migration writes of it."""
        name, _, given, named = super().deconstruct()
        return name, "django.db.models.CharField", list(given), {key: named[key] for key in named if key not in OF_STATES}


class StateModel(models.Model):
    """Base of models with a protected state. Re-reading a row takes its state along without lifting the protection."""

    class Meta:
        abstract = True

    def refresh_from_db(
        self, using: str | None = None, fields: Iterable[str] | None = None, from_queryset: models.QuerySet[Any] | None = None
    ) -> None:
        """Read the row again, its state included."""
        if fields is None:
            # Django takes what is not in the instance for deferred, so the fields are named before the state is taken out.
            fields = [field.attname for field in self._meta.concrete_fields if field.attname in self.__dict__]
            self._prefetched_objects_cache: dict[str, Any] = {}
        for field in self._meta.concrete_fields:
            if isinstance(field, FSMField):
                self.__dict__.pop(field.attname, None)
        super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)


def declared_transitions(model: type[models.Model], field_name: str = "state") -> list[tuple[str, str]]:
    """Return the (from, to) pairs that the `@transition` methods of `model` declare."""
    pairs = set()
    for name in dir(model):
        meta = getattr(getattr(model, name, None), "_django_fsm", None)
        if meta is None or getattr(meta.field, "name", meta.field) != field_name:
            continue
        pairs |= {(str(source), str(step.target)) for source, step in meta.transitions.items()}
    return sorted(pairs)


def guarded(*, born: str) -> Callable[[M], M]:
    """Have the database refuse what the declarations do not allow: other pairs of states, and another state at birth.

    The protection in Python is skipped by `update()`, `bulk_update()` and plain SQL. The trigger is not.
    """

    def guard(model: M) -> M:
        return pgtrigger.register(  # type: ignore[no-any-return]
            pgtrigger.FSM(name="known_steps", field="state", transitions=declared_transitions(model)),
            pgtrigger.Protect(
                name="born_rightly", operation=pgtrigger.Insert, condition=pgtrigger.Condition(f"NEW.state <> '{born}'")
            ),
        )(model)

    return guard
