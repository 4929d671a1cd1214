"""Seeds of second factors, sealed under the installation's key: whoever reads the database alone makes no code of them."""

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from core.locks import lock_seeds
from core.rules.sealing import UnsealableError, is_current, is_sealed, seal, unseal
from core.selectors.factors import seed_of


@dataclass(frozen=True, slots=True)
class Sealed:
    """How many seeds there are, how many of them were sealed now, and how many no key opens."""

    seeds: int
    sealed: int
    unreadable: int


@transaction.atomic
def seal_factors() -> Sealed:
    """Seal every seed under the first key that holds, those in the open and those under an earlier key. Safe to run again."""
    keys = settings.FACTOR_KEYS
    seeds = sealed = unreadable = 0
    for row in lock_seeds():
        name, kept = seed_of(row)
        seeds += 1
        if is_current(kept, keys):
            continue
        try:
            text = unseal(kept, keys) if is_sealed(kept) else kept
        except UnsealableError:
            unreadable += 1
            continue
        row.data = row.data | {name: seal(text, keys)}
        row.save(update_fields=["data"])
        sealed += 1
    return Sealed(seeds, sealed, unreadable)
