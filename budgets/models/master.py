from django.conf import settings
from django.db import models

from core import clock


class CostCentre(models.Model):
    """A node of an entity's one cost centre tree. `path` is the chain of codes, `/ACME/ENG/PLATFORM/`."""

    class Kind(models.TextChoices):
        ORGANIZATION = "organization", "organization"
        TEAM = "team", "team"
        PROJECT = "project", "project"
        SERVICE = "service", "service"
        REGION = "region", "region"
        ENVIRONMENT = "environment", "environment"

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="cost_centres")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.TEAM)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    path = models.CharField(max_length=600, editable=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        verbose_name = "cost centre"
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "code"], name="cost_centre_code_once"),
            models.UniqueConstraint(fields=["entity", "path"], name="cost_centre_path_once"),
            models.CheckConstraint(
                condition=models.Q(code__regex=r"^[A-Za-z0-9][A-Za-z0-9._-]*$"), name="cost_centre_code_is_plain"
            ),
        ]
        indexes = [
            models.Index(fields=["entity", "path"], name="cost_centre_subtree", opclasses=["int8_ops", "text_pattern_ops"])
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Category(models.Model):
    """A node of an entity's one locked category tree. Only finance adds to it; imports never do."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="categories")
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    path = models.CharField(max_length=600, editable=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "code"], name="category_code_once"),
            models.UniqueConstraint(fields=["entity", "path"], name="category_path_once"),
            models.CheckConstraint(
                condition=models.Q(code__regex=r"^[A-Za-z0-9][A-Za-z0-9._-]*$"), name="category_code_is_plain"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CategoryAlias(models.Model):
    """What one source calls a category. `source` is the code of a source, or `*` for all of them."""

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="aliases")
    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=60, default="*")
    name = models.CharField(max_length=300)
    name_key = models.CharField(max_length=300, editable=False, help_text="The name folded for comparison.")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name_plural = "category aliases"
        ordering = ["source", "name"]
        constraints = [models.UniqueConstraint(fields=["entity", "source", "name_key"], name="category_alias_once")]

    def __str__(self) -> str:
        return f"{self.source}: {self.name}"


class Vendor(models.Model):
    """Someone who is paid."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="vendors")
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=300)
    name_key = models.CharField(max_length=300, editable=False, help_text="The name folded for comparison.")
    iban = models.CharField(max_length=34, blank=True)
    email = models.EmailField(blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["entity", "code"], name="vendor_code_once")]
        indexes = [models.Index(fields=["entity", "name_key"], name="vendor_by_name")]

    def __str__(self) -> str:
        return self.name


class VendorAlias(models.Model):
    """Another name under which a vendor appears in files."""

    vendor = models.ForeignKey(Vendor, on_delete=models.CASCADE, related_name="aliases")
    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=300)
    name_key = models.CharField(max_length=300, editable=False)

    class Meta:
        verbose_name_plural = "vendor aliases"
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["entity", "name_key"], name="vendor_alias_once")]

    def __str__(self) -> str:
        return self.name


class Milestone(models.Model):
    """A dated promise of a budget; its completion may release payments."""

    budget = models.ForeignKey("budgets.Budget", on_delete=models.PROTECT, related_name="milestones")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    due_on = models.DateField()
    done_on = models.DateField(null=True, blank=True)
    planned_cost = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, null=True, blank=True, related_name="milestones")

    class Meta:
        ordering = ["due_on"]
        constraints = [models.UniqueConstraint(fields=["budget", "code"], name="milestone_code_once")]

    def __str__(self) -> str:
        return self.name
