"""Two people state a band, a tag key, or define an attribute at the same moment: the damage without the lock, then the cure."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError

from budgets.models import Attribute, EstimateBand, TagKey
from budgets.selectors.band_statements import BandData, PartData
from budgets.services import attributes, bands, tag_terms
from budgets.services.attributes import AttributeData, define_attribute
from budgets.services.bands import state_band
from budgets.services.tag_terms import KeyData, state_tag_key
from core.errors import InvalidInput
from core.models import AuditRecord, User
from tests.factories.budgets import JANUARY
from tests.fixtures.budgets import SmallBudget
from tests.races.test_decisions import _errors, at_once

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def without_lock(monkeypatch: pytest.MonkeyPatch, module: Any, last_look: str) -> Iterator[None]:
    """Take the lock away, and let both have looked at what is there before either goes on."""
    met, look = threading.Barrier(2), getattr(module, last_look)

    def look_together(*args: Any, **more: Any) -> Any:
        found = look(*args, **more)
        met.wait(timeout=20)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(module, "lock_key", lambda key: None)
        patch.setattr(module, last_look, look_together)
        yield


def two_bands(small: SmallBudget, actor: User) -> list[Callable[[], Any]]:
    def state(high: int) -> EstimateBand:
        data = BandData(JANUARY, (PartData(small.categories["software"], Decimal(900), Decimal(high)),))
        return state_band(budget=small.budget, cost_centre=small.parent, data=data, actor=actor)

    return [lambda: state(1000), lambda: state(1100)]


def two_keys(small: SmallBudget, actor: User) -> list[Callable[[], Any]]:
    def state(note: str) -> TagKey:
        return state_tag_key(entity=small.entity, data=KeyData("Team", JANUARY, "text", note=note), actor=actor)

    return [lambda: state("One."), lambda: state("Two.")]


def two_attributes(small: SmallBudget, actor: User) -> list[Callable[[], Any]]:
    def define(name: str) -> Attribute:
        data = AttributeData(name, "text", JANUARY, kind="budget", code="region")
        return define_attribute(entity=small.entity, data=data, actor=actor)

    return [lambda: define("Region"), lambda: define("Area")]


def test_two_bands_at_once_without_the_lock_run_into_the_wall(
    small_budget: SmallBudget, controller: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with without_lock(monkeypatch, bands, "latest_band"):
        outcomes = at_once(*two_bands(small_budget, controller))
    assert [issubclass(each, DatabaseError) for each in _errors(outcomes)] == [True]
    assert EstimateBand.objects.count() == AuditRecord.objects.filter(verb="band.stated").count() == 1


def test_two_bands_at_once_follow_one_another(small_budget: SmallBudget, controller: User) -> None:
    outcomes = at_once(*two_bands(small_budget, controller))
    assert _errors(outcomes) == []
    assert sorted(EstimateBand.objects.values_list("number", flat=True)) == [1, 2]
    assert AuditRecord.objects.filter(verb="band.stated").count() == 2


def test_two_statements_of_a_tag_key_at_once_without_the_lock_run_into_the_wall(
    small_budget: SmallBudget, controller: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with without_lock(monkeypatch, tag_terms, "_check_key"):
        outcomes = at_once(*two_keys(small_budget, controller))
    assert [issubclass(each, DatabaseError) for each in _errors(outcomes)] == [True]
    assert TagKey.objects.count() == AuditRecord.objects.filter(verb="tag_key.stated").count() == 1


def test_two_statements_of_a_tag_key_at_once_follow_one_another(small_budget: SmallBudget, controller: User) -> None:
    outcomes = at_once(*two_keys(small_budget, controller))
    assert _errors(outcomes) == []
    assert sorted(TagKey.objects.values_list("number", flat=True)) == [1, 2]


def test_one_attribute_defined_twice_at_once_without_the_lock_runs_into_the_wall(
    small_budget: SmallBudget, controller: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with without_lock(monkeypatch, attributes, "_refuse"):
        outcomes = at_once(*two_attributes(small_budget, controller))
    assert _errors(outcomes) == [IntegrityError]
    assert Attribute.objects.count() == 1


def test_one_attribute_defined_twice_at_once_is_refused_by_its_code(small_budget: SmallBudget, controller: User) -> None:
    outcomes = at_once(*two_attributes(small_budget, controller))
    assert _errors(outcomes) == [InvalidInput]
    [refused] = [each for each in outcomes if isinstance(each, InvalidInput)]
    assert "code" in refused.details
    assert Attribute.objects.count() == AuditRecord.objects.filter(verb="attribute.defined").count() == 1
