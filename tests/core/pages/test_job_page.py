"""The page of a job."""

from datetime import timedelta

import pytest
from django.test import Client

from core import clock
from core.models import Entity, Job, User


@pytest.fixture
def job(controller: User, entity: Entity) -> Job:
    return Job.objects.create(
        kind="test",
        title="Reading a file",
        state="running",
        done=25,
        total=100,
        note="Rows",
        actor=controller,
        entity=entity,
        started_at=clock.now() - timedelta(seconds=60),
    )


def test_a_running_job_says_what_how_far_and_how_long_and_asks_again(client: Client, controller: User, job: Job) -> None:
    client.force_login(controller)
    html = client.get(f"/jobs/{job.pk}/").content.decode()
    assert "25 of 100" in html
    assert "about 3\u00a0min left" in html
    assert f'hx-get="/jobs/{job.pk}/progress/"' in html
    assert 'value="25"' in html


def test_a_finished_job_leads_to_its_result_and_asks_no_more(client: Client, controller: User, job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(state="done", result_url="/budgets/", finished_at=clock.now())
    client.force_login(controller)
    html = client.get(f"/jobs/{job.pk}/progress/").content.decode()
    assert "hx-get" not in html
    assert "the work goes on" not in html
    assert 'href="/budgets/"' in html


def test_a_failed_job_says_why(client: Client, controller: User, job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(state="failed", error="Row 3 has no amount. State one.", finished_at=clock.now())
    client.force_login(controller)
    assert "Row 3 has no amount. State one." in client.get(f"/jobs/{job.pk}/").content.decode()


def test_an_auditor_of_the_entity_may_look_and_others_may_not(
    client: Client, auditor: User, requester: User, outsider: User, job: Job
) -> None:
    for user, status in ((auditor, 200), (requester, 404), (outsider, 404)):
        client.force_login(user)
        assert client.get(f"/jobs/{job.pk}/").status_code == status
        assert client.get(f"/jobs/{job.pk}/progress/").status_code == status


def test_a_refusal_becomes_a_page_that_names_the_remedy(client: Client, controller: User) -> None:
    client.force_login(controller)
    answer = client.get("/jobs/999999/")
    assert answer.status_code == 404
    assert "Look on the page where you started it." in answer.content.decode()
