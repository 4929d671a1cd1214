"""What of this room has a retention period."""

from core.retention import Records, register
from core.rules.retention import RecordKind

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
