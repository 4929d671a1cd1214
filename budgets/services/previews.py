"""What loading a budget file would do: done in a transaction, read, and undone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from budgets.models import Budget, BudgetVersion
from budgets.rules.document import parse
from budgets.selectors.band_differences import BandChange
from budgets.selectors.band_statements import last_band_id
from budgets.selectors.differences import Difference, difference_between
from budgets.services.bands import bands_stated_anew
from budgets.services.budgets import LoadResult, load_document
from budgets.services.restating import bands_of
from core.models import User


@dataclass(frozen=True, slots=True)
class Preview:
    """The result as it would be, and how it differs from the version in force. `base_id` is that version, 0 for none.

    `band_id` is the band of the budget that was stated last, 0 for none. `bands` are the estimate bands that it states otherwise
    than they are stated, also where they wait with it to be signed.
    """

    result: LoadResult
    difference: Difference
    base_id: int
    band_id: int
    bands: list[BandChange]


def base_of(budget_code: str) -> int:
    """Return the id of the version in force of the budget with this code, 0 where there is none."""
    found = BudgetVersion.objects.filter(budget__code=budget_code, state=BudgetVersion.State.IN_FORCE).first()
    return found.pk if found else 0


def preview_document(
    *, document: Mapping[str, Any], actor: User, source_name: str, entity_code: str, since: date | None = None
) -> Preview:
    """Return what loading the file would do, refusals included; nothing of it stays. Raises what `load_document` raises."""
    part = document.get("budget")
    code = str(part.get("code", "")) if isinstance(part, Mapping) else ""
    with transaction.atomic():
        base_id = base_of(code)
        band_id = last_band_id(code)
        known = Budget.objects.filter(code=code).exists()
        result = load_document(document=document, actor=actor, source_name=source_name, entity_code=entity_code, since=since)
        difference = difference_between(base_id, result.version.pk, is_new=not known)
        stated = [] if result.unchanged else bands_of(result.budget, parse(document))
        bands = bands_stated_anew(budget=result.budget, stated=stated, last_id=band_id)
        transaction.set_rollback(True)
    return Preview(result, difference, base_id, band_id, bands)
