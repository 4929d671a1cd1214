"""What a request's page says of an approval by the policy itself."""

from typing import Any

from django import forms

from approvals.forms import MAX_TEXT, text_field
from approvals.models import LookBack, Request
from approvals.selectors.automatic import may_look_back
from approvals.selectors.stories import Story
from core.models import User


class LookBackForm(forms.Form):
    """What looking back came to."""

    use_required_attribute = False

    outcome = forms.ChoiceField(
        choices=LookBack.Outcome.choices,
        error_messages={"required": "Choose one of the two answers.", "invalid_choice": "Choose one of the two answers."},
    )
    remark = text_field(
        "What you found",
        MAX_TEXT,
        help_text="To withdraw it, say why: its requester reads it, and what is not spent is free again.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def look_back_of(story: Story, person: User) -> dict[str, Any]:
    """Return what a request's page says of a policy's own approval, and the form for whoever may look back at it."""
    found = story.request
    own = [decision for decision in story.decisions if decision.rule_id and decision.round == found.round]
    looked = [each for each in story.look_backs if each.round == found.round]
    is_open = bool(own) and not looked and found.state == Request.State.APPROVED
    may = is_open and person.pk != found.requester_id and may_look_back(person, found)
    return {
        "by_policy": own[0] if own else None,
        "look_backs": looked,
        "look_back_form": LookBackForm() if may else None,
    }
