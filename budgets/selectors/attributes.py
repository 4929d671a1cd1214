"""Attributes of an organization's own: which are asked, what things have, and finding things by it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

from budgets.models import Attribute
from budgets.models.attributes import AttributeValue
from budgets.rules.attributes import COLUMNS, Value, plain, read_value, read_wanted, shown
from core import clock
from core.access import entities_of, whole_entities_of
from core.errors import InvalidInput, NotFound
from core.models import Entity, User
from core.rules.rights import Right

M = TypeVar("M", bound=Model)
# A room's table of values: a subclass of AttributeValue, which names its subject.
Values = type[Any]


@dataclass(frozen=True, slots=True)
class AttributeShown:
    """An attribute of a thing, and what it has of it: blank where nothing."""

    definition: Attribute
    text: str


def attributes_in_reach(user: User) -> QuerySet[Attribute]:
    """Return the definitions of the organizations in which the person holds a role."""
    return Attribute.objects.filter(entity__in=entities_of(user)).select_related("entity", "defined_by")


def access_attribute_by_id(user: User, attribute_id: int) -> Attribute:
    """Return a definition if the person holds a role in its organization. Raises NotFound."""
    found = attributes_in_reach(user).filter(pk=attribute_id).first()
    if found is None:
        raise NotFound("There is no such attribute, or none that you may see.", remedy="Start from the list of attributes.")
    return found


def access_entity_to_administer(user: User, code: str) -> Entity:
    """Return the organization with this code if the person administers all of it; blank: the first. Raises NotFound."""
    for entity in whole_entities_of(user, Right.ADMINISTER).order_by("code"):
        if code in {"", entity.code}:
            return entity
    raise NotFound("There is no such organization, or none that you administer.", remedy="Name one of yours.")


def access_attribute_to_change(user: User, attribute_id: int) -> Attribute:
    """Return a definition if the person administers its organization. Raises NotFound."""
    found = access_attribute_by_id(user, attribute_id)
    access_entity_to_administer(user, found.entity.code)
    return found


def asked_of(entity: Entity, kind: str, on: date | None = None) -> list[Attribute]:
    """Return what an organization asks of a kind of its things on a day."""
    return asked_of_each([entity.pk], kind, on).get(entity.pk, [])


def asked_of_each(entities: Sequence[int], kind: str, on: date | None = None) -> dict[int, list[Attribute]]:
    """Return the same for several organizations, by their ids; those that ask nothing are left out."""
    day = on or clock.now().date()
    rows = Attribute.objects.filter(entity__in=entities, kind=kind, starts_on__lte=day)
    found: dict[int, list[Attribute]] = {}
    for each in rows.filter(Q(retired_on__isnull=True) | Q(retired_on__gt=day)).order_by("pk"):
        found.setdefault(each.entity_id, []).append(each)
    return found


def values_of(model: Values, subjects: Iterable[int]) -> dict[int, dict[Attribute, Value]]:
    """Return by thing what it has of each attribute, retired ones too; of a person the e-mail address."""
    rows = model._default_manager.filter(subject_id__in=list(subjects)).select_related("definition", "person")
    found: dict[int, dict[Attribute, Value]] = {}
    for row in rows.order_by("definition_id"):
        found.setdefault(row.subject_id, {})[row.definition] = value_of(row)
    return found


def value_of(row: AttributeValue) -> Value:
    """Return what a row says, in its type."""
    if row.person is not None:
        return row.person.email
    values: list[Value] = [each for each in (row.text, row.number, row.day, row.flag) if each is not None]
    return values[0]


def attributes_shown(model: Values, kind: str, subject: Any) -> list[AttributeShown]:
    """Return what is asked of a thing, and what it has: first what is asked today, then what was asked before."""
    has = values_of(model, [subject.pk]).get(subject.pk, {})
    asked = asked_of(subject.entity, kind)
    before = [each for each in has if each not in asked]
    return [AttributeShown(each, shown(has[each]) if each in has else "") for each in (*asked, *before)]


def attach_attributes(model: Values, subjects: Sequence[Any]) -> None:
    """Give things what they have, by code, as `kept_attributes`: one query for all."""
    found = values_of(model, [each.pk for each in subjects])
    for each in subjects:
        each.__dict__["kept_attributes"] = plain_of(found.get(each.pk, {}))


def plain_of(values: Mapping[Attribute, Value]) -> dict[str, str | bool]:
    """Return values by code, as programs read them."""
    return {each.code: plain(value) for each, value in values.items()}


def missing_of(model: Values, kind: str, subject: Any) -> list[Attribute]:
    """Return what is required of a thing today and not stated."""
    required = [each for each in asked_of(subject.entity, kind) if each.is_required]
    has = values_of(model, [subject.pk]).get(subject.pk, {}) if required else {}
    return [each for each in required if each not in has]


def having(rows: QuerySet[M], model: Values, kind: str, text: str, *, path: str = "pk") -> QuerySet[M]:
    """Keep the things that have an attribute (`seats`), or of which its value is as is said (`seats>=10`).

    Raises InvalidInput for what is no condition, or not one for the attribute's type.
    """
    try:
        wanted = read_wanted(text)
        condition = Q()
        for definition in Attribute.objects.filter(kind=kind, code=wanted.code):
            condition |= Q(definition=definition) & _compared(definition, wanted.sign, wanted.value)
    except ValueError as error:
        raise InvalidInput(
            "This is no condition on an attribute.", remedy=str(error), details={"attribute": str(error)}
        ) from None
    if not condition:
        return rows.none()
    found = model._default_manager.filter(condition).values("subject_id")
    return rows.filter(**{f"{path}__in": found})


def _compared(definition: Attribute, sign: str, text: str) -> Q:
    if not sign:
        return Q()
    column = COLUMNS[definition.type]
    if sign != "=" and column not in {"number", "day"}:
        raise ValueError(f"{definition.code} is no number and no day: compare it with = alone.")
    if definition.type == Attribute.Type.PERSON:
        return Q(person__email__iexact=text)
    if definition.type == Attribute.Type.CHOICE:
        return Q(text__in=[each for each in definition.choices if each.casefold() == text.casefold()])
    value = read_value(definition.type, text, definition.choices)
    return Q(**{column + {"=": "", ">=": "__gte", "<=": "__lte"}[sign]: value})
