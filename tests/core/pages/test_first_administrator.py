"""The first administrator comes by a one-time link, while nobody has signed in who could invite one."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.core.management import CommandError, call_command
from django.test import Client

from core import clock
from core.models import User
from core.services.first_administrator import FORMERLY, make_first_link

WANTED = {"name": "Administrator", "email": "first@example.org", "password": "a long and quiet evening"}


@pytest.fixture
def kept(tmp_path: Path, settings: Any, db: None) -> Path:
    settings.FIRST_ADMINISTRATOR_FILE = tmp_path / "first_administrator"
    return tmp_path / "first_administrator"


def command() -> str:
    said = StringIO()
    call_command("first_administrator", stdout=said)
    return said.getvalue().split()[0].removeprefix("http://127.0.0.1:8000")


@pytest.mark.django_db(transaction=True)
def test_the_link_makes_an_administrator_who_is_signed_in_and_then_it_is_gone(kept: Path) -> None:
    link = command()
    assert kept.exists()
    client = Client()
    assert "You become the first administrator" in client.get(link).content.decode()
    assert client.post(link, WANTED)["Location"] == "/account/"
    person = User.objects.get(email=WANTED["email"])
    assert client.session[SESSION_KEY] == str(person.pk)
    assert person.is_superuser
    assert client.get("/people/").status_code == 200
    assert client.get("/admin/").status_code == 200
    assert not kept.exists()
    assert Client().get(link).status_code == 404
    assert Client().post(link, WANTED | {"email": "second@example.org"}).status_code == 404
    with pytest.raises(CommandError, match="has signed in already"):
        command()


def test_a_new_link_voids_the_one_before_and_each_lapses(kept: Path) -> None:
    first, second = command(), command()
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    with clock.at(clock.now() + timedelta(hours=73)):
        assert Client().post(second, WANTED).status_code == 404
    assert not User.objects.filter(is_superuser=True).exists()


def test_the_password_of_earlier_versions_opens_nothing_any_more(kept: Path) -> None:
    former = User.objects.create_superuser(email=FORMERLY, password="from a file somewhere", name="Administrator")
    assert Client().post(command(), WANTED).status_code == 302
    former.refresh_from_db()
    assert not former.is_active


@pytest.mark.parametrize("wrong", [{"email": "x"}, {"password": "12345678"}, {"name": ""}, {"email": "taken@example.org"}])
def test_bad_input_is_said_and_the_link_still_holds(kept: Path, wrong: dict[str, str]) -> None:
    User.objects.create_user("taken@example.org", None, name="Taken")
    link = f"/first-administrator/{make_first_link()}/"
    assert Client().post(link, WANTED | wrong).status_code == 422
    assert not User.objects.filter(is_superuser=True).exists()
    assert Client().get(link).status_code == 200
