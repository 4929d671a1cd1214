"""The queue and its panel: what waits, with everything to decide on it; answers in place; stale clicks that count for nothing."""

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from approvals.models import Decision, Request, Stage
from approvals.services.decisions import send_back
from approvals.services.requests import save_draft, submit_request
from core.models import User
from tests.factories.approvals import asked, at, everything, held, line, stages_of, submitted
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
HTMX = {"HX-Request": "true"}
DIRECTOR = "program_director"


def director(client: Client, house: House) -> Client:
    client.force_login(house.people[DIRECTOR])
    return client


def stage_of(request: Request) -> Stage:
    return next(stage for stage in stages_of(request) if stage.state == "assigned")


def answer(request: Request, verdict: str, comment: str = "", **more: Any) -> dict[str, Any]:
    return {"verdict": verdict, "comment": comment, "digest": request.digest} | more


def order_of(html: str) -> list[str]:
    """Return the titles in the list, in order."""
    return re.findall(r'class="title"[^>]*>([^<]*)</a>', html)


def test_an_empty_queue_says_what_will_appear(client: Client, kafka: House) -> None:
    html = director(client, kafka).get("/queue/").content.decode()
    assert "Nothing waits for your decision." in html
    assert "A request appears here" in html


def test_the_list_shows_the_clock_the_amount_and_what_is_left(client: Client, kafka: House) -> None:
    submitted(kafka.engineer, kafka.budget.accounts["PRODUCT", "training"], "1200", title="Course")
    with at(2026, 3, 3, 12, 0):
        html = director(client, kafka).get("/queue/").content.decode()
    assert "1 request, 1,200.00 USD; none overdue, none due today." in html
    assert "Due in 6\u00a0h" in html
    assert "of 2 business days" in html
    assert "10,800.00 left" in html
    assert "PRODUCT Product" in html


def test_what_is_past_its_deadline_says_so(client: Client, kafka: House) -> None:
    submitted(kafka.engineer, kafka.account)
    with at(2026, 3, 4, 12, 5):
        html = director(client, kafka).get("/queue/").content.decode()
    assert "1 overdue" in html
    assert "Overdue 2\u00a0h 5\u00a0min" in html


def test_the_queue_sorts_and_filters_by_the_address(client: Client, kafka: House) -> None:
    submitted(kafka.engineer, kafka.account, "50", title="Small one")
    with at(2026, 3, 2, 11, 0):
        submitted(kafka.engineer, kafka.account, "900", title="Large one")
    page = director(client, kafka)
    assert order_of(page.get("/queue/").content.decode()) == ["Small one", "Large one"]
    assert order_of(page.get("/queue/?sort=amount").content.decode()) == ["Large one", "Small one"]
    html = page.get("/queue/?q=large&sort=amount").content.decode()
    assert order_of(html) == ["Large one"]
    assert re.search(r'href="/queue/\d+/\?q=large&amp;sort=amount"', html)
    assert order_of(page.get("/queue/?kind=infrastructure").content.decode()) == ["Small one", "Large one"]
    assert order_of(page.get("/queue/?due=overdue").content.decode()) == []


def test_the_panel_has_all_that_a_decision_needs(client: Client, kafka: House) -> None:
    training = kafka.budget.accounts["PRODUCT", "training"]
    submitted(kafka.engineer, training, "500", title="Earlier")
    request = submitted(kafka.engineer, training, "1200", title="Course", reason="For the <new> team", vendor_name="Acme Cloud")
    html = director(client, kafka).get(f"/queue/{stage_of(request).pk}/").content.decode()
    for words in (
        "For the &lt;new&gt; team",
        "Acme Cloud",
        "Engineer",
        "PRODUCT Product",
        "Training, Product",
        "Small budget",
        "10,300.00",
        "1,700.00",
        "Vendor payment below 25,000",
        "then Executive sponsor too",
        "Submitted by Engineer",
        f'name="digest" value="{request.digest}"',
    ):
        assert words in html, words


def test_htmx_gets_the_panel_alone_and_the_address_the_page(client: Client, kafka: House) -> None:
    stage = stage_of(submitted(kafka.engineer, kafka.account))
    part = director(client, kafka).get(f"/queue/{stage.pk}/", headers=HTMX).content.decode()
    assert "<html" not in part
    assert 'id="item"' in part
    whole = client.get(f"/queue/{stage.pk}/").content.decode()
    assert "work-one" in whole
    assert f'id="row-{stage.pk}" aria-current="true"' in whole
    assert "Back to the queue" in whole


def test_approving_commits_and_leads_to_the_next_with_the_filters_kept(client: Client, kafka: House) -> None:
    first = submitted(kafka.engineer, kafka.account, "100", title="First")
    with at(2026, 3, 2, 11, 0):
        second = submitted(kafka.engineer, kafka.account, "200", title="Second")
    page = director(client, kafka)
    reply = page.post(f"/queue/{stage_of(first).pk}/decide/?sort=due&q=platform", answer(first, "approve"))
    assert (
        reply.headers["Location"] == f"/queue/{stage_of(second).pk}/?q=platform&sort=due"
        or "q=platform" in reply.headers["Location"]
    )
    first.refresh_from_db()
    assert first.state == "approved"
    assert held(kafka.account) == (second.amount, first.amount)


def test_in_place_the_answer_is_the_list_and_the_next_panel(client: Client, kafka: House) -> None:
    first = submitted(kafka.engineer, kafka.account, "100", title="First")
    with at(2026, 3, 2, 11, 0):
        second = submitted(kafka.engineer, kafka.account, "200", title="Second")
    reply = director(client, kafka).post(f"/queue/{stage_of(first).pk}/decide/?sort=due", answer(first, "approve"), headers=HTMX)
    html = reply.content.decode()
    assert reply.headers["HX-Replace-Url"] == f"/queue/{stage_of(second).pk}/?sort=due"
    assert "is approved by you as Program director" in html
    assert order_of(html) == ["Second"]
    assert f'name="digest" value="{second.digest}"' in html
    last = client.post(f"/queue/{stage_of(second).pk}/decide/", answer(second, "approve"), headers=HTMX)
    assert last.headers["HX-Replace-Url"] == "/queue/"
    assert "Nothing waits for your decision." in last.content.decode()


def test_send_back_and_reject_need_a_reason_and_take_it(client: Client, kafka: House) -> None:
    first = submitted(kafka.engineer, kafka.account, "100")
    page, before = director(client, kafka), everything()
    for verdict, says in (("reject", "Say why it is rejected."), ("send_back", "Say what must change"), ("maybe", "")):
        reply = page.post(f"/queue/{stage_of(first).pk}/decide/", answer(first, verdict, "  "))
        assert reply.status_code == 422
        assert says in reply.content.decode()
    long = page.post(f"/queue/{stage_of(first).pk}/decide/", answer(first, "reject", "x" * 2_097_152))
    assert long.status_code == 422
    assert "Shorten this to 2,000 characters" in long.content.decode()
    assert everything() == before
    page.post(f"/queue/{stage_of(first).pk}/decide/", answer(first, "send_back", "Add the <quote>"))
    first.refresh_from_db()
    assert first.state == "returned"
    client.force_login(kafka.engineer)
    assert "Add the &lt;quote&gt;" in client.get(f"/requests/{first.number}/edit/").content.decode()


def test_a_stale_answer_is_a_409_that_shows_what_changed(client: Client, kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account, "1200")
    stale, old = answer(request, "approve"), stage_of(request)
    send_back(stage_id=old.pk, actor=kafka.people[DIRECTOR], digest=request.digest, comment="Less, please")
    data = asked(kafka.account, lines=[line(kafka.account, "900")])
    save_draft(actor=kafka.engineer, entity=kafka.entity, data=data, request_id=request.pk)
    submit_request(request_id=request.pk, actor=kafka.engineer)
    before = everything()
    for headers in ({}, HTMX):
        reply = director(client, kafka).post(f"/queue/{old.pk}/decide/", stale, headers=headers)
        html = reply.content.decode()
        assert reply.status_code == 409
        assert "submitted again since you opened it" in html
        assert "<del>1,200.00</del></td>" in html
        assert "<ins>900.00</ins></td>" in html
        assert f'action="/queue/{stage_of(request).pk}/decide/"' in html
    assert everything() == before
    request.refresh_from_db()
    assert request.state == "submitted"
    assert request.amount == 900


def test_an_answer_to_other_content_counts_for_nothing(client: Client, kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    reply = director(client, kafka).post(f"/queue/{stage_of(request).pk}/decide/", answer(request, "approve", digest="0" * 64))
    assert reply.status_code == 409
    assert "changed after you opened it" in reply.content.decode()
    assert Decision.objects.count() == 0


def test_a_second_click_is_told_so(client: Client, kafka: House) -> None:
    request = submitted(kafka.engineer, kafka.account)
    stage = stage_of(request)
    page = director(client, kafka)
    page.post(f"/queue/{stage.pk}/decide/", answer(request, "approve"))
    reply = page.post(f"/queue/{stage.pk}/decide/", answer(request, "approve"))
    assert reply.status_code == 409
    assert "before you answered" in reply.content.decode()
    assert Decision.objects.count() == 1


def test_nobody_decides_their_own_request_or_anothers_stage(client: Client, kafka: House, auditor: User) -> None:
    own = submitted(kafka.people[DIRECTOR], kafka.account)
    stage, before = stage_of(own), everything()
    for person in (kafka.people[DIRECTOR], kafka.engineer, auditor):
        client.force_login(person)
        assert 'value="approve"' not in client.get(f"/queue/{stage.pk}/").content.decode()
        reply = client.post(f"/queue/{stage.pk}/decide/", answer(own, "approve"))
        assert reply.status_code == 403, person
    assert everything() == before


def test_an_outsider_finds_nothing(client: Client, kafka: House, outsider: User) -> None:
    request = submitted(kafka.engineer, kafka.account, title="Secret plan")
    stage = stage_of(request)
    client.force_login(outsider)
    assert client.get(f"/queue/{stage.pk}/").status_code == 404
    assert client.get(f"/queue/{stage.pk}/", headers=HTMX).status_code == 404
    assert client.post(f"/queue/{stage.pk}/decide/", answer(request, "approve")).status_code == 404
    assert "Secret plan" not in client.get("/queue/").content.decode()
    assert "Secret plan" not in client.get("/queue/?q=Secret").content.decode()


def test_what_was_sent_back_and_decided_today_has_its_tab(client: Client, kafka: House) -> None:
    one = submitted(kafka.engineer, kafka.account, "100", title="To be changed")
    two = submitted(kafka.engineer, kafka.account, "200", title="Fine as it is")
    page = director(client, kafka)
    page.post(f"/queue/{stage_of(one).pk}/decide/", answer(one, "send_back", "Please change"))
    page.post(f"/queue/{stage_of(two).pk}/decide/", answer(two, "approve"))
    assert order_of(page.get("/queue/?view=sent").content.decode()) == ["To be changed"]
    assert sorted(order_of(page.get("/queue/?view=done").content.decode())) == ["Fine as it is", "To be changed"]


def test_the_queue_takes_ten_queries_however_long_it_is(
    client: Client, kafka: House, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(6):
        submitted(kafka.engineer, kafka.account, f"{number + 1}00")
    page = director(client, kafka)
    page.get("/queue/")
    with django_assert_max_num_queries(10):
        page.get("/queue/")
    with django_assert_max_num_queries(27):
        page.get(f"/queue/{Stage.objects.filter(state='assigned').latest('pk').pk}/")


def test_the_keys_are_listed_and_can_be_turned_off(client: Client, kafka: House) -> None:
    submitted(kafka.engineer, kafka.account)
    html = director(client, kafka).get("/queue/").content.decode()
    assert 'id="keys-on"' in html
    for key in "jkarcx?":
        assert f'<kbd class="key">{key}</kbd>' in html
