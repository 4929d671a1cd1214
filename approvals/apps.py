from typing import ClassVar

from django.apps import AppConfig

from budgets.rules.anchors import AnchoredChain


class ApprovalsConfig(AppConfig):
    name = "approvals"
    verbose_name = "Approvals"
    # What is written once changes in a few columns only (members of a stage, decisions, rounds), which triggers hold.
    walled_tables: ClassVar[dict[str, str]] = {
        "approvals_advance": "request",
        "approvals_amendment": "request",
        "approvals_attachment": "request",
        "approvals_attendance": "meeting",
        "approvals_card": "entity",
        "approvals_comment": "request",
        "approvals_committee": "entity",
        "approvals_committeeseat": "version",
        "approvals_committeeversion": "committee",
        "approvals_contract": "request",
        "approvals_debt": "emergency",
        "approvals_debttimer": "debt",
        "approvals_decision": "request",
        "approvals_decisionlink": "stage",
        "approvals_delegation": "entity",
        "approvals_drawreport": "draw",
        "approvals_emergency": "request",
        "approvals_emergencylimit": "terms",
        "approvals_emergencyterms": "entity",
        "approvals_groupperson": "group",
        "approvals_historyevent": "log",
        "approvals_historylog": "entity",
        "approvals_lookback": "request",
        "approvals_manager": "entity",
        "approvals_meeting": "committee",
        "approvals_meetingitem": "meeting",
        "approvals_mention": "comment",
        "approvals_openplace": "stage",
        "approvals_override": "request",
        "approvals_overrun": "entity",
        "approvals_pause": "stage",
        "approvals_peoplegroup": "entity",
        "approvals_policy": "entity",
        "approvals_policychange": "request",
        "approvals_policyrule": "version",
        "approvals_policyversion": "policy",
        "approvals_question": "stage",
        "approvals_receipt": "entity",
        "approvals_receipthead": "entity",
        "approvals_request": "entity",
        "approvals_requestline": "request",
        "approvals_reserve": "entity",
        "approvals_reservedraw": "request",
        "approvals_reserveterms": "reserve",
        "approvals_resourcechange": "request",
        "approvals_round": "request",
        "approvals_requestattribute": "subject",
        "approvals_stage": "request",
        "approvals_stagemember": "stage",
        "approvals_stagepace": "entity",
        "approvals_stagetemplate": "rule",
        "approvals_timer": "stage",
        "approvals_trip": "request",
        "approvals_virement": "request",
        "approvals_wording": "comment",
    }
    anchored_chains: ClassVar[dict[str, AnchoredChain]] = {
        "receipts": AnchoredChain(
            heads="""
                SELECT e.code, h.number::text, h.hash FROM approvals_receipthead h JOIN core_entity e ON e.id = h.entity_id
                ORDER BY e.code
            """,
            differing="""
                SELECT x->>0, x->>1 FROM jsonb_array_elements(%s::jsonb) x
                LEFT JOIN core_entity e ON e.code = x->>0
                LEFT JOIN approvals_receipt r ON r.entity_id = e.id AND r.number = (x->>1)::bigint
                WHERE r.hash IS DISTINCT FROM x->>2
            """,
        )
    }
    append_only_tables: ClassVar[list[str]] = [
        "approvals_lookback",
        "approvals_mention",
        "approvals_reserveterms",
        "approvals_wording",
    ]
    # A receipt is written by the database's own function, which holds it against its decision; open places by triggers.
    read_only_tables: ClassVar[list[str]] = ["approvals_openplace", "approvals_receipt", "approvals_receipthead"]
    guarded_tables: ClassVar[list[str]] = ["approvals_receipt"]
    app_functions: ClassVar[list[str]] = ["approvals_write_receipt"]
    periodic: ClassVar[list[tuple[str, str, int]]] = [
        ("approvals: fire timers", "approvals.tasks.fire_timers", 10),
        ("approvals: put amendments in force", "approvals.tasks.put_amendments_in_force", 300),
        ("approvals: stand in for the absent", "approvals.tasks.attend_absences", 30),
        ("approvals: tend meetings of committees", "approvals.tasks.tend_meetings", 60),
        ("approvals: remind of reports of draws", "approvals.tasks.remind_of_draw_reports", 60),
        ("approvals: reckon how long stages take", "approvals.tasks.reckon_paces", 3600),
    ]

    def ready(self) -> None:
        from approvals import (  # noqa: F401  registers them
            change_handlers,
            committee_handlers,
            emergency_handlers,
            handlers,
            jobs,
            order_handlers,
            overrun_handlers,
            records,
            reserve_handlers,
        )
        from approvals.services import (
            advances,  # noqa: F401  registers its kind of subject
            amendments,  # noqa: F401  registers its kind of subject
            draws,  # noqa: F401  registers its kind of subject
            links,
            overrides,  # noqa: F401  registers its kind of subject
            overruns,  # noqa: F401  registers its kind of subject
            particulars,  # noqa: F401  registers contracts, people and travel
            policy_changes,  # noqa: F401  registers changes of policies
            spend,  # noqa: F401  registers the first kind of subject
            virements,  # noqa: F401  registers its kind of subject
        )
        from core.services.notices import way_by

        way_by(links.way_of_notice)
