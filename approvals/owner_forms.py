"""What an administrator types about groups, managers and committees. Forms read and judge text; they write nothing."""

from collections.abc import Sequence
from datetime import time
from typing import Any

from django import forms

from approvals.forms import text_field
from approvals.models import CommitteeSeat, CommitteeVersion, PeopleGroup
from approvals.selectors.committees import seats_of
from approvals.services.committees import CommitteeData
from core.models import Entity, User

AREA = {"rows": 4}
WEEKS = [(1, "first"), (2, "second"), (3, "third"), (4, "fourth"), (5, "last")]
WEEKDAYS = list(enumerate(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")))
VOTES = [
    ("", "One no ends it: the request is rejected"),
    ("counted", "A no is one vote: rejected once too few are left for the quorum"),
]


class GroupForm(forms.Form):
    """A group's code and name, and its people, one address to a line in the order in which they are asked."""

    use_required_attribute = False

    code = text_field("Code", 60, required="Write a code, such as buyers.", help_text="What policies call it: group: buyers.")
    name = text_field("Name", 200, required="Give it a name.")
    people = text_field(
        "People, one e-mail address to a line",
        20_000,
        required="Name at least one person.",
        help_text="In the order in which they are asked.",
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def __init__(self, *args: Any, people: Sequence[User], group: PeopleGroup | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {person.email.casefold(): person for person in people}
        if group is not None:
            self.fields["code"].disabled = True
            self.fields["code"].initial, self.fields["name"].initial = group.code, group.name
            self.fields["people"].initial = "\n".join(place.person.email for place in group.places.all())

    def clean_people(self) -> list[User]:
        """Read the addresses."""
        lines = [line.strip().casefold() for line in str(self.cleaned_data["people"]).splitlines() if line.strip()]
        unknown = [line for line in lines if line not in self.known]
        if unknown:
            raise forms.ValidationError(f"{', '.join(unknown[:3])}: nobody of that address holds a role here.")
        return [self.known[line] for line in lines]


class ManagerForm(forms.Form):
    """Who stands above whom."""

    use_required_attribute = False

    person = forms.ModelChoiceField(
        queryset=User.objects.none(), label="Person", empty_label="Choose", error_messages={"required": "Choose a person."}
    )
    manager = forms.ModelChoiceField(queryset=User.objects.none(), label="Manager", required=False, empty_label="Nobody")

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("person", "manager"):
            self.fields[name].queryset = people  # type: ignore[attr-defined]


class CommitteeForm(forms.Form):
    """Who sits on a committee, how it votes, what it decides, when it meets, and from which day on."""

    use_required_attribute = False

    code = text_field("Code", 60, required="Write a code, such as budget.", help_text="What policies call it: committee: budget.")
    name = text_field("Name", 200, required="Give it a name.")
    valid_from = forms.DateField(
        label="From which day on",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="What waits for it by then ends under the seats that it began with.",
        error_messages={"required": "Choose a day.", "invalid": "Enter a date such as 2026-11-20."},
    )
    chair = forms.ModelChoiceField(
        queryset=User.objects.none(), label="Chair", empty_label="Choose", error_messages={"required": "Choose who chairs it."}
    )
    members = forms.ModelMultipleChoiceField(
        queryset=User.objects.none(), label="Members, besides the chair", required=False, widget=forms.CheckboxSelectMultiple
    )
    as_needed = forms.ModelMultipleChoiceField(
        queryset=User.objects.none(),
        label="As needed: they get the agenda and have no vote",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    quorum = forms.IntegerField(
        label="Quorum",
        min_value=1,
        max_value=99,
        help_text="So many must approve, and so many must attend a meeting.",
        error_messages={"required": "Write how many.", "invalid": "Write a number."},
    )
    votes = forms.ChoiceField(label="What a no does", choices=VOTES, required=False)
    chair_votes = forms.BooleanField(label="Nothing is approved before the chair has voted", required=False)
    responsibilities = text_field(
        "What it is responsible for, one to a line", 4200, widget=forms.Textarea(attrs=AREA), help_text="At most 20."
    )
    authority = text_field(
        "Who decides on which amounts, a line for each",
        8000,
        widget=forms.Textarea(attrs=AREA),
        help_text="Such as “from 100 up to 500: engineering_manager, committee (budget request)”. It routes nothing: the "
        "proof of a policy says where the two disagree.",
    )
    authority_measure = forms.ChoiceField(label="These amounts are", choices=CommitteeVersion.Measure.choices)
    meets = text_field(
        "How often it meets and what for, a line for each",
        2600,
        widget=forms.Textarea(attrs=AREA),
        help_text="Such as “monthly: budget review”, or quarterly or annually: in the first month of the quarter or the fiscal "
        "year. None: when a meeting is called.",
    )
    week = forms.TypedChoiceField(label="On the month's", choices=WEEKS, coerce=int)
    weekday = forms.TypedChoiceField(label="Weekday", choices=WEEKDAYS, coerce=int)
    begins_at = forms.TimeField(
        label="At",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text="In the organization's zone.",
        error_messages={"required": "Write a time such as 10:00.", "invalid": "Write a time such as 10:00."},
    )

    def __init__(self, *args: Any, entity: Entity, people: Any, version: CommitteeVersion | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entity = entity
        for name in ("chair", "members", "as_needed"):
            self.fields[name].queryset = people  # type: ignore[attr-defined]
        given = _initial(version) if version else {"week": 2, "weekday": 1, "begins_at": time(10), "quorum": 2}
        for name, value in given.items():
            self.fields[name].initial = value
        self.fields["code"].disabled = version is not None
        self.fields["authority"].label = f"Who decides on which amounts in {entity.currency}, a line for each"

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields under their headings."""
        named = {
            "Who sits on it": ("code", "name", "valid_from", "chair", "members", "as_needed"),
            "How it votes": ("quorum", "votes", "chair_votes"),
            "What it decides": ("responsibilities", "authority", "authority_measure"),
            "When it meets": ("meets", "week", "weekday", "begins_at"),
        }
        return [(heading, [self[name] for name in names]) for heading, names in named.items()]

    def wanted(self) -> CommitteeData:
        """Return what the service takes. For a form that is valid."""
        data = dict(self.cleaned_data)
        data["counts_noes"] = data.pop("votes") == "counted"
        data["responsibilities"] = data["responsibilities"].splitlines()
        data["members"], data["as_needed"] = list(data["members"]), list(data["as_needed"])
        return CommitteeData(**data)


def _initial(version: CommitteeVersion) -> dict[str, Any]:
    seats: dict[str, list[User]] = {capacity: [] for capacity in CommitteeSeat.Capacity.values}
    for seat in seats_of(version):
        seats[seat.capacity].append(seat.person)
    kept = ("name", "quorum", "chair_votes", "authority_measure", "week", "weekday", "begins_at")
    return {name: getattr(version, name) for name in kept} | {
        "code": version.committee.code,
        "chair": seats["chair"][0],
        "members": seats["member"],
        "as_needed": seats["as_needed"],
        "votes": "counted" if version.counts_noes else "",
        "responsibilities": "\n".join(version.responsibilities),
        "authority": "\n".join(version.authority),
        "meets": "\n".join(version.meets),
    }
