"""What of this room has a retention period, and what the audit trail calls its deeds."""

from core.retention import Records, register
from core.rules.retention import RecordKind
from core.trail import Topic
from core.trail import register as register_topic

register(
    Records(
        code="packs",
        title="Packs",
        kinds=(RecordKind.REPORTS,),
        kept="reporting_kept_pack",
        goes="the PDF and the frozen figures",
        stays="when it was issued and by whom, its hashes, and the journal up to which it was read",
    )
)
register(
    Records(
        code="statement_files",
        title="PDFs of chargeback statements",
        kinds=(RecordKind.FINANCIAL,),
        kept="reporting_kept_statement_file",
        goes="the PDF",
        stays="the statement, its figures and the manager's answer",
    )
)
register_topic(Topic("reports", "Reports", ("pack.", "statement.")))
