"""What of this room has a retention period."""

from core.retention import Records, register
from core.rules.retention import RecordKind

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
