"""The master data that a budget file brings along: made where it is not there, through the services that own it."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from budgets.models import Category, CostCentre, Vendor
from budgets.rules.document import CategoryPart, CostCentrePart, EntityPart, VendorPart
from budgets.services import categories, cost_centres, vendors
from core.errors import InvalidInput, Missing
from core.models import Entity, User
from core.services.entities import ensure_entity

T = TypeVar("T")


def entity_of(part: EntityPart | None, *, code: str, actor: User | None) -> Entity:
    """Return the entity a file is for: the one it names, else the one called `code`. Raises Missing and InvalidInput."""
    if part is not None and code and part.code != code:
        raise InvalidInput(f"The file is for {part.code}, not for {code}.", remedy="Name one entity.")
    if part is not None and part.name and part.currency:
        return ensure_entity(
            code=part.code,
            name=part.name,
            currency=part.currency,
            fiscal_year_start_month=part.fiscal_year_start_month,
            time_zone=part.time_zone,
            country=part.country,
            actor=actor,
        )
    wanted = part.code if part is not None else code
    found = Entity.objects.filter(code=wanted).first()
    if found is None:
        what = f"There is no entity {wanted}." if wanted else "Neither the file nor the command names an entity."
        raise Missing(what, remedy="Give its name and currency in the file, or name one that is there.", code="unknown_entity")
    return found


def ensure_cost_centres(entity: Entity, parts: Sequence[CostCentrePart], actor: User | None) -> dict[str, CostCentre]:
    """Return the entity's cost centres by code, with those of the file that were not there yet. Raises Missing."""
    found = {node.code: node for node in CostCentre.objects.filter(entity=entity)}
    for part in parts:
        if part.code not in found:
            parent = known(found, part.parent, "cost centre") if part.parent else None
            found[part.code] = cost_centres.add_cost_centre(
                entity=entity, code=part.code, name=part.name, kind=part.kind, parent=parent, actor=actor
            )
    return found


def ensure_categories(entity: Entity, parts: Sequence[CategoryPart], actor: User | None) -> dict[str, Category]:
    """Return the entity's categories by code, with those of the file that were not there yet, and their aliases."""
    found = {category.code: category for category in Category.objects.filter(entity=entity)}
    for part in parts:
        if part.code not in found:
            parent = known(found, part.parent, "category") if part.parent else None
            found[part.code] = categories.add_category(entity=entity, code=part.code, name=part.name, parent=parent, actor=actor)
        for source, names in part.aliases.items():
            for name in names:
                categories.add_alias(category=found[part.code], source=source, name=name, actor=actor)
    return found


def ensure_vendors(entity: Entity, parts: Sequence[VendorPart], actor: User | None) -> dict[str, Vendor]:
    """Return the entity's vendors by code, with those of the file that were not there yet, and their aliases."""
    found = {vendor.code: vendor for vendor in Vendor.objects.filter(entity=entity)}
    for part in parts:
        vendor = vendors.ensure_vendor(
            entity=entity, code=part.code, name=part.name, iban=part.iban, email=part.email, actor=actor
        )
        for alias in part.aliases:
            vendors.add_alias(vendor=vendor, name=alias, actor=actor)
        found[part.code] = vendor
    return found


def known(found: Mapping[str, T], code: str, what: str) -> T:
    """Return what bears `code`. Raises Missing where nothing does."""
    if code not in found:
        raise Missing(
            f"There is no {what} {code}.",
            remedy=f"Add the {what} to the file or to the list first.",
            code=f"unknown_{what.replace(' ', '_')}",
        )
    return found[code]
