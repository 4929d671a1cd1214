"""People and organizations as bodies name them: by address and code, among what the caller may name."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from approvals.selectors.owners import people_in
from core.access import whole_entities_of
from core.api.serializers import Given
from core.errors import InvalidInput
from core.models import Entity, User
from core.rules.rights import Right


class PersonField(serializers.EmailField):
    """A person by e-mail address: somebody who holds a role in the organization."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=254, **kwargs)


class NamedSerializer(Given):
    """A person."""

    email = serializers.CharField()
    name = serializers.CharField()


def administered(caller: User, code: str) -> Entity:
    """Return an organization that the caller administers as a whole. Raises InvalidInput."""
    found = whole_entities_of(caller, Right.ADMINISTER).filter(code=code).first()
    if found is None:
        sentence = "You administer no organization of this code as a whole."
        raise InvalidInput(sentence, remedy="Ask one of its administrators.", details={"entity": sentence})
    return found


def person_named(entity: Entity, email: str, *, field: str) -> User:
    """Return the person of an address who holds a role in an organization. Raises InvalidInput by field."""
    return people_named(entity, [email], field=field)[0]


def people_named(entity: Entity, emails: Sequence[str], *, field: str) -> list[User]:
    """Return people in the order in which they are named. Raises InvalidInput by field."""
    wanted = [email.casefold() for email in emails]
    known = {person.email.casefold(): person for person in people_in(entity)} if wanted else {}
    unknown = [email for email in wanted if email not in known]
    if unknown:
        sentence = f"{', '.join(unknown[:3])}: nobody of that address holds a role at {entity.name}."
        raise InvalidInput(sentence, remedy="Give them a role first.", details={field: sentence})
    return [known[email] for email in wanted]
