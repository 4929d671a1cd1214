import pgtrigger
from django.conf import settings
from django.db import models

from core import clock

# What is signed is what stands: the digest is reckoned by the database, over all that the version plans and states.
OF_WHAT_STANDS = """
    IF NOT EXISTS (
        SELECT FROM budgets_budgetversion v
        WHERE v.id = NEW.version_id AND v.state IN ('draft', 'scheduled') AND budgets_version_digest(v.id) = NEW.digest)
    THEN
        RAISE EXCEPTION 'A version is signed as it stands, before it is in force.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""


class VersionSignOff(models.Model):
    """One side's signature under a version, as it stood: with other amounts, it is under nothing. None is changed."""

    class Side(models.TextChoices):
        OWNER = "owner", "the budget's owner"
        FINANCE = "finance", "finance"

    version = models.ForeignKey("budgets.BudgetVersion", on_delete=models.PROTECT, related_name="sign_offs")
    side = models.CharField(max_length=10, choices=Side)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(side__in=["owner", "finance"]), name="sign_off_side_is_known"),
            models.UniqueConstraint(fields=["version", "digest", "side"], name="sign_off_once_a_side"),
            models.UniqueConstraint(fields=["version", "digest", "person"], name="sign_off_nobody_for_both"),
        ]
        triggers = [
            pgtrigger.Protect(name="sign_offs_stay", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(name="of_what_stands", when=pgtrigger.After, operation=pgtrigger.Insert, func=OF_WHAT_STANDS),
        ]

    def __str__(self) -> str:
        return f"{self.version}, {self.get_side_display()}"
