"""The golden organization as one budget on its cost centre tree, and the same with nodes of every kind below the team."""

from pathlib import Path
from typing import Any

import yaml

GOLDEN = yaml.safe_load(Path("tests/golden/finops_platform.yaml").read_text())
ROOT, TEAM = (node["code"] for node in GOLDEN["hierarchy"])
# Below the team: code, kind, parent, amount. With what stays at the team they come to the team's 60,000.
BELOW = (
    ("apollo", "project", TEAM, 15000),
    ("checkout", "service", "apollo", 10000),
    ("eu-west", "region", "checkout", 8000),
    ("staging", "environment", "eu-west", 7000),
)
KEPT = 20000


def document(*, below: bool = False) -> dict[str, Any]:
    """Return the golden hierarchy as one budget document: the root's amount is the total, each child's a line at it."""
    root, *children = GOLDEN["hierarchy"]
    centres = [{"code": node["code"], "name": node["code"], "kind": node["type"]} for node in GOLDEN["hierarchy"]]
    for centre, node in zip(centres[1:], children, strict=True):
        centre["parent"] = node["parent"]
    lines = [{"name": node["code"], "cost_centre": node["code"], "amount": str(node["amount"])} for node in children]
    if below:
        centres += [{"code": code, "name": code, "kind": kind, "parent": parent} for code, kind, parent, _ in BELOW]
        lines = [{"name": TEAM, "cost_centre": TEAM, "amount": str(KEPT)}]
        lines += [{"name": code, "cost_centre": code, "amount": str(amount)} for code, _, _, amount in BELOW]
    return {
        "schema": "purser/budget/1",
        "cost_centres": centres,
        "categories": [{"code": "cloud", "name": "Cloud"}],
        "budget": {
            "code": root["code"],
            "name": "Organization 2024",
            "kind": "operating",
            "currency": GOLDEN["currency"],
            "total": str(root["amount"]),
            "cost_centre": root["code"],
            "starts_on": "2026-01",
            "months": str(root["months"]),
            "envelopes": [{"category": "cloud", "amount": str(root["amount"]), "lines": lines}],
        },
    }
