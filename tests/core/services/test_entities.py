"""Entities, and the person in whose name Purser itself acts."""

import pytest
from django.db import OperationalError

from core.models import User
from core.services.entities import system_person

pytestmark = pytest.mark.django_db


def test_the_system_person_is_made_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: User, **more: object) -> None:
        raise OperationalError("the connection is gone")

    with monkeypatch.context() as broken:
        # What marks it as somebody who cannot sign in fails.
        broken.setattr(User, "set_unusable_password", fail)
        with pytest.raises(OperationalError):
            system_person()
    assert User.objects.count() == 0
    assert not system_person().has_usable_password()
