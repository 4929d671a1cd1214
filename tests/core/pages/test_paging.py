"""Pages of long lists: counted as far as it is worth it."""

import pytest

from core import paging
from core.models import User
from core.paging import LongPaginator, count_of, counted
from tests.factories.core import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST", 3)


@pytest.mark.parametrize(("there", "found"), [(0, 0), (3, 3), (4, 4), (9, 4)])
def test_rows_are_counted_as_far_as_it_is_worth_it(there: int, found: int) -> None:
    UserFactory.create_batch(there)
    asker = UserFactory.create()
    others = User.objects.exclude(pk=asker.pk)

    assert counted(others) == found
    assert User.objects.filter(pk=asker.pk).values_list(count_of(others), flat=True).get() == found


def test_pages_hold_the_first_and_say_that_there_are_more() -> None:
    UserFactory.create_batch(4)
    pages = LongPaginator(User.objects.order_by("pk"), 2)

    assert (pages.count, pages.num_pages, pages.is_more) == (3, 2, True)
    assert pages.get_page("7").number == 2
    assert not LongPaginator(User.objects.order_by("pk")[:3], 2, known=3).is_more
