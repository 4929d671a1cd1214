"""Scenarios of those who decide together: groups, managers, committees and meetings."""

from datetime import timedelta
from typing import Any

from approvals.services import committees, meetings, owners
from tests.factories.core import assign
from tests.factories.owners import data_of
from tests.trust.scenarios.ground import MONDAY, Ground
from tests.trust.scenarios.registry import scenario


@scenario(owners.save_group)
def _save_group(ground: Ground) -> dict[str, Any]:
    people = [ground.approver, ground.finance]
    return {"entity": ground.entity, "code": "buyers", "name": "Buyers", "people": people, "actor": None}


@scenario(owners.drop_group)
def _drop_group(ground: Ground) -> dict[str, Any]:
    group = owners.save_group(**_save_group(ground))
    assign(ground.finance, "administrator", ground.entity, kind="administrator")
    return {"group_id": group.pk, "actor": ground.finance}


@scenario(owners.state_manager)
def _state_manager(ground: Ground) -> dict[str, Any]:
    return {"entity": ground.entity, "person": ground.requester, "manager": ground.approver, "actor": None}


@scenario(committees.state_committee)
def _state_committee(ground: Ground) -> dict[str, Any]:
    return {"entity": ground.entity, "data": data_of(ground.approver, [ground.finance]), "actor": None}


def _meeting(ground: Ground) -> dict[str, Any]:
    version = committees.state_committee(**_state_committee(ground))
    begins = MONDAY + timedelta(hours=1)
    return {"committee": version.committee, "starts_at": begins, "purpose": "Budgets", "actor": ground.approver}


@scenario(meetings.call_meeting)
def _call(ground: Ground) -> dict[str, Any]:
    return _meeting(ground)


@scenario(meetings.open_meeting)
def _open(ground: Ground) -> dict[str, Any]:
    return {"meeting_id": meetings.call_meeting(**_meeting(ground)).pk, "actor": ground.approver}


@scenario(meetings.record_attendance)
def _present(ground: Ground) -> dict[str, Any]:
    found = meetings.open_meeting(**_open(ground))
    return {"meeting_id": found.pk, "people": [ground.approver.pk], "actor": ground.approver}


@scenario(meetings.close_meeting)
def _close_meeting(ground: Ground) -> dict[str, Any]:
    found = meetings.open_meeting(**_open(ground))
    return {"meeting_id": found.pk, "actor": ground.approver}


@scenario(meetings.tend_meetings, steps="each committee is planned for itself, meetings lapse and are reminded of in batches")
def _tend(ground: Ground) -> dict[str, Any]:
    data = data_of(ground.approver, [ground.finance], meets="monthly: budget review")
    committees.state_committee(entity=ground.entity, data=data, actor=None)
    return {}
