"""Entities: the organizations that keep books here."""

from datetime import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction

from core.errors import InvalidInput
from core.models import Entity, User, WorkCalendar
from core.services import audit

OPENS, CLOSES = time(9), time(17)
SYSTEM_EMAIL = "system@purser.invalid"


@transaction.atomic
def system_person() -> User:
    """Return the person in whose name Purser itself acts. It cannot sign in."""
    person, made = User.objects.get_or_create(email=SYSTEM_EMAIL, defaults={"name": "Purser", "is_active": False})
    if made:
        person.set_unusable_password()
        person.save(update_fields=["password"])
    return person


@transaction.atomic
def ensure_entity(
    *,
    code: str,
    name: str,
    currency: str,
    actor: User | None,
    fiscal_year_start_month: int = 1,
    time_zone: str = "UTC",
    country: str = "",
) -> Entity:
    """Return the entity with `code`; make it, with a working calendar of its own, where it is not there.

    Working hours are 9 to 17 from Monday to Friday in its zone, less the public holidays of `country` (ISO 3166).
    Raises InvalidInput for a zone that does not exist, or where the entity is there with another currency or fiscal year.
    """
    _check_zone(time_zone)
    entity = Entity.objects.filter(code=code).first()
    if entity is not None:
        _check_same(entity, currency, fiscal_year_start_month)
        return entity
    calendar = WorkCalendar.objects.create(
        code=code, name=f"{name}: office hours", time_zone=time_zone, country=country, opens_at=OPENS, closes_at=CLOSES
    )
    entity = Entity.objects.create(
        code=code,
        name=name,
        currency=currency,
        fiscal_year_start_month=fiscal_year_start_month,
        time_zone=time_zone,
        calendar=calendar,
    )
    after = {"code": code, "currency": currency, "fiscal_year_start_month": fiscal_year_start_month, "time_zone": time_zone}
    audit.record(actor=actor, verb="entity.added", subject=entity, entity=entity, after=after)
    return entity


def _check_zone(time_zone: str) -> None:
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInput(
            f"“{time_zone[:60]}” is not a time zone.", remedy="Use an IANA name, such as Europe/Amsterdam."
        ) from error


def _check_same(entity: Entity, currency: str, fiscal_year_start_month: int) -> None:
    if entity.currency != currency:
        raise InvalidInput(
            f"{entity.name} keeps its books in {entity.currency}, not {currency}.",
            remedy=f"State {entity.currency}.",
            code="currency",
        )
    if entity.fiscal_year_start_month != fiscal_year_start_month:
        raise InvalidInput(
            f"{entity.name}'s fiscal year starts in month {entity.fiscal_year_start_month}.",
            remedy="State that month.",
            code="fiscal_year",
        )
