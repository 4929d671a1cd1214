"""Signs of life, left by what runs by itself and read by what watches over it."""

from core import clock
from core.models import Sign


def leave_sign(*, name: str, is_well: bool = True, said: str = "") -> None:
    """Note that `name` ran just now, whether it went well, and what it says; the sign before it is gone."""
    row = Sign(name=name, at=clock.now(), is_well=is_well, said=said[:400])
    Sign.objects.bulk_create([row], update_conflicts=True, unique_fields=["name"], update_fields=["at", "is_well", "said"])
