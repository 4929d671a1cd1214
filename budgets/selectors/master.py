"""Cost centres, categories and vendors, as far as a person's roles reach."""

from django.db.models import QuerySet

from budgets.models import Category, CostCentre, Vendor
from core.access import entities_of
from core.errors import NotFound
from core.models import User
from core.reach import in_reach


def cost_centres_in_reach(user: User) -> QuerySet[CostCentre]:
    """Return the cost centres over which the person holds a role."""
    return CostCentre.objects.filter(in_reach(user, under="path")).select_related("entity", "parent")


def categories_in_reach(user: User) -> QuerySet[Category]:
    """Return the categories of the organizations in which the person holds a role."""
    return Category.objects.filter(entity__in=entities_of(user)).select_related("entity", "parent")


def vendors_in_reach(user: User) -> QuerySet[Vendor]:
    """Return the vendors of the organizations in which the person holds a role."""
    return Vendor.objects.filter(entity__in=entities_of(user)).select_related("entity")


def access_cost_centre_by_id(user: User, cost_centre_id: int) -> CostCentre:
    """Return the cost centre if the person holds a role over it. Raises NotFound."""
    found = cost_centres_in_reach(user).filter(pk=cost_centre_id).first()
    if found is None:
        raise NotFound("There is no such cost centre, or none that you may see.", remedy="Start from the list of cost centres.")
    return found


def access_category_by_id(user: User, category_id: int) -> Category:
    """Return the category if the person holds a role in its organization. Raises NotFound."""
    found = categories_in_reach(user).filter(pk=category_id).first()
    if found is None:
        raise NotFound("There is no such category, or none that you may see.", remedy="Start from the list of categories.")
    return found


def access_vendor_by_id(user: User, vendor_id: int) -> Vendor:
    """Return the vendor if the person holds a role in its organization. Raises NotFound."""
    found = vendors_in_reach(user).filter(pk=vendor_id).first()
    if found is None:
        raise NotFound("There is no such vendor, or none that you may see.", remedy="Start from the list of vendors.")
    return found
