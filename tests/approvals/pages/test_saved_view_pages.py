"""The filters of the queue and of the list of requests under names: kept, opened, worded anew, let go of."""

import re

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from approvals.models import SavedView
from approvals.rules.saved_views import query_of, read_query
from approvals.services.saved_views import MOST_VIEWS, drop_view, save_view
from core.errors import InvalidInput, NotFound
from core.models import User
from tests.factories.approvals import submitted
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")


@pytest.fixture
def director(client: Client, kafka: House) -> User:
    person = kafka.people["program_director"]
    client.force_login(person)
    return person


def test_filters_of_the_queue_are_kept_under_a_name_and_opened_by_it(client: Client, kafka: House, director: User) -> None:
    for net in ("10", "20", "30", "40", "50", "60"):
        submitted(kafka.engineer, kafka.account, net)
    plain = client.get("/queue/").content.decode()
    narrowed = client.get("/queue/?due=overdue&view=mine&page=1").content.decode()
    [query] = re.findall(r'name="query" value="([^"]*)"', narrowed)
    kept = client.post("/queue/views/", {"page": "queue", "name": " Late   ones ", "query": query}, follow=True)
    html = kept.content.decode()

    assert "Keep this view as" not in plain
    assert query == "due=overdue"
    assert kept.redirect_chain == [("/queue/?due=overdue", 302)]
    assert "Kept as “Late ones”." in html
    assert '<a href="/queue/?due=overdue" aria-current="true">Late ones</a>' in html
    assert "Remove this view" in html
    assert '<a href="/queue/?due=overdue">Late ones</a>' in client.get("/queue/").content.decode()
    assert "Late ones" not in client.get("/requests/").content.decode()


def test_a_name_that_is_known_says_the_new_filters_and_a_view_is_let_go(client: Client, kafka: House, director: User) -> None:
    for query in ("state=approved&whose=scope", "state=rejected&whose=scope"):
        client.post("/queue/views/", {"page": "requests", "name": "Mine", "query": query})
    [view] = SavedView.objects.all()
    shown = client.get("/requests/?whose=scope&state=rejected").content.decode()
    gone = client.post(f"/queue/views/{view.pk}/drop/", follow=True)

    assert view.query == "whose=scope&state=rejected"
    assert 'aria-current="true">Mine</a>' in shown
    assert gone.redirect_chain == [("/requests/?whose=scope&state=rejected", 302)]
    assert "is no longer kept" in gone.content.decode()
    assert not SavedView.objects.exists()


def test_a_view_without_filters_or_name_is_refused_with_the_remedy(client: Client, director: User) -> None:
    nameless = client.post("/queue/views/", {"page": "queue", "name": " ", "query": "q=cloud"}, follow=True).content.decode()
    usual = client.post("/queue/views/", {"page": "queue", "name": "All", "query": "view=mine&sort=due"}, follow=True)

    assert "Give it a name of up to 60 characters." in nameless
    assert 'value="cloud"' in nameless
    assert "as it is it needs no name" in usual.content.decode()
    assert not SavedView.objects.exists()


def test_views_are_ones_own_and_bounded(kafka: House, director: User) -> None:
    for number in range(MOST_VIEWS):
        view = save_view(actor=director, page="queue", name=f"View {number}", query=f"q={number}")
    with pytest.raises(InvalidInput, match="was not kept") as refusal:
        save_view(actor=director, page="queue", name="One more", query="q=more")
    again = save_view(actor=director, page="queue", name="View 0", query="q=again")
    with pytest.raises(NotFound):
        drop_view(view_id=view.pk, actor=kafka.engineer)

    assert "You keep 20 views" in refusal.value.details["name"]
    assert (SavedView.objects.count(), again.query) == (MOST_VIEWS, "q=again")
    assert save_view(actor=director, page="requests", name="One more", query="q=more").pk


def test_an_address_holds_its_filters_and_nothing_else() -> None:
    assert (
        read_query("queue", "?page=7&sort=amount&next=https://evil.example&kind=travel&q=a%26b")
        == "q=a%26b&kind=travel&sort=amount"
    )
    assert query_of("queue", {"view": "mine", "sort": "due", "q": ""}) == ""
    assert read_query("requests", "due=overdue") == ""


def test_the_database_keeps_a_name_once_and_no_empty_view(director: User) -> None:
    save_view(actor=director, page="queue", name="Late", query="due=overdue")
    for name, query in (("Late", "q=x"), ("", "q=x"), ("Empty", "")):
        with pytest.raises(IntegrityError), transaction.atomic():
            SavedView.objects.create(person=director, page="queue", name=name, query=query)


def test_programs_keep_views_too(client: Client, kafka: House, director: User) -> None:
    said = {"page": "queue", "name": "Late", "query": "due=overdue&page=3"}
    made = client.post("/api/v1/saved-views", said, "application/json", headers={"Idempotency-Key": "view-one-kept"})
    listed = client.get("/api/v1/saved-views").json()["results"]
    address = f"/api/v1/saved-views/{made.json()['id']}/drop"
    client.force_login(kafka.engineer)
    others = client.get("/api/v1/saved-views").json()["results"]
    refused = client.post(address, {}, "application/json", headers={"Idempotency-Key": "view-one-drop"})

    assert (made.status_code, made.json()["query"]) == (201, "due=overdue")
    assert [each["name"] for each in listed] == ["Late"]
    assert others == []
    assert refused.status_code == 404
