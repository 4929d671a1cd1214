"""A question is asked beside the decision and answered on the request's page."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from approvals.models import Question, Stage
from tests.factories.approvals import at, stages_of, submitted
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def stage(kafka: House) -> Stage:
    return stages_of(submitted(kafka.engineer, kafka.account))[0]


def test_asked_in_the_panel_answered_on_the_page(client: Client, kafka: House, stage: Stage) -> None:
    client.force_login(stage.owner)
    panel = client.get(f"/queue/{stage.pk}/").content.decode()
    assert "Ask a question first" in panel
    assert "for 5 business days at most" in panel
    blank = client.post(f"/queue/{stage.pk}/ask/", {"person": kafka.engineer.pk, "text": " "})
    assert (blank.status_code, "Write what you want to know." in blank.content.decode()) == (422, True)
    asked = client.post(f"/queue/{stage.pk}/ask/", {"person": kafka.engineer.pk, "text": "Why <now>?"}, follow=True)
    html = asked.content.decode()
    assert "The clock stands still until the answer." in html
    assert "Why &lt;now&gt;?" in html
    assert "Withdraw the question" in html
    assert "Stands still" in client.get("/queue/").content.decode()
    question = Question.objects.get()

    client.force_login(kafka.engineer)
    address = f"/requests/{stage.request.number}/"
    html = client.get(address).content.decode()
    assert f'id="question-{question.pk}"' in html
    assert "The clock stands still" in html
    answer = f"{address}questions/{question.pk}/answer/"
    wrong = client.post(answer, {f"q{question.pk}-text": ""})
    assert (wrong.status_code, "Write the answer." in wrong.content.decode()) == (422, True)
    with at(2026, 3, 2, 10, 30):
        file = SimpleUploadedFile("quote.pdf", PDF, content_type="application/pdf")
        html = client.post(
            answer, {f"q{question.pk}-text": "It ends.", f"q{question.pk}-file": file}, follow=True
        ).content.decode()
        assert "and the clock goes on" in html
    assert "quote.pdf" in html
    assert "Stood still from Mon 2 Mar 2026, 10:00 to Mon 2 Mar 2026, 10:30, 0:30 business hours" in html
    again = client.post(answer, {f"q{question.pk}-text": "Twice."})
    assert (again.status_code, "This question is answered." in again.content.decode()) == (409, True)


def test_it_is_withdrawn_by_who_asked(client: Client, kafka: House, stage: Stage) -> None:
    client.force_login(stage.owner)
    client.post(f"/queue/{stage.pk}/ask/", {"person": kafka.people["cfo"].pk, "text": "Is there money?"})
    question = Question.objects.get()
    client.force_login(kafka.people["cfo"])
    address = f"/requests/{stage.request.number}/"
    assert "Is there money?" in client.get(address).content.decode()
    assert client.post(f"{address}questions/{question.pk}/withdraw/").status_code == 403
    client.force_login(stage.owner)
    html = client.post(f"{address}questions/{question.pk}/withdraw/", follow=True).content.decode()
    assert "is withdrawn" in html
    question.refresh_from_db()
    assert question.state == "withdrawn"


def test_who_is_asked_sees_the_request_and_nobody_else_more(client: Client, kafka: House, stage: Stage) -> None:
    from tests.factories.core import UserFactory, assign

    helper = UserFactory.create(name="Helper")
    other = kafka.budget.accounts["PRODUCT", "training"].cost_centre
    assign(helper, "helper", kafka.entity, kind="requester", cost_centre=other)
    address = f"/requests/{stage.request.number}/"
    client.force_login(helper)
    assert client.get(address).status_code == 404
    client.force_login(stage.owner)
    client.post(f"/queue/{stage.pk}/ask/", {"person": helper.pk, "text": "Do you use it?"})
    client.force_login(helper)
    assert "Do you use it?" in client.get(address).content.decode()
