"""What of this room has a retention period, and what the audit trail calls its deeds."""

from core.retention import Records, register
from core.rules.retention import RecordKind
from core.trail import Topic, keep_private
from core.trail import register as register_topic

register(
    Records(
        code="attachments",
        title="Files of requests",
        kinds=(RecordKind.FINANCIAL, RecordKind.PLANNING),
        kept="approvals_kept_attachment",
        goes="the file",
        stays="the request, its decisions and receipts, the file's name and its hash",
    )
)
# A draft is its requester's until it is submitted; the record of that says what was asked.
keep_private("request.saved", "request.copied", "request.attached", "request.detached")
register_topic(
    Topic(
        "approvals",
        "Requests and approvals",
        (
            "request.",
            "stage.",
            "timer.",
            "policy.",
            "meeting.",
            "committee.",
            "delegation.",
            "emergency.",
            "emergency_terms.",
            "reserve.",
            "draw_report.",
            "people_group.",
            "manager.",
            "history.",
            "comment.",
            "debt.",
            "overrun.",
            "question.",
        ),
    )
)
