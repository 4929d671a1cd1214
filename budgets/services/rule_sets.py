"""Stating rule sets: checked against what is there before they are kept, and never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from budgets.locks import lock_key
from budgets.models import Category, CostCentre, RuleSet
from budgets.rules.rule_sets import PoolPart, RuleSetDocument, parse, without_share
from budgets.selectors.rule_sets import latest_of
from core import clock
from core.errors import InvalidInput
from core.models import Entity, User
from core.services import audit


@dataclass(frozen=True)
class Stated:
    """A version of a rule set, kept or as it would be. `unchanged`: it says what the one before says."""

    rules: RuleSet
    document: RuleSetDocument
    findings: list[str]
    unchanged: bool = False


@dataclass
class _Known:
    """The cost centres and categories that a rule set may name, by code."""

    centres: dict[str, CostCentre]
    categories: dict[str, Category]
    wrong: dict[str, str] = field(default_factory=dict)


@transaction.atomic
def state_rule_set(*, entity: Entity, document: Mapping[str, Any], actor: User, dry_run: bool = False) -> Stated:
    """State the next version of a rule set. What holds is the newest whose month has come; runs keep the one they were made by.

    Raises InvalidInput, whose details map each place to what is wrong there.
    """
    said = parse(document)
    lock_key(f"rule-set:{entity.pk}:{said.code}")
    known = _known(entity)
    _check(said, known)
    if known.wrong:
        shown = "; ".join(f"{place}: {sentence}" for place, sentence in list(known.wrong.items())[:5])
        raise InvalidInput(
            f"These rules cannot hold. {shown}.", remedy="Correct them, and state them again.", details=known.wrong
        )
    findings = [sentence for pool in said.pools for sentence in _findings(pool, known)]
    before = latest_of(entity, said.code)
    rules = RuleSet(
        entity=entity,
        code=said.code,
        name=said.name,
        number=before.number + 1 if before else 1,
        starts_on=said.starts_on,
        note=said.note,
        document=said.canonical(),
        findings=findings,
        stated_at=clock.now(),
        stated_by=actor,
    )
    if before is not None and before.document == rules.document:
        return Stated(before, said, findings, unchanged=True)
    if not dry_run:
        rules.save()
        after = {"code": rules.code, "number": rules.number, "starts_on": rules.starts_on.isoformat(), "findings": findings}
        audit.record(actor=actor, verb="rule_set.stated", subject=rules, entity=entity, after=after)
    return Stated(rules, said, findings)


def _known(entity: Entity) -> _Known:
    centres = {each.code: each for each in CostCentre.objects.filter(entity=entity)}
    return _Known(centres, {each.code: each for each in Category.objects.filter(entity=entity)})


def _check(said: RuleSetDocument, known: _Known) -> None:
    for pool in said.pools:
        at = f"pools.{pool.code}"
        _check_centre(known, f"{at}.collects", pool.collects.cost_centre)
        for code in pool.bearers:
            _check_centre(known, f"{at}.{pool.how}", code)
        _check_category(known, at, pool.lands_in)
        if pool.collects.category is not None:
            _check_category(known, at, pool.collects.category)
    if not known.wrong:
        _check_bearers(said, known)
        _check_overlap(said, known)


def _check_centre(known: _Known, place: str, code: str) -> None:
    centre = known.centres.get(code)
    if centre is None:
        known.wrong[place] = f"there is no cost centre {code}"
    elif not centre.is_active:
        known.wrong[place] = f"the cost centre {code} is not in use any more"


def _check_category(known: _Known, place: str, code: str) -> None:
    category = known.categories.get(code)
    if category is None:
        known.wrong[place] = f"there is no category {code}"
    elif not category.is_active:
        known.wrong[place] = f"the category {code} is not in use any more"


def _check_bearers(said: RuleSetDocument, known: _Known) -> None:
    """Who bears a pool does not lie in what it collects; with the method direct no pool is among those who bear."""
    pooled = {pool.collects.cost_centre for pool in said.pools}
    for pool in said.pools:
        top = known.centres[pool.collects.cost_centre].path
        for code in pool.bearers:
            if known.centres[code].path.startswith(top):
                known.wrong[f"pools.{pool.code}"] = f"{code} would bear what is collected from it"
            elif code in pooled and said.method == "direct":
                known.wrong[f"pools.{pool.code}"] = (
                    f"{code} is collected by another pool; use step-down or reciprocal, or leave it out"
                )


def _check_overlap(said: RuleSetDocument, known: _Known) -> None:
    """No spend is collected twice; and where pools serve one another, each is known by its own cost centre."""
    for index, pool in enumerate(said.pools):
        for other in said.pools[:index]:
            if _meet(pool, other, known):
                known.wrong[f"pools.{pool.code}"] = f"{other.code} collects some of the same spend"
            elif said.method != "direct" and pool.collects.cost_centre == other.collects.cost_centre:
                known.wrong[f"pools.{pool.code}"] = f"{other.code} has the same cost centre, so use by it cannot be told apart"


def _meet(pool: PoolPart, other: PoolPart, known: _Known) -> bool:
    first, second = (known.centres[each.collects.cost_centre].path for each in (pool, other))
    if not (first.startswith(second) or second.startswith(first)):
        return False
    codes = [each.collects.category for each in (pool, other)]
    if None in codes:
        return True
    one, two = (known.categories[code].path for code in codes if code is not None)
    return one.startswith(two) or two.startswith(one)


def _findings(pool: PoolPart, known: _Known) -> list[str]:
    names = {code: centre.name for code, centre in known.centres.items()}
    tag = pool.of_tag.name if pool.of_tag else ""
    return [f"{pool.name}: the tag value {value} for {tag} has no share." for value in without_share(pool, names)]
