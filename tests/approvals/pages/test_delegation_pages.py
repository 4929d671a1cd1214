"""The page where one says who decides: stated, refused beside its field, ended; and what the others' pages show of it."""

from typing import Any

import pytest
from django.test import Client

from approvals.models import Decision, Delegation
from approvals.services import absences
from core.models import User
from tests.factories.approvals import stages_of, submitted
from tests.factories.core import UserFactory, assign
from tests.factories.delegations import delegated
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
PAGE = "/delegations/"


def signed_in(client: Client, person: User) -> Client:
    client.force_login(person)
    return client


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def stated(kafka: House, delegate: User | None, **more: Any) -> dict[str, Any]:
    days = {"first_day": "2026-03-02", "last_day": "2026-03-06"}
    return {"entity": kafka.entity.pk, "delegate": delegate.pk if delegate else "", **days, **more}


def test_the_page_is_reached_from_the_queue_and_from_the_account(client: Client, director: User) -> None:
    signed_in(client, director)
    for address in ("/queue/", "/account/"):
        assert f'href="{PAGE}"' in text_of(client, address)
    html = text_of(client, PAGE)
    assert "Nobody decides for you." in html
    assert 'name="person"' not in html


def test_one_states_it_and_both_see_it(client: Client, kafka: House, director: User, deputy: User) -> None:
    signed_in(client, director)
    more = {"kinds": ["vendor_payment"], "limit": "5,000", "cost_centre": kafka.account.cost_centre.pk}
    answer = client.post(PAGE, stated(kafka, deputy, **more), follow=True)
    html = answer.content.decode()
    assert "Deputy decides for Program director from 2026-03-02 to 2026-03-06." in html
    assert "only vendor payment" in html
    assert "up to 5,000.00 USD" in html
    assert "In force" in html
    row = Delegation.objects.get()
    assert (row.person, row.delegate, row.stated_by) == (director, deputy, director)

    html = text_of(signed_in(client, deputy), PAGE)
    assert "Deputy decides for Program director" in html
    client.post(f"{PAGE}{row.pk}/end/")
    assert "Ended early" in text_of(client, PAGE)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"first_day": ""}, "Choose the first day."),
        ({"first_day": "2026-03-01"}, "Choose today or a day to come"),
        ({"last_day": "2026-03-01"}, "The last day is before the first."),
        ({"limit": "much"}, "amount"),
        ({"kinds": ["unheard_of"]}, "Choose from the kinds listed."),
        ({"delegate": "99999999"}, "Choose one of the people listed"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    client: Client, kafka: House, director: User, deputy: User, wrong: dict[str, Any], said: str
) -> None:
    answer = signed_in(client, director).post(PAGE, stated(kafka, deputy) | wrong)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Delegation.objects.exists()


def test_a_circle_and_an_overlap_are_refused_with_a_remedy(client: Client, kafka: House, director: User, deputy: User) -> None:
    delegated(deputy, director, kafka.entity)
    answer = signed_in(client, director).post(PAGE, stated(kafka, deputy))
    assert answer.status_code == 409
    assert "Program director → Deputy → Program director" in answer.content.decode()
    answer = signed_in(client, deputy).post(PAGE, stated(kafka, kafka.people["cfo"]))
    assert (answer.status_code, "End that one first" in answer.content.decode()) == (409, True)
    assert Delegation.objects.count() == 1


def test_an_administrator_states_it_for_another(client: Client, kafka: House, director: User, deputy: User) -> None:
    boss = UserFactory.create(name="Administrator")
    assign(boss, "administrator", kafka.entity, kind="administrator")
    signed_in(client, boss)
    answer = client.post(PAGE, stated(kafka, deputy, person=director.pk))
    assert (answer.status_code, "Say why" in answer.content.decode()) == (422, True)
    answer = client.post(PAGE, stated(kafka, deputy, person=director.pk, reason="Ill."), follow=True)
    assert "stated by Administrator: Ill." in answer.content.decode()


def test_others_find_nothing_to_end(client: Client, kafka: House, director: User, deputy: User, outsider: User) -> None:
    row = delegated(director, deputy, kafka.entity)
    assert "Deputy" not in text_of(signed_in(client, outsider), PAGE)
    assert signed_in(client, kafka.people["cfo"]).post(f"{PAGE}{row.pk}/end/").status_code == 404
    assert signed_in(client, kafka.people["cfo"]).get(f"{PAGE}{row.pk}/end/").status_code == 405
    row.refresh_from_db()
    assert row.ended_at is None


def test_the_delegates_queue_says_for_whom_and_the_decision_names_both(
    client: Client, kafka: House, director: User, deputy: User
) -> None:
    delegated(director, deputy, kafka.entity)
    request = submitted(kafka.engineer, kafka.account)
    [stage] = stages_of(request)
    signed_in(client, deputy)
    assert "for Program director" in text_of(client, "/queue/")
    html = text_of(client, f"/queue/{stage.pk}/")
    assert "You decide for" in html
    assert "Program director is away until 2026-03-09: Deputy decides for them" in html
    said = {"verdict": "approve", "comment": "", "digest": request.digest}
    answer = client.post(f"/queue/{stage.pk}/decide/", said, follow=True)
    assert "is approved by you for Program director." in answer.content.decode()
    assert Decision.objects.get().on_behalf_of == director
    assert "for Program director" in text_of(client, "/queue/?view=done")
    html = text_of(signed_in(client, kafka.engineer), f"/requests/{request.number}/")
    assert "Approved by Deputy for Program director" in html


def test_the_requesters_page_says_with_whom_it_waits(client: Client, kafka: House, director: User, deputy: User) -> None:
    request = submitted(kafka.engineer, kafka.account)
    row = delegated(director, deputy, kafka.entity)
    signed_in(client, kafka.engineer)
    for address in (f"/requests/{request.number}/", "/requests/"):
        assert "Deputy for Program director" in text_of(client, address)
    from approvals.services.delegations import end_delegation

    end_delegation(delegation_id=row.pk, actor=director)
    delegated(director, None, kafka.entity, after=0)
    absences.attend()
    html = text_of(client, f"/requests/{request.number}/")
    assert "Program director is away, and nobody who may decides in their place. Executive sponsor may decide." in html
    assert "Program director, who is away, Executive sponsor" in html


def test_the_chain_before_submitting_names_the_delegate(client: Client, kafka: House, director: User, deputy: User) -> None:
    delegated(director, deputy, kafka.entity)
    typed = {"kind": "vendor_payment", "line-0-account": kafka.account.pk, "line-0-month": "2026-03", "line-0-net": "12.00"}
    html = signed_in(client, kafka.engineer).post("/requests/chain/", typed).content.decode()
    assert "Program director is away: Deputy decides for them" in html
