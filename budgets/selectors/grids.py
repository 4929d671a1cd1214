"""The lines of a version with what each plans in each month."""

from budgets.models import BudgetVersion
from budgets.rules.grids import PlannedRow


def planned_rows(version: BudgetVersion) -> list[PlannedRow]:
    """Return the lines of a version, category by category. Two queries."""
    lines = version.lines.select_related("category", "cost_centre").prefetch_related("months").order_by("category__path", "id")
    return [
        PlannedRow(
            line.pk,
            line.category.code,
            line.category.name,
            line.cost_centre.code,
            line.name,
            {row.month: row.amount for row in line.months.all()},
        )
        for line in lines
    ]
