"""Vendors: people and firms that are paid, and the names they go by in files."""

from django.db import transaction

from budgets.models import Vendor, VendorAlias
from budgets.rules.codes import check_code, code_from
from core.errors import InvalidInput
from core.models import Entity, User
from core.names import fold
from core.services import audit


@transaction.atomic
def ensure_vendor(*, entity: Entity, name: str, actor: User | None, code: str = "", iban: str = "", email: str = "") -> Vendor:
    """Return the vendor that bears `code`, or goes by `name` in any spelling; add it where there is none.

    Raises InvalidInput for a blank name.
    """
    key = fold(name)
    if not key:
        raise InvalidInput("A vendor needs a name.", remedy="Write the name as it stands on the invoice.")
    found = _find(entity, key, code)
    if found is not None:
        return found
    taken = set(Vendor.objects.filter(entity=entity).values_list("code", flat=True))
    vendor = Vendor.objects.create(
        entity=entity,
        code=check_code(code, longest=60) if code else code_from(name, taken),
        name=name[:300],
        name_key=key[:300],
        iban=iban,
        email=email,
    )
    audit.record(
        actor=actor, verb="vendor.added", subject=vendor, entity=entity, after={"code": vendor.code, "name": vendor.name}
    )
    return vendor


def _find(entity: Entity, key: str, code: str) -> Vendor | None:
    vendors = Vendor.objects.filter(entity=entity)
    if code:
        return vendors.filter(code=code).first()
    return vendors.filter(name_key=key).order_by("id").first() or vendors.filter(aliases__name_key=key).first()


@transaction.atomic
def add_alias(*, vendor: Vendor, name: str, actor: User | None) -> VendorAlias:
    """Let a vendor go by another name. The same alias again is no change. Raises InvalidInput where another goes by it."""
    key = fold(name)
    if not key:
        raise InvalidInput("An alias needs a name.", remedy="Write the name as it stands in the file.")
    alias = VendorAlias.objects.filter(entity=vendor.entity, name_key=key).select_related("vendor").first()
    if alias is not None and alias.vendor_id == vendor.pk:
        return alias
    if alias is not None:
        raise InvalidInput(f"“{name}” stands for {alias.vendor.name} already.", remedy="Remove that alias first.", code="taken")
    alias = VendorAlias.objects.create(vendor=vendor, entity_id=vendor.entity_id, name=name[:300], name_key=key[:300])
    audit.record(
        actor=actor, verb="vendor.alias_added", subject=alias, entity=vendor.entity, after={"vendor": vendor.code, "name": name}
    )
    return alias
