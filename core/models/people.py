from typing import Any, ClassVar

import pgtrigger
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

from core import clock


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. What they may do follows from their role assignments."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200)
    title = models.CharField(max_length=200, blank=True)
    time_zone = models.CharField(max_length=60, blank=True, help_text="Blank: the zone of the entity.")
    is_staff = models.BooleanField("may open the admin", default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once_in_any_case")]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name


class Role(models.Model):
    """A role as an organization names it (policies refer to `code`), of one of the kinds that rights hang on."""

    class Kind(models.TextChoices):
        REQUESTER = "requester", "asks for money"
        APPROVER = "approver", "decides on requests"
        FINANCE = "finance", "reconciles, closes, reports"
        EXECUTIVE = "executive", "reads and decides"
        AUDITOR = "auditor", "reads everything"
        ADMINISTRATOR = "administrator", "sets up"

    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["requester", "approver", "finance", "executive", "auditor", "administrator"]),
                name="role_kind_is_known",
            )
        ]

    def __str__(self) -> str:
        return self.name


class RoleAssignment(models.Model):
    """A person holds a role over an entity, or over the subtree of one of its cost centres.

    `cost_centre` is a foreign key to the room above by name only: the database keeps it whole, core imports nothing.
    """

    class Scope(models.TextChoices):
        ENTITY = "entity", "the whole entity"
        COST_CENTRE = "cost_centre", "a cost centre and all below it"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="assignments")
    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="assignments")
    scope = models.CharField(max_length=20, choices=Scope, default=Scope.ENTITY)
    cost_centre = models.ForeignKey("budgets.CostCentre", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    limit = models.DecimalField(
        max_digits=18,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="The most it decides on or commits at once, in the entity's currency. Blank: no limit.",
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["entity", "role", "user"]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Trigger(
                name="last_administrator_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func="""
                    IF OLD.scope = 'entity'
                       AND EXISTS (SELECT FROM core_role r WHERE r.id = OLD.role_id AND r.kind = 'administrator')
                       AND NOT EXISTS (
                           SELECT FROM core_roleassignment a
                           JOIN core_role r ON r.id = a.role_id JOIN core_user u ON u.id = a.user_id
                           WHERE a.entity_id = OLD.entity_id AND a.scope = 'entity' AND r.kind = 'administrator' AND u.is_active
                             AND a.user_id <> OLD.user_id)
                    THEN
                        RAISE EXCEPTION 'The last administrator of an entity stays.' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN OLD;
                """,
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scope="entity", cost_centre__isnull=True)
                | models.Q(scope="cost_centre", cost_centre__isnull=False),
                name="assignment_scope_is_stated",
            ),
            models.CheckConstraint(
                condition=models.Q(limit__isnull=True) | models.Q(limit__gt=0), name="assignment_limit_is_positive"
            ),
            models.UniqueConstraint(
                fields=["user", "role", "entity", "cost_centre"], nulls_distinct=False, name="assignment_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role}"
