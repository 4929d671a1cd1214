"""Attributes of an organization's own, as fields of the form on which somebody asks for money."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.forms import BoundField
from django.http import QueryDict

from approvals.forms import Choices
from approvals.models import Request, RequestAttribute
from approvals.services.attributes import set_request_attributes
from budgets.attribute_forms import ValuesForm
from budgets.models import Attribute
from budgets.selectors.attributes import asked_of_each, values_of
from core.errors import InvalidInput
from core.models import Entity, User


@dataclass(frozen=True)
class Own:
    """What one organization asks. `name` tells it from the others where the person may ask in several that do."""

    entity: Entity
    form: ValuesForm
    name: str = ""

    def __iter__(self) -> Iterator[BoundField]:
        return iter(self.form)


def own_of(choices: Choices, kept: Request | None, post: QueryDict | None = None) -> list[Own]:
    """Return the fields of the organizations in which the person may ask: as typed, else as they were kept."""
    entities = {account.entity_id: account.entity for account in choices.accounts}
    asked = asked_of_each(list(entities), Attribute.Kind.REQUEST)
    has = values_of(RequestAttribute, [kept.pk]).get(kept.pk, {}) if kept and asked else {}
    return [
        Own(
            entities[pk],
            ValuesForm(post, prefix=f"own{pk}", asked=definitions, has=has),
            entities[pk].name if len(asked) > 1 else "",
        )
        for pk, definitions in asked.items()
    ]


def keep_own(owns: list[Own], kept: Request, actor: User, *, whole: bool) -> bool:
    """Keep what was typed of the request's organization; say whether all of it could be, with the reason beside its field.

    A draft may lack what must be stated; what is to be submitted is to be `whole`.
    """
    own = next((own for own in owns if own.entity.pk == kept.entity_id and own.form.is_bound), None)
    if own is None:
        return True
    if own.form.is_valid():
        try:
            set_request_attributes(request_id=kept.pk, values=own.form.stated(whole=whole), actor=actor)
        except InvalidInput as refusal:
            for code, sentence in (refusal.details or {"": str(refusal)}).items():
                own.form.add_error(code if code in own.form.fields else None, str(sentence))
    return not own.form.errors
