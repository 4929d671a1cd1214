"""S8: the lock on the door, new keys for sessions, second factors, an end at once, and a strict content policy on every page.

The bugs that are planted: a session keeps its key when its person's rights change, and a page carries an inline script.
"""

import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import override_settings

from core import clock
from core.models import Role, SignInTally, User
from core.services import assignments, invitations, people, sessions, tokens
from core.services.first_administrator import make_first_link
from core.services.invitations import WantedRole, _token
from demo.telling import tell
from tests.factories.core import UserFactory, assign
from tests.measures.harness import Outcome, Setting
from tests.trust.pages import Found, chromium, complaints_of, find_pages, served
from tests.trust.scenarios.ground import Ground, lay

ID = "S8"
NAME = "who signs in, and what a page may run"
PASSWORD = "correct horse 9 battery"
QUIET = {
    "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
}
# Which sample of the pages is opened at the small size; the page with the planted script is always among them.
SEED, WITH_SCRIPT = 8, "core:notices"


class InlineScript:
    """The planted bug: one page carries a script of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path == "/notices/":
            response.content = response.content.replace(b"</main>", b"<script>window.planted = 1</script></main>")
        return response


def run(setting: Setting, *, planted: bool) -> Outcome:
    """Try the door, the sessions, the factors and the tokens; then open the pages in Chromium."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with setting.database("s08") as _, override_settings(**QUIET), _bugs(planted=planted):
        if setting.size == "full":
            tell(present=clock.now())
        ground = lay()
        wrong = {
            "guesses_beyond_the_limit": _lock_out(setting.pick(small=16, full=48)),
            "stale_keys_that_opened": _stale_keys(ground, setting.pick(small=3, full=20)),
            "opened_without_the_factor": _without_factor(ground),
            "answered_after_the_end": _after_the_end(ground),
        }
        pages, complaints = _pages(setting, ground)
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")
    figures = {**wrong, "pages_opened": pages[0], "pages_found": pages[1], "addresses_unopened": pages[2], "policy": complaints}
    if planted:
        # Each of the two must be seen: one unseen, and the measure says that all is well.
        return Outcome(not (wrong["stale_keys_that_opened"] and complaints), figures)
    return Outcome(not any(wrong.values()) and not complaints and pages[0] >= setting.pick(small=12, full=40), figures)


@contextmanager
def _bugs(*, planted: bool) -> Iterator[None]:
    with ExitStack() as bugs:
        if planted:
            bugs.enter_context(patch("core.session_life.rotate_session", lambda **_: None))
            middleware = [*settings.MIDDLEWARE, "tests.trust.s08_sign_in.InlineScript"]
            bugs.enter_context(override_settings(MIDDLEWARE=middleware))
        yield


def _person(email: str) -> User:
    return people.add_person(email=email, name=email.partition("@")[0], password=PASSWORD, actor=None)


def _sign_in(person: User, password: str = PASSWORD) -> tuple[Client, str]:
    client = Client()
    answer = client.post("/sign-in/", {"login": person.email, "password": password})
    return client, answer.content.decode()


def _is_in(client: Client) -> bool:
    return client.get("/notices/").status_code == 200


def _lock_out(tries: int) -> int:
    """Guess side by side, at an account that is there and one that is not; return how many guesses too many were looked at."""
    person, limit = _person("guessed@example.org"), settings.LOCK_AFTER
    beyond, told = 0, []
    for email in (person.email, "nobody@example.org"):
        SignInTally.objects.all().delete()
        barrier = threading.Barrier(tries)
        with ThreadPoolExecutor(tries) as pool:
            answers = list(pool.map(lambda _, email=email, barrier=barrier: _guess(email, barrier), range(tries)))
        beyond += max(sum("No active account" in text for text in answers) - limit, 0)
        told.append(re.sub(r"\d+", "", next(iter(re.findall(r"Too many attempts[^<]*", "".join(answers))), "")))
        beyond += _is_in(_sign_in(person)[0]) if email == person.email else 0
    SignInTally.objects.all().delete()
    return beyond + (told[0] != told[1] or not told[0])


def _guess(email: str, barrier: threading.Barrier) -> str:
    try:
        barrier.wait()
        return Client().post("/sign-in/", {"login": email, "password": "wrong"}).content.decode()
    finally:
        connection.close()


def _stale_keys(ground: Ground, rounds: int) -> int:
    """Change rights and password, and return how many of the keys of before still open a page."""
    opened = 0
    for number in range(rounds):
        person = _person(f"rotated-{number}@example.org")
        client, _ = _sign_in(person)
        assert _is_in(client)
        keys = [str(client.session.session_key)]
        role = Role.objects.get(code="finance")
        assignments.assign_role(person=person, role=role, entity=ground.entity, actor=None)
        assert _is_in(client)
        keys.append(str(client.session.session_key))
        new = "another quiet evening"
        client.post("/account/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
        opened += sum(_opens(key) for key in keys if key != client.session.session_key) + (keys[0] == keys[1])
    return opened


def _opens(key: str) -> bool:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    return _is_in(client)


def _without_factor(ground: Ground) -> int:
    """Return how often less than password and fresh code let somebody in, and how often a required factor was passed by."""
    person, secret = _person("factor@example.org"), generate_totp_secret()
    TOTP.activate(person, secret)
    client, _ = _sign_in(person)
    passed = int(_is_in(client))
    client.post("/account/second-factor/authenticate/", {"code": "000000"})
    passed += _is_in(client)
    code = str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
    client.post("/account/second-factor/authenticate/", {"code": code})
    assert _is_in(client), "The right code opens."
    again, _ = _sign_in(person)
    again.post("/account/second-factor/authenticate/", {"code": code})
    passed += _is_in(again)
    required = _person("required@example.org")
    assign(required, "finance", ground.entity, kind="finance")
    with override_settings(REQUIRE_MFA=frozenset({"finance"})):
        passed += _is_in(_sign_in(required)[0])
    return passed


def _after_the_end(ground: Ground) -> int:
    """End sessions and a token, and return how many were still answered."""
    person = _person("ended@example.org")
    assign(person, "finance", ground.entity, kind="finance")
    answered = 0
    for end in (
        lambda: sessions.end_sessions(person=person, actor=person),
        lambda: _leave(person, ground.finance),
    ):
        client, _ = _sign_in(person)
        assert _is_in(client)
        end()
        answered += _is_in(client)
    User.objects.filter(pk=person.pk).update(is_active=True)
    return answered + _token_after_the_end(User.objects.get(pk=person.pk))


def _leave(person: User, actor: User) -> None:
    left = User.objects.get(pk=person.pk)
    left.is_active = False
    people.change_person(person=left, actor=actor)


def _token_after_the_end(person: User) -> int:
    token, secret = tokens.make_token(owner=person, name="A program", scopes=["budgets:read"])
    headers = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/budgets", headers=headers).status_code == 200, "The token opens."
    tokens.revoke_token(token_id=token.pk, actor=person)
    return int(Client().get("/api/v1/budgets", headers=headers).status_code != 401)


def _pages(setting: Setting, ground: Ground) -> tuple[tuple[int, int, list[str]], dict[str, list[str]]]:
    """Find the pages, open them, and return how many were opened and found, which addresses opened to nobody, and complaints."""
    found = _find(setting, ground)
    chosen = [found.pages[name] for name in sorted(found.pages)]
    if setting.size != "full":
        chosen = random.Random(SEED).sample(chosen, 14)
        chosen += [found.pages[WITH_SCRIPT]] * (found.pages[WITH_SCRIPT] not in chosen)
    with served() as base, chromium() as browser:
        complaints = complaints_of(browser, base, chosen)
    return (len(chosen), len(found.pages), [name for name in found.unopened if not name.startswith("admin:")]), complaints


def _find(setting: Setting, ground: Ground) -> Found:
    ground.submitted()
    ground.approved()
    administrator = UserFactory.create(email="administrator@example.org", name="Administrator", is_staff=True)
    assign(administrator, "administrator", ground.entity, kind="administrator")
    wanted = [WantedRole(Role.objects.get(code="finance"), ground.entity)]
    invited = invitations.invite(email="new@example.org", name="New", roles=wanted, actor=administrator)
    starts = [
        f"/invitations/{_token(invited.email, invited.invited_at, 1)}/",
        f"/first-administrator/{make_first_link()}/",
    ]
    superuser = UserFactory.create(email="super@example.org", name="Superuser", is_staff=True, is_superuser=True)
    own: list[User] = [administrator, ground.finance, ground.requester, ground.approver]
    told = list(User.objects.filter(assignments__isnull=False, is_active=True).exclude(pk__in=[one.pk for one in own]).distinct())
    everybody: list[User | None] = [*own, *told[:12], superuser, None]
    for person in everybody:
        if person is not None and not person.has_usable_password():
            person.set_password(PASSWORD)
            person.save(update_fields=["password"])
    small = setting.size != "full"
    return find_pages(
        [own[0], own[1], own[2], None] if small else everybody, starts=starts, without=("/admin/",) if small else ()
    )
