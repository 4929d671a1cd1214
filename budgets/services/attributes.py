"""Defining attributes of an organization's own, and stating what things have of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from budgets.locks import lock_attribute, lock_key
from budgets.models import Attribute
from budgets.rules.attributes import CODE, COLUMNS, LONGEST, Value, read_value
from budgets.selectors.attributes import Values, asked_of, plain_of, values_of
from core import clock
from core.access import entities_of
from core.errors import InvalidInput, WrongState
from core.models import Entity, User
from core.services import audit

MOST, MOST_CHOICES = 50, 200
PARTS = ("name", "type", "choices", "is_required", "starts_on", "retired_on")


@dataclass(frozen=True)
class AttributeData:
    """What is said of an attribute. `code` and `kind` are of a new one alone."""

    name: str
    type: str
    starts_on: date
    kind: str = ""
    code: str = ""
    choices: tuple[str, ...] = ()
    is_required: bool = False
    retired_on: date | None = None


@transaction.atomic
def define_attribute(*, entity: Entity, data: AttributeData, actor: User | None) -> Attribute:
    """Ask something more of a kind of an organization's things. Raises InvalidInput naming the fields."""
    lock_key(f"attributes:{entity.pk}")
    wrong = _wrong(data)
    if data.kind not in Attribute.Kind.values:
        wrong["kind"] = "Choose what has it."
    if not CODE.match(data.code):
        wrong["code"] = "A code has up to 40 small letters, digits and hyphens; a letter comes first."
    elif Attribute.objects.filter(entity=entity, kind=data.kind, code=data.code).exists():
        wrong["code"] = f"There is an attribute {data.code} already. Choose another code, or change that one."
    elif Attribute.objects.filter(entity=entity, kind=data.kind).count() >= MOST:
        wrong["code"] = f"There are {MOST} already, which is the most."
    _refuse(wrong)
    said = {part: getattr(data, part) for part in PARTS} | {"choices": list(data.choices)}
    found = Attribute.objects.create(entity=entity, kind=data.kind, code=data.code, defined_by=actor, **said)
    audit.record(actor=actor, verb="attribute.defined", subject=found, entity=entity, after=_said(found))
    return found


@transaction.atomic
def change_attribute(*, attribute_id: int, data: AttributeData, actor: User | None) -> Attribute:
    """Change or retire an attribute. In use it keeps its type and its choices, to which more may be added.

    Raises InvalidInput naming the fields.
    """
    found = lock_attribute(attribute_id)
    before, wrong = _said(found), _wrong(data)
    if found.used_at is not None and data.type != found.type:
        wrong["type"] = f"It is in use and stays {found.get_type_display()}. Retire it, and define another."
    elif found.used_at is not None and (gone := [each for each in found.choices if each not in data.choices]):
        wrong["choices"] = f"It is in use and keeps its choices; {gone[0]} is missing. Add to them, or retire it."
    _refuse(wrong)
    for part in PARTS:
        setattr(found, part, getattr(data, part))
    found.choices = list(data.choices)
    if _said(found) != before:
        found.save(update_fields=list(PARTS))
        audit.record(actor=actor, verb="attribute.changed", subject=found, entity=found.entity, before=before, after=_said(found))
    return found


def _wrong(data: AttributeData) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not data.name.strip():
        wrong["name"] = "Give it a name."
    if data.type not in Attribute.Type.values:
        wrong["type"] = "Choose its type."
    elif data.type == Attribute.Type.CHOICE and not data.choices:
        wrong["choices"] = "Write the choices, one a line."
    elif data.type != Attribute.Type.CHOICE and data.choices:
        wrong["choices"] = "Choices belong to a list. Leave them blank."
    if len(data.choices) > MOST_CHOICES or any(not 0 < len(each) <= LONGEST for each in data.choices):
        wrong["choices"] = f"Write at most {MOST_CHOICES} choices of up to {LONGEST} characters."
    elif len({each.casefold() for each in data.choices}) < len(data.choices):
        wrong["choices"] = "A choice stands there twice. Keep one of them."
    if data.retired_on is not None and data.retired_on < data.starts_on:
        wrong["retired_on"] = "It ends before it begins. Choose a later day."
    return wrong


def _said(found: Attribute) -> dict[str, Any]:
    said = {part: getattr(found, part) for part in PARTS}
    return {part: str(value) if isinstance(value, date) else value for part, value in said.items()}


@transaction.atomic
def set_attributes(
    *,
    model: Values,
    kind: str,
    subject: Any,
    values: Mapping[str, str | bool | None],
    actor: User,
    whole: bool = False,
) -> dict[str, str | bool]:
    """State what a thing has of attributes, by code; None or a blank takes one away. Return what it has then.

    With `whole`, as a form sends it, what is required and left out is refused. Raises InvalidInput whose details map each code.
    """
    asked = {each.code: each for each in asked_of(subject.entity, kind)}
    lock_key(f"attributes-of:{kind}:{subject.pk}")
    before = values_of(model, [subject.pk]).get(subject.pk, {})
    read, wrong = _read(subject.entity, asked, values)
    for code, each in asked.items():
        left_out = whole and code not in values and each not in before
        if each.is_required and code not in wrong and (left_out or (code in values and read.get(code) is None)):
            wrong[code] = f"State {each.name}: it is asked of all {each.get_kind_display()}."
    _refuse(wrong, "The attributes were not kept.")
    changed = {asked[code]: value for code, value in read.items() if before.get(asked[code]) != value}
    for definition, value in changed.items():
        _write(model, definition, subject, value, actor)
    after = plain_of({key: value for key, value in (before | changed).items() if value is not None})
    if changed:
        audit.record(
            actor=actor,
            verb="attributes.set",
            subject=subject,
            entity=subject.entity,
            before={"attributes": plain_of(before)},
            after={"attributes": after},
        )
    return after


def _read(
    entity: Entity, asked: Mapping[str, Attribute], values: Mapping[str, str | bool | None]
) -> tuple[dict[str, Value | None], dict[str, str]]:
    read: dict[str, Value | None] = {}
    wrong: dict[str, str] = {}
    for code, typed in values.items():
        if code not in asked:
            wrong[code] = f"{entity.name} asks for no attribute {code} here."
        elif typed is None or (isinstance(typed, str) and not typed.strip()):
            read[code] = None
        else:
            try:
                read[code] = _read_one(entity, asked[code], typed)
            except ValueError as error:
                wrong[code] = str(error)
    return read, wrong


def _read_one(entity: Entity, definition: Attribute, typed: str | bool) -> Value:
    value = read_value(definition.type, typed, definition.choices)
    if definition.type == Attribute.Type.PERSON:
        person = person_named(entity, str(value))
        if person is None:
            raise ValueError(f"Nobody of {entity.name} has the address {str(value)[:80]}. Write it as on their account.")
        return person.email
    return value


def person_named(entity: Entity, address: str) -> User | None:
    """Return the active person with an e-mail address who holds a role in an organization."""
    found = User.objects.filter(email__iexact=address, is_active=True).first()
    return found if found is not None and entities_of(found).filter(pk=entity.pk).exists() else None


def _write(model: Values, definition: Attribute, subject: Any, value: Value | None, actor: User) -> None:
    rows = model._default_manager.filter(definition=definition, subject_id=subject.pk)
    if value is None:
        rows.delete()
        return
    now = clock.now()
    # Marked first: from here on the database keeps the type.
    Attribute.objects.filter(pk=definition.pk, used_at__isnull=True).update(used_at=now)
    column = COLUMNS[definition.type]
    kept: Any = User.objects.get(email=value) if column == "person" else value
    said = {"set_at": now, "set_by": actor, column: kept}
    if not rows.update(**said):
        model._default_manager.create(definition=definition, subject_id=subject.pk, **said)


def refuse_missing(names: list[str]) -> None:
    """Refuse what lacks attributes that are required. Raises WrongState naming them."""
    if names:
        listed = " and ".join(names)
        raise WrongState(
            f"It does not say {listed} yet.", remedy="State it under Attributes; then go on.", code="attributes_missing"
        )


def _refuse(wrong: Mapping[str, str], what: str = "This attribute cannot be so.") -> None:
    if wrong:
        raise InvalidInput(what, remedy=next(iter(wrong.values())), details=dict(wrong))
