"""A file of an organization's statements as it was shown to one person: what is kept is just that."""

from dataclasses import dataclass

from core.errors import InvalidInput
from core.models import Entity, User
from core.shown import hand_out, refused, take_back


@dataclass(frozen=True)
class ShownFile:
    """A file as it was shown to one person, for one organization. `salt` keeps one kind from being taken for another."""

    text: str
    name: str
    person: int
    entity: str

    def signed(self, salt: str) -> str:
        """Return it as text that nobody can change unseen."""
        return hand_out([self.text, self.name, self.person, self.entity], salt=salt)


def shown_to(user: User, entity: Entity, text: str, *, salt: str) -> ShownFile:
    """Return the file that was shown to this person for this organization. Raises Stale, InvalidInput."""
    try:
        shown = ShownFile(*take_back(text, salt=salt))
    except TypeError as error:
        raise refused() from error
    if shown.person != user.pk or shown.entity != entity.code:
        raise InvalidInput("This was shown to somebody else, or for another organization.", remedy="Choose the file again.")
    return shown
