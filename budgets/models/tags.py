"""Tags: what an organization asks its spend to bear, rules that set it, and what each item of spend bears.

Keys, rules and targets are statements: never changed, the next one follows. What an item bears is a row a tag; a correction is
the next row of its key, and the last one counts.
"""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from core import clock

NAME = r"^[A-Za-z][A-Za-z0-9_-]{0,39}$"

_FOLLOWS = """
    IF NEW.number <> 1 + coalesce(
        (SELECT max(s.number) FROM {table} s WHERE s.entity_id = NEW.entity_id{same}), 0)
    THEN
        RAISE EXCEPTION 'Statements are numbered one after another.' USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT FROM {table} s WHERE s.entity_id = NEW.entity_id{same} AND s.starts_on > NEW.starts_on)
    THEN
        RAISE EXCEPTION 'A statement begins no earlier than the one before it.' USING ERRCODE = 'check_violation';
    END IF;
"""
_SAME_CODE = " AND s.code = NEW.code"

_SAME_NAME = """
    IF EXISTS (
        SELECT FROM budgets_tagkey s WHERE s.entity_id = NEW.entity_id AND s.code = NEW.code AND s.name <> NEW.name)
    THEN
        RAISE EXCEPTION 'A key keeps its name.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""

_OF_THE_ENTITY = """
    IF EXISTS (SELECT FROM budgets_category c WHERE c.id = NEW.category_id AND c.entity_id <> NEW.entity_id)
       OR EXISTS (SELECT FROM budgets_costcentre c WHERE c.id = NEW.cost_centre_id AND c.entity_id <> NEW.entity_id)
    THEN
        RAISE EXCEPTION 'A rule looks for what its organization has.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""

# What came with the spend, and what a rule sets, is the first word on a key; after it only people speak.
_FIRST_WORD = """
    IF NEW.origin <> 'person'
       AND EXISTS (SELECT FROM budgets_spendtag t WHERE t.item_id = NEW.item_id AND t.key = NEW.key)
    THEN
        RAISE EXCEPTION 'Something is said of this tag already.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.rule_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM budgets_tagrule r JOIN budgets_spenditem i ON i.entity_id = r.entity_id
         WHERE r.id = NEW.rule_id AND i.id = NEW.item_id)
    THEN
        RAISE EXCEPTION 'The rule is of another organization.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


def _follows(table: str, *, same: str = _SAME_CODE, more: str = "    RETURN NEW;\n") -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=f"{table.removeprefix('budgets_')}s_follow",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=_FOLLOWS.format(table=table, same=same) + more,
    )


class TagKey(models.Model):
    """A statement of a key: whether spend must bear it, with which values. Of a code the newest whose month has come holds."""

    class Allows(models.TextChoices):
        LIST = "list", "one of a list"
        EMAIL = "email", "an e-mail address at the company's domain"
        VERSION = "version", "a version number"
        COST_CENTRE = "cost_centre", "a cost centre's code"
        BUDGET = "budget", "the code of a budget of the month"
        TEXT = "text", "free text"

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="tag_keys")
    name = models.CharField(max_length=40, help_text="As it is written; a key keeps its name.")
    code = models.CharField(max_length=40, editable=False, help_text="The name in small letters.")
    number = models.PositiveIntegerField(help_text="How many were stated for the key, this one included.")
    starts_on = models.DateField(help_text="The first day of the first month that it holds for.")
    is_mandatory = models.BooleanField(default=False)
    allows = models.CharField(max_length=20, choices=Allows)
    values = models.JSONField(default=list, help_text="With a list its values, with an e-mail address the domains.")
    pattern = models.CharField(
        max_length=60, blank=True, help_text="With free text: # a digit, @ a letter, ? either, * anything; all else as it stands."
    )
    is_archived = models.BooleanField(default=False, help_text="From its month on the key is not used any more.")
    note = models.CharField(max_length=300, blank=True)
    stated_at = models.DateTimeField(default=clock.now, editable=False)
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["entity", "code", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "code", "number"], name="tag_key_number_once"),
            models.CheckConstraint(condition=Q(name__regex=NAME), name="tag_key_name_is_plain"),
            models.CheckConstraint(condition=Q(code=Lower(F("name"))), name="tag_key_code_is_its_name"),
            models.CheckConstraint(condition=Q(starts_on__day=1), name="tag_key_starts_on_the_first"),
            models.CheckConstraint(
                condition=Q(allows__in=["list", "email", "version", "cost_centre", "budget", "text"]),
                name="tag_key_allows_is_known",
            ),
            models.CheckConstraint(
                condition=(Q(allows__in=["list", "email"]) & ~Q(values=[])) | (~Q(allows__in=["list", "email"]) & Q(values=[])),
                name="tag_key_states_its_values",
            ),
            models.CheckConstraint(condition=Q(allows="text") | Q(pattern=""), name="tag_key_pattern_is_of_text"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="tag_keys_stay_as_stated"),
            pgtrigger.Protect(name="tag_keys_stay", operation=pgtrigger.Delete),
            _follows("budgets_tagkey", more=_SAME_NAME),
        ]

    def __str__(self) -> str:
        return self.name


class TagRule(models.Model):
    """A statement of a rule: spend that it fits gets its tags, where nothing is said of them yet. Blank parts fit anything."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="tag_rules")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=200)
    number = models.PositiveIntegerField(help_text="How many were stated for the rule, this one included.")
    position = models.PositiveSmallIntegerField(help_text="Rules go in this order; the first that sets a key has it.")
    starts_on = models.DateField(help_text="The first day of the first month that it holds for.")
    source = models.CharField(max_length=60, blank=True, help_text="The code of the source the spend came from.")
    vendor = models.CharField(max_length=100, blank=True, help_text="A vendor's name; * stands for anything.")
    service = models.CharField(max_length=100, blank=True, help_text="A service or description; * stands for anything.")
    resource = models.CharField(max_length=100, blank=True, help_text="A resource's name; * stands for anything.")
    category = models.ForeignKey("budgets.Category", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    cost_centre = models.ForeignKey("budgets.CostCentre", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    sets = models.JSONField(
        help_text="Values by key. {cost_centre}, {budget}, {resource}, {service} and {vendor} are the spend's own."
    )
    is_off = models.BooleanField(default=False, help_text="From its month on the rule sets nothing.")
    stated_at = models.DateTimeField(default=clock.now, editable=False)
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["entity", "code", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "code", "number"], name="tag_rule_number_once"),
            models.CheckConstraint(condition=Q(starts_on__day=1), name="tag_rule_starts_on_the_first"),
            models.CheckConstraint(condition=~Q(sets={}), name="tag_rule_sets_something"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="tag_rules_stay_as_stated"),
            pgtrigger.Protect(name="tag_rules_stay", operation=pgtrigger.Delete),
            _follows("budgets_tagrule", more=_OF_THE_ENTITY),
        ]

    def __str__(self) -> str:
        return self.name


class TagTarget(models.Model):
    """A statement of how much of the spend shall bear its tags. The newest whose month has come holds."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="tag_targets")
    number = models.PositiveIntegerField()
    starts_on = models.DateField()
    percent = models.DecimalField(max_digits=5, decimal_places=2)
    stated_at = models.DateTimeField(default=clock.now, editable=False)
    stated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["entity", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "number"], name="tag_target_number_once"),
            models.CheckConstraint(condition=Q(starts_on__day=1), name="tag_target_starts_on_the_first"),
            models.CheckConstraint(condition=Q(percent__gte=0, percent__lte=100), name="tag_target_is_of_a_whole"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="tag_targets_stay_as_stated"),
            pgtrigger.Protect(name="tag_targets_stay", operation=pgtrigger.Delete),
            _follows("budgets_tagtarget", same=""),
        ]

    def __str__(self) -> str:
        return f"{self.percent} %"


class SpendItem(models.Model):
    """What tags hang on: one thread of spend in the ledger, and what is known of it beside its account."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="spend_items")
    thread = models.CharField(max_length=80, help_text="The thread of its entries in the ledger.")
    source = models.CharField(max_length=60, blank=True, help_text="The code of the source it came from.")
    vendor = models.CharField(max_length=300, blank=True)
    service = models.CharField(max_length=300, blank=True, help_text="The service, or what the line says it is for.")
    resource = models.CharField(max_length=300, blank=True)
    noted_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["entity", "thread"], name="spend_item_once"),
            models.CheckConstraint(condition=~Q(thread=""), name="spend_item_has_its_thread"),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="spend_items_stay_as_noted"),
            pgtrigger.Protect(name="spend_items_stay", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return " · ".join(filter(None, (self.vendor, self.service, self.resource))) or self.thread


class SpendTag(models.Model):
    """What was said of a tag of an item. Written once; of a key the last row counts, and a blank value takes the tag away."""

    class Origin(models.TextChoices):
        STATED = "stated", "came with it"
        RULE = "rule", "set by a rule"
        PERSON = "person", "set by a person"

    item = models.ForeignKey(SpendItem, on_delete=models.PROTECT, related_name="tags")
    key = models.CharField(max_length=40)
    value = models.CharField(max_length=200, blank=True)
    origin = models.CharField(max_length=10, choices=Origin)
    rule = models.ForeignKey(TagRule, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    set_at = models.DateTimeField(default=clock.now, editable=False)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["item", "key"], condition=~Q(origin="person"), name="spend_tag_first_word_once"),
            models.CheckConstraint(condition=Q(key__regex=r"^[a-z][a-z0-9_-]{0,39}$"), name="spend_tag_key_is_plain"),
            models.CheckConstraint(
                condition=Q(origin="rule", rule__isnull=False) | (Q(origin__in=["stated", "person"]) & Q(rule__isnull=True)),
                name="spend_tag_by_a_rule_names_it",
            ),
            models.CheckConstraint(
                condition=~Q(origin="person") | (Q(set_by__isnull=False) & ~Q(reason="")), name="spend_tag_by_a_person_says_why"
            ),
            models.CheckConstraint(condition=Q(origin="person") | ~Q(value=""), name="spend_tag_is_taken_away_by_a_person"),
        ]
        indexes = [models.Index(fields=["item", "key", "-id"], name="spend_tags_of_item")]
        triggers = [
            pgtrigger.ReadOnly(name="spend_tags_stay_as_set"),
            pgtrigger.Protect(name="spend_tags_stay", operation=pgtrigger.Delete),
            pgtrigger.Trigger(name="spend_tags_in_order", when=pgtrigger.Before, operation=pgtrigger.Insert, func=_FIRST_WORD),
        ]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"
