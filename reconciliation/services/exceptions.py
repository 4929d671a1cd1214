"""Exceptions: raised by what finds them, closed by themselves when they resolve, or by a person with a note."""

from collections.abc import Sequence
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Model

from core import clock
from core.errors import InvalidInput, WrongState
from core.models import Entity, User
from core.services.audit import record
from reconciliation.locks import lock_exception
from reconciliation.models import ExceptionItem
from reconciliation.selectors.owners import finance_owner

RESOLVED = "It resolved."
LONGEST_NOTE = 400


@transaction.atomic
def raise_exception(
    *,
    entity: Entity,
    code: str,
    subject: Model,
    key: str,
    sentence: str,
    remedy: str,
    amount: Decimal | None,
    currency: str,
    owner: User | None = None,
) -> ExceptionItem:
    """Open an exception, or bring the open one with this key up to date. `amount` is in `currency`.

    What a person closed stays closed while it says the same. Without an owner it is the finance lead's. An open one is about the
    `subject` that said so last.
    """
    said: dict[str, object] = {
        "sentence": sentence[:400],
        "remedy": remedy[:400],
        "amount": amount,
        "currency": currency,
        "subject_type": subject._meta.label_lower,
        "subject_id": str(subject.pk),
    }
    latest = ExceptionItem.objects.filter(entity=entity, key=key).order_by("-id").first()
    if latest and latest.closed_at is None:
        return _bring_up_to_date(latest, said)
    if latest and latest.closed_by_id and latest.amount == amount:
        return latest
    try:
        with transaction.atomic():
            return ExceptionItem.objects.create(
                entity=entity,
                code=code,
                key=key,
                owner=owner or finance_owner(entity),
                opened_at=clock.now(),
                **said,
            )
    except IntegrityError:
        # Somebody else raised it first: theirs is as good.
        return ExceptionItem.objects.get(entity=entity, key=key, closed_at__isnull=True)


def _bring_up_to_date(item: ExceptionItem, said: dict[str, object]) -> ExceptionItem:
    changed = [name for name, value in said.items() if getattr(item, name) != value]
    for name in changed:
        setattr(item, name, said[name])
    if changed:
        item.save(update_fields=changed)
    return item


@transaction.atomic
def close_exception(*, item_id: int, actor: User, note: str) -> ExceptionItem:
    """Close an exception by hand, with the reason. Raises WrongState where it is closed, InvalidInput without a note."""
    note = note.strip()
    if not note or len(note) > LONGEST_NOTE:
        raise InvalidInput(
            "Say in a sentence why this needs nothing more.",
            remedy=f"Write 1 to {LONGEST_NOTE} characters.",
            details={"note": "Say in a sentence why this needs nothing more."},
        )
    item = lock_exception(item_id)
    if item.closed_at is not None:
        raise WrongState("This exception is closed already.", remedy="Nothing is left to do.")
    item.closed_at, item.closed_by, item.closing_note = clock.now(), actor, note
    item.save(update_fields=["closed_at", "closed_by", "closing_note"])
    record(actor=actor, verb="exception.closed", subject=item, entity=item.entity, after={"note": note, "key": item.key})
    return item


def resolve_exceptions(*, entity: Entity, keys: Sequence[str], reason: str = RESOLVED) -> int:
    """Close the open exceptions with `keys`, since their cause is gone, with the `reason`; return how many."""
    open_items = ExceptionItem.objects.filter(entity=entity, key__in=list(keys), closed_at__isnull=True)
    return open_items.update(closed_at=clock.now(), closing_note=reason[:LONGEST_NOTE])
