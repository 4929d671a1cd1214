from typing import ClassVar

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "approvals"
    verbose_name = "Approvals"
    # What is written once changes in a few columns only (members of a stage, decisions, rounds), which triggers hold.
    walled_tables: ClassVar[dict[str, str]] = {
        "approvals_attachment": "request",
        "approvals_decision": "request",
        "approvals_delegation": "entity",
        "approvals_historyevent": "log",
        "approvals_historylog": "entity",
        "approvals_pause": "stage",
        "approvals_policy": "entity",
        "approvals_policyrule": "version",
        "approvals_policyversion": "policy",
        "approvals_question": "stage",
        "approvals_request": "entity",
        "approvals_requestline": "request",
        "approvals_round": "request",
        "approvals_stage": "request",
        "approvals_stagemember": "stage",
        "approvals_stagetemplate": "rule",
        "approvals_timer": "stage",
    }
    periodic: ClassVar[list[tuple[str, str, int]]] = [
        ("approvals: fire timers", "approvals.tasks.fire_timers", 10),
        ("approvals: stand in for the absent", "approvals.tasks.attend_absences", 30),
    ]

    def ready(self) -> None:
        from approvals import handlers, jobs  # noqa: F401  registers them
        from approvals.services import spend  # noqa: F401  registers the first kind of subject
