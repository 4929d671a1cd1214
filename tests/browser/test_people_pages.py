"""Looking after people, in a real browser: the list, inviting, accepting, acting as somebody else."""

from typing import Any

import pytest

from core.models import User
from core.services import invitations, lockout
from core.services.first_administrator import make_first_link
from core.services.invitations import WantedRole, _token
from tests.factories.core import role


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_an_administrator_looks_after_people(
    desk: Any, administrator: User, requester: User, approver: User, size: str, scheme: str
) -> None:
    look = f"{size}-{scheme}"
    entity = requester.assignments.get().entity
    wanted = [WantedRole(role("finance", "finance"), entity)]
    invited = invitations.invite(email="new@example.org", name="New person", roles=wanted, actor=administrator)
    for _ in range(5):
        lockout.count_attempt(email=approver.email, address="")
    seat = desk(administrator, size=size, scheme=scheme)
    page = seat.open("/people/")
    seat.check(f"people-{look}")
    seat.open("/people/invite/")
    seat.check(f"invite-{look}")
    page.get_by_role("button", name="Send the invitation").click()
    seat.check(f"invite-refused-{look}")
    seat.open("/account/sessions/")
    seat.check(f"sessions-{look}")
    seat.open(f"/people/{requester.pk}/act-as/")
    seat.check(f"act-as-{look}")
    page.get_by_label("Reason").fill("They see no budget.")
    page.get_by_role("button", name="Act as").click()
    page.get_by_text("you see Purser as").wait_for()
    seat.open("/requests/")
    seat.check(f"acting-{look}")
    page.get_by_role("button", name="Stop").click()
    page.wait_for_url("**/people/")
    stranger = desk(size=size, scheme=scheme)
    stranger.open(f"/invitations/{_token(invited.email, invited.invited_at, 1)}/")
    stranger.check(f"invitation-{look}")
    stranger.open(f"/first-administrator/{make_first_link()}/")
    stranger.check(f"first-administrator-{look}")
    stranger.open("/account/password/forgotten/")
    stranger.check(f"forgotten-{look}")
