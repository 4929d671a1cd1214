"""What the audit trail is about: the rooms say which verbs belong to which subject."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """A part of the trail: verbs begin with one of `verbs`, such as `budget.`."""

    code: str
    title: str
    verbs: tuple[str, ...]


topics: dict[str, Topic] = {}
# Deeds whose records tell what somebody typed and has not put before anybody: theirs alone.
private: set[str] = set()


def register(topic: Topic) -> None:
    """Make a part of the trail known."""
    topics[topic.code] = topic


def keep_private(*verbs: str) -> None:
    """Leave these deeds out of what auditors and administrators read."""
    private.update(verbs)


def topic_of(verb: str) -> Topic | None:
    """Return what a verb is about; None where no room says."""
    return next((topic for topic in topics.values() if verb.startswith(topic.verbs)), None)


ACCESS = "entity person role invitation token acting second_factor sessions sign_in first_administrator roleassignment api_token"
register(Topic("access", "People and rights", tuple(f"{noun}." for noun in ACCESS.split())))
register(Topic("retention", "Retention", ("retention.",)))
