"""A person's notices."""

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from core.models import Notice, User
from core.services.notices import notify


@pytest.fixture
def notice(controller: User) -> Notice:
    made = notify(person=controller, kind="test", subject="REQ-2026-0001 waits for you", key="one", url="/budgets/", level="act")
    assert made is not None
    return made


def test_a_notice_is_listed_and_opened_once_read(client: Client, controller: User, notice: Notice) -> None:
    client.force_login(controller)
    assert "REQ-2026-0001 waits for you" in client.get("/notices/?show=unread").content.decode()
    answer = client.post(f"/notices/{notice.pk}/open/")
    assert answer["Location"] == "/budgets/"
    notice.refresh_from_db()
    assert notice.read_at is not None
    assert "REQ-2026-0001" not in client.get("/notices/?show=unread").content.decode()
    assert "REQ-2026-0001" in client.get("/notices/").content.decode()


def test_looking_marks_nothing(client: Client, controller: User, notice: Notice) -> None:
    client.force_login(controller)
    client.get("/notices/")
    assert client.get(f"/notices/{notice.pk}/open/").status_code == 405
    notice.refresh_from_db()
    assert notice.read_at is None


def test_nobody_opens_the_notice_of_another(client: Client, outsider: User, notice: Notice) -> None:
    client.force_login(outsider)
    assert "REQ-2026-0001" not in client.get("/notices/").content.decode()
    assert client.post(f"/notices/{notice.pk}/open/").status_code == 404
    client.post("/notices/read/")
    notice.refresh_from_db()
    assert notice.read_at is None


def test_all_are_marked_read_at_once(client: Client, controller: User, notice: Notice) -> None:
    notify(person=controller, kind="test", subject="Another", key="two")
    client.force_login(controller)
    client.post("/notices/read/")
    assert not Notice.objects.filter(person=controller, read_at__isnull=True).exists()


def test_an_address_elsewhere_is_not_followed(client: Client, controller: User) -> None:
    made = notify(person=controller, kind="test", subject="Odd", key="odd", url="https://elsewhere.example/")
    assert made is not None
    client.force_login(controller)
    assert client.post(f"/notices/{made.pk}/open/")["Location"] == "/notices/"


def test_an_empty_list_says_what_will_appear(client: Client, controller: User) -> None:
    client.force_login(controller)
    assert "Nothing yet." in client.get("/notices/").content.decode()


def test_the_page_asks_as_little_for_many_as_for_one(
    client: Client, controller: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(60):
        notify(person=controller, kind="test", subject=f"Notice {number}", key=str(number))
    client.force_login(controller)
    client.get("/notices/")
    with django_assert_max_num_queries(7):
        assert "1 to 50 of 60" in client.get("/notices/").content.decode()
