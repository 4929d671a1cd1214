"""Scenarios of the views of lists that a person keeps."""

from typing import Any

from approvals.services import saved_views
from tests.trust.scenarios.ground import Ground
from tests.trust.scenarios.registry import scenario


@scenario(saved_views.save_view)
def _save_view(ground: Ground) -> dict[str, Any]:
    return {"actor": ground.approver, "page": "queue", "name": "Late", "query": "due=overdue"}


@scenario(saved_views.drop_view)
def _drop_view(ground: Ground) -> dict[str, Any]:
    return {"view_id": saved_views.save_view(**_save_view(ground)).pk, "actor": ground.approver}
