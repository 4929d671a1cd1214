"""The form that makes an API token."""

from datetime import datetime, timedelta
from typing import Any

from django import forms

from core import clock
from core.rules.tokens import ROOMS

NOTHING, READ, WRITE = "", "read", "write"
MAY = [(NOTHING, "Nothing"), (READ, "Read"), (WRITE, "Read and change")]
DAYS = [("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"), ("", "Never")]
LABELS = {
    "core": "Notices and jobs",
    "budgets": "Budgets and the ledger",
    "approvals": "Requests and approvals",
    "reconciliation": "Reconciliation",
    "reporting": "Reports",
}


class TokenForm(forms.Form):
    """What a token is for, what it may do, how long, and from where."""

    name = forms.CharField(label="What it is for", max_length=100)
    days = forms.ChoiceField(label="It ends", choices=DAYS, required=False, initial="90")
    networks = forms.CharField(
        label="Only from",
        required=False,
        max_length=400,
        help_text="Networks or addresses, with commas between, such as 192.0.2.0/24. Left empty: from anywhere.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for room in ROOMS:
            self.fields[room] = forms.ChoiceField(label=LABELS[room], choices=MAY, required=False)

    def clean(self) -> dict[str, Any]:
        """Want something that the token may do."""
        data = super().clean() or {}
        if not any(data.get(room) for room in ROOMS):
            self.add_error(None, "Choose what the token may do.")
        return data

    def wanted(self) -> dict[str, Any]:
        """Return what the service takes. For a form that is valid."""
        data = self.cleaned_data
        networks = [network for network in data["networks"].replace(";", ",").split(",") if network.strip()]
        return {
            "name": data["name"],
            "scopes": [f"{room}:{data[room]}" for room in ROOMS if data[room]],
            "expires_at": _end(data["days"]),
            "networks": networks,
        }

    @property
    def rooms(self) -> list[forms.BoundField]:
        """The fields that say what it may do."""
        return [self[room] for room in ROOMS]


def _end(days: str) -> datetime | None:
    return clock.now() + timedelta(days=int(days)) if days else None
