"""What of this room has a retention period, and what the audit trail calls its deeds."""

from core.retention import Records, register
from core.rules.retention import RecordKind
from core.trail import Topic
from core.trail import register as register_topic

register(
    Records(
        code="imports",
        title="Imported files",
        kinds=(RecordKind.FINANCIAL,),
        kept="reconciliation_kept_import",
        goes="the file, and the cells of its rows",
        stays="its counts and control totals, what each row came to and where it was posted",
    )
)
register_topic(
    Topic(
        "reconciliation",
        "Reconciliation",
        ("import.", "source.", "invoice.", "invoice_line.", "payment.", "commitment.", "exception.", "suggestion."),
    )
)
