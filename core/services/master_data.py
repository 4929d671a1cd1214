"""Changes to master data that need no more than to be checked by their model and kept with a trace."""

from typing import Any

from django.db import transaction
from django.db.models import Model

from core.errors import WrongState
from core.models import Entity, User, WorkCalendar
from core.services import audit
from core.services.sessions import end_sessions

SECRET = frozenset({"password", "last_login"})


def _state_of(instance: Model) -> dict[str, Any]:
    """Return what an audit record keeps of a row: its own columns as text, no secrets."""
    fields = (field for field in instance._meta.concrete_fields if field.name not in SECRET)
    return {field.attname: str(getattr(instance, field.attname)) for field in fields}


@transaction.atomic
def save_recorded(*, subject: Model, actor: User, entity: Entity | None = None) -> None:
    """Save a row of master data and record what changed about it. No change is no record."""
    kept = type(subject)._default_manager.filter(pk=subject.pk).first() if subject.pk else None
    before = _state_of(kept) if kept else None
    subject.save()
    after = _state_of(subject)
    if before == after:
        return
    changed = {name for name in after if before is None or before[name] != after[name]}
    audit.record(
        actor=actor,
        verb=f"{subject._meta.model_name}.{'changed' if kept else 'added'}",
        subject=subject,
        entity=entity,
        before={name: before[name] for name in changed} if before else None,
        after={name: after[name] for name in changed},
    )


@transaction.atomic
def delete_recorded(*, subject: Model, actor: User, entity: Entity | None = None) -> None:
    """Delete a row of master data and record what it was. Raises ProtectedError where others point at it."""
    audit.record(
        actor=actor, verb=f"{subject._meta.model_name}.removed", subject=subject, entity=entity, before=_state_of(subject)
    )
    subject.delete()


@transaction.atomic
def change_calendar(*, calendar: WorkCalendar, actor: User) -> None:
    """Save a calendar whose hours or days changed, under a new version: timers say which version they were reckoned by."""
    calendar.version = WorkCalendar.objects.values_list("version", flat=True).get(pk=calendar.pk) + 1
    save_recorded(subject=calendar, actor=actor)


@transaction.atomic
def set_password(*, person: User, password: str, actor: User) -> None:
    """Give a person a new password. Their sessions end at once. Raises WrongState for somebody who left."""
    if not person.is_active:
        raise WrongState(f"{person.name} cannot sign in.", remedy="Make the person active first.")
    person.set_password(password)
    person.save(update_fields=["password"])
    end_sessions(person=person, actor=actor)
    audit.record(actor=actor, verb="person.password_set", subject=person)
