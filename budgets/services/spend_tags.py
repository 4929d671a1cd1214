"""What spend bears: as it comes in, as rules set it, and as people correct it. Each is a row; none is changed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction

from budgets.locks import lock_key
from budgets.models import FundsAccount, SpendItem, SpendTag
from budgets.rules.months import first_of
from budgets.rules.tags import LONGEST_VALUE, Known, RuleTerms, SpendFacts, set_by_rules, wrong_value
from budgets.selectors.spend_tags import MOST_ROWS, SpendRow, rows_of, tags_of, threads_of
from budgets.selectors.tags import keys_held, known_in, rules_held, terms_of_key, terms_of_rule
from core import clock
from core.errors import InvalidInput, NotFound
from core.models import Entity, User
from core.services import audit

MOST_AT_ONCE = 500
LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class ItemData:
    """An item of spend as it comes in: its thread, its account and month, what is known of it, and the tags it states."""

    thread: str
    account_id: int
    month: date
    source: str = ""
    vendor: str = ""
    service: str = ""
    resource: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def note_spend(*, entity: Entity, items: Sequence[ItemData]) -> None:
    """Keep what is known of spend as it comes in, with the tags it states; then rules set what is missing.

    A thread that was noted before keeps what was noted, and gets the tags of which nothing was said yet.
    """
    if not items:
        return
    made = [
        SpendItem(
            entity=entity,
            thread=each.thread,
            source=each.source[:60],
            vendor=each.vendor[:300],
            service=each.service[:300],
            resource=each.resource[:300],
        )
        for each in items
    ]
    SpendItem.objects.bulk_create(made, ignore_conflicts=True)
    noted = {row.thread: row for row in SpendItem.objects.filter(entity=entity, thread__in=[each.thread for each in items])}
    by_month: dict[date, list[tuple[SpendItem, SpendFacts, Mapping[str, str]]]] = defaultdict(list)
    accounts = _accounts(each.account_id for each in items)
    for each in items:
        facts = _facts(noted[each.thread], accounts[each.account_id])
        by_month[first_of(each.month)].append((noted[each.thread], facts, each.tags))
    for month, rows in by_month.items():
        rules = [terms_of_rule(rule) for rule in rules_held(entity, month)]
        _say_first(rows, rules)


def _accounts(ids: Iterable[int]) -> dict[int, FundsAccount]:
    return FundsAccount.objects.select_related("budget", "cost_centre", "category").in_bulk(set(ids))


def _facts(item: SpendItem, account: FundsAccount) -> SpendFacts:
    return SpendFacts(
        source=item.source,
        vendor=item.vendor,
        service=item.service,
        resource=item.resource,
        category_path=account.category.path,
        cost_centre_path=account.cost_centre.path,
        cost_centre=account.cost_centre.code,
        budget=account.budget.code,
    )


def _say_first(rows: Sequence[tuple[SpendItem, SpendFacts, Mapping[str, str]]], rules: Sequence[RuleTerms]) -> int:
    """Write the tags that items state, and those that rules set where nothing is said; return how many rules set."""
    said = tags_of([item.pk for item, _, _ in rows], also_blank=True)
    now, tags, count = clock.now(), [], 0
    for item, facts, stated in rows:
        taken = set(said.get(item.pk, {}))
        for key, value in stated.items():
            if value and key not in taken:
                tags.append(SpendTag(item=item, key=key, value=value[:LONGEST_VALUE], origin="stated", set_at=now))
                taken.add(key)
        for key, (value, rule_id) in set_by_rules(facts, rules, taken=taken).items():
            tags.append(SpendTag(item=item, key=key, value=value, origin="rule", rule_id=rule_id, set_at=now))
            count += 1
    SpendTag.objects.bulk_create(tags, batch_size=2000)
    return count


@transaction.atomic
def add_tags(*, entity: Entity, threads: Sequence[str], tags: Mapping[str, str]) -> int:
    """Let noted spend, by its threads, bear tags of which nothing was said of it yet; return how many. What was said stays."""
    items = list(SpendItem.objects.filter(entity=entity, thread__in=threads).order_by("pk"))
    said = tags_of([item.pk for item in items], also_blank=True)
    now = clock.now()
    rows = [
        SpendTag(item=item, key=key, value=value[:LONGEST_VALUE], origin="stated", set_at=now)
        for item in items
        for key, value in tags.items()
        if value and key not in said.get(item.pk, {})
    ]
    SpendTag.objects.bulk_create(rows)
    return len(rows)


@transaction.atomic
def set_spend_tags(
    *, entity: Entity, month: date, refs: Sequence[str], tags: Mapping[str, str], reason: str, actor: User
) -> list[SpendTag]:
    """Set tags on spend of a month, by its threads, for a reason that is kept. A blank value takes a tag away.

    What says the same already stays as it is. Raises InvalidInput naming the field, and NotFound for a thread without spend.
    """
    said = {key.strip().lower(): value.strip() for key, value in tags.items()}
    _check(entity, month, refs, said, reason)
    lock_key(f"tags:{entity.pk}")
    items = _noted(entity, rows_of(entity, month, month, refs=list(refs)), refs)
    stand = tags_of([item.pk for item in items])
    now = clock.now()
    rows = [
        SpendTag(item=item, key=key, value=value, origin="person", reason=reason.strip(), set_at=now, set_by=actor)
        for item in items
        for key, value in said.items()
        if stand.get(item.pk, {}).get(key, "") != value
    ]
    SpendTag.objects.bulk_create(rows)
    if rows:
        after = {
            "month": str(month),
            "tags": said,
            "reason": reason.strip(),
            "threads": [each.item.thread for each in rows][:200],
        }
        audit.record(actor=actor, verb="spend_tags.set", subject=rows[0].item, entity=entity, after=after)
    return rows


def _check(entity: Entity, month: date, refs: Sequence[str], said: Mapping[str, str], reason: str) -> None:
    wrong: dict[str, str] = {}
    held = {key.code: terms_of_key(key) for key in keys_held(entity, month)}
    known = known_in(entity, month) if held else Known()
    if not refs:
        wrong["rows"] = "Choose the spend that is meant."
    elif len(refs) > MOST_AT_ONCE:
        wrong["rows"] = f"Choose at most {MOST_AT_ONCE} at once, or make a rule of it."
    if not said:
        wrong["key"] = "Choose the tag."
    for key, value in said.items():
        if key not in held:
            wrong["key"] = f"{entity.name} has no tag {key} in {month:%B %Y}. Choose one from the list."
        elif value and (trouble := wrong_value(held[key], value, known)):
            wrong["value"] = trouble
    if not reason.strip():
        wrong["reason"] = "Say why, in a sentence."
    elif len(reason.strip()) > LONGEST_REASON:
        wrong["reason"] = f"Say it in at most {LONGEST_REASON} characters."
    if wrong:
        raise InvalidInput("No tag was set.", remedy=next(iter(wrong.values())), details=wrong)


def _noted(entity: Entity, found: Sequence[SpendRow], refs: Sequence[str]) -> list[SpendItem]:
    """Return the items of threads of spend; what was not noted as it came is noted now."""
    if missing := set(refs) - {row.thread for row in found}:
        raise NotFound(
            f"There is no spend {min(missing)[:80]} in this month.",
            remedy="Look at the list again; it may have been re-coded.",
        )
    new = [
        SpendItem(entity=entity, thread=row.thread, service=row.service[:300])
        for row in {row.thread: row for row in found if row.item_id is None}.values()
    ]
    SpendItem.objects.bulk_create(new, ignore_conflicts=True)
    return list(SpendItem.objects.filter(entity=entity, thread__in=threads_of(found)).order_by("pk"))


@transaction.atomic
def apply_tag_rules(*, entity: Entity, month: date, actor: User) -> int:
    """Let the rules that hold in a month set what is missing on its spend; return how many tags they set.

    What was set stays: a rule is never the second to speak. Raises InvalidInput where the month has more spend than fits at once.
    """
    lock_key(f"tags:{entity.pk}")
    rules = [terms_of_rule(rule) for rule in rules_held(entity, month)]
    found = rows_of(entity, month, month) if rules else []
    if len(found) > MOST_ROWS:
        raise InvalidInput(
            f"{month:%B %Y} has more than {MOST_ROWS:,} rows of spend.", remedy="State the rules before it comes in."
        )
    rows = {row.thread: row for row in found}
    items = _noted(entity, found, list(rows))
    accounts = _accounts(row.account_id for row in found)
    told = [(item, _facts(item, accounts[rows[item.thread].account_id]), dict[str, str]()) for item in items]
    count = _say_first(told, rules)
    after = {"month": str(month), "tags": count, "rules": [rule.pk for rule in rules]}
    audit.record(actor=actor, verb="tag_rules.applied", subject=entity, entity=entity, after=after)
    return count
