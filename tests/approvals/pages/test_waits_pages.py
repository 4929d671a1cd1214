"""Where approvals wait: what is likely to be late, by the past of the same stage."""

from datetime import timedelta

import pytest
from django.test import Client

from approvals.services.decisions import approve_stage
from core import clock
from core.models import User
from tests.factories.approvals import MONDAY, stages_of, submitted
from tests.fixtures.approvals import House

pytestmark = pytest.mark.usefixtures("monday")
DAY = timedelta(days=1)


def test_what_waits_is_held_against_the_past_of_its_stage(client: Client, kafka: House, administrator: User) -> None:
    for number, hours in enumerate((30, 60, 150, 160, 170, 180)):
        request = submitted(kafka.engineer, kafka.account, "1200")
        [stage] = stages_of(request)
        with clock.at(MONDAY + timedelta(hours=hours, minutes=number)):
            approve_stage(stage_id=stage.pk, actor=stage.owner, digest=request.digest)
    with clock.at(MONDAY + 8 * DAY):
        waiting = submitted(kafka.engineer, kafka.account, "1300", title="Licences that wait")
    with clock.at(MONDAY + 9 * DAY):
        client.force_login(administrator)
        soon = client.get("/waits/").content.decode()
    later = Client()
    with clock.at(MONDAY + 12 * DAY):
        later.force_login(administrator)
        overdue = later.get("/waits/").content.decode()

    said = soon.split("Likely to be late</h2>")[1].split("</section>")[0]
    assert waiting.number in said
    # Two business days are 48 hours here: five of six took longer, and all six had waited for half of it.
    assert "5 of 6" in said
    assert waiting.number not in overdue.split("Likely to be late</h2>")[1].split("</section>")[0]
