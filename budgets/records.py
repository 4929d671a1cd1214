"""What of this room has a retention period."""

from core.retention import Records, register
from core.rules.retention import RecordKind

register(
    Records(
        code="budget_files",
        title="Budget files that were signed",
        kinds=(RecordKind.PLANNING,),
        kept="budgets_kept_file",
        goes="the file as it was put up for signature",
        stays="the version with its lines, its amounts and who signed it",
    )
)
register(
    Records(
        code="projections",
        title="Projections",
        kinds=(RecordKind.OPTIMIZATION,),
        kept="budgets_kept_projection",
        goes="the parts with their growth and reductions, and what the shares rest on",
        stays="the total and the budget that was recommended",
    )
)
