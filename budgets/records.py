"""What of this room has a retention period, and what the audit trail calls its deeds."""

from core.retention import Records, register
from core.rules.retention import RecordKind
from core.trail import Topic
from core.trail import register as register_topic

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
register_topic(
    Topic(
        "planning",
        "Planning",
        (
            "budget.",
            "budget_version.",
            "budget_template.",
            "balances.",
            "allotment.",
            "attribute.",
            "attributes.",
            "carry_rule.",
            "category.",
            "control.",
            "cost_centre.",
            "day_rates.",
            "exchange_rate.",
            "milestone.",
            "period.",
            "periods.",
            "vendor.",
        ),
    )
)
register_topic(
    Topic(
        "allocation",
        "Allocation",
        (
            "chargeback.",
            "dispute.",
            "rule_set.",
            "usage_readings.",
            "tag_key.",
            "tag_rule.",
            "tag_rules.",
            "tag_target.",
            "spend_tags.",
        ),
    )
)
register_topic(Topic("optimization", "Optimization", ("projection.", "band.")))
