"""Committees: stated by an administrator, from a day on. What was stated stays; the next version follows it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, time

from django.db import transaction

from approvals.locks import lock_committee
from approvals.models import CommitteeSeat, CommitteeVersion
from approvals.rules.committees import read_authority
from approvals.rules.meetings import read_meets
from approvals.selectors.committees import today_of
from approvals.services.owners import CODE, CODE_SENTENCE, holds_role, refuse_unless_administered
from core import clock
from core.errors import InvalidInput
from core.models import Entity, User
from core.services import audit

MOST_SEATS = 40
MOST_RESPONSIBILITIES = 20
LONGEST = 200


@dataclass(frozen=True, slots=True)
class CommitteeData:
    """What a committee is. `authority` and `meets` are lines of text (`rules/committees.py`, `rules/meetings.py`).

    Amounts are in the entity's currency; `begins_at` and `valid_from` are in its zone.
    """

    code: str
    name: str
    valid_from: date
    chair: User | None
    members: Sequence[User]
    quorum: int
    as_needed: Sequence[User] = ()
    counts_noes: bool = False
    chair_votes: bool = False
    responsibilities: Sequence[str] = ()
    authority: str = ""
    authority_measure: str = "amount"
    meets: str = ""
    week: int = 2
    weekday: int = 1
    begins_at: time = field(default=time(10))

    @property
    def seats(self) -> list[tuple[User, str]]:
        """Everybody with a seat, the chair first."""
        capacity = CommitteeSeat.Capacity
        chair = [(self.chair, capacity.CHAIR)] if self.chair else []
        return [
            *chair,
            *((each, capacity.MEMBER) for each in self.members),
            *((each, capacity.AS_NEEDED) for each in self.as_needed),
        ]


@transaction.atomic
def state_committee(*, entity: Entity, data: CommitteeData, actor: User | None) -> CommitteeVersion:
    """State what a committee is from a day on. Days that have passed keep what was stated for them.

    Raises NotAllowed for who does not administer the whole organization, InvalidInput by field.
    """
    refuse_unless_administered(entity, actor)
    _check(entity, data)
    committee = lock_committee(entity, data.code)
    last = committee.versions.order_by("-number").first()
    version = CommitteeVersion.objects.create(
        committee=committee,
        number=last.number + 1 if last else 1,
        valid_from=data.valid_from,
        name=data.name.strip(),
        quorum=data.quorum,
        counts_noes=data.counts_noes,
        chair_votes=data.chair_votes,
        responsibilities=[text.strip() for text in data.responsibilities if text.strip()],
        authority=[str(line) for line in read_authority(data.authority)],
        authority_measure=data.authority_measure,
        meets=[str(line) for line in read_meets(data.meets)],
        week=data.week,
        weekday=data.weekday,
        begins_at=data.begins_at,
        stated_by=actor,
        stated_at=clock.now(),
    )
    CommitteeSeat.objects.bulk_create(
        CommitteeSeat(version=version, person=person, capacity=capacity, position=position)
        for position, (person, capacity) in enumerate(data.seats, start=1)
    )
    audit.record(actor=actor, verb="committee.stated", subject=version, entity=entity, after=_said(version, data))
    return version


def _said(version: CommitteeVersion, data: CommitteeData) -> dict[str, object]:
    return {
        "code": data.code,
        "number": version.number,
        "valid_from": data.valid_from.isoformat(),
        "seats": [f"{person.email}: {capacity}" for person, capacity in data.seats],
        "quorum": data.quorum,
        "counts_noes": data.counts_noes,
        "chair_votes": data.chair_votes,
    }


def _check(entity: Entity, data: CommitteeData) -> None:
    wrong = _people_wrong(entity, data) | _words_wrong(data)
    if data.valid_from < today_of(entity):
        wrong["valid_from"] = "Choose today or a later day: what was decided before stands as it was."
    if not 1 <= data.quorum <= 1 + len(data.members):
        wrong["quorum"] = f"The chair and {len(data.members)} members vote: choose 1 to {1 + len(data.members)} of them."
    if not (1 <= data.week <= 5 and 0 <= data.weekday <= 6):
        wrong["week"] = "Choose which weekday of the month it meets on."
    for name, read in (("authority", read_authority), ("meets", read_meets)):
        try:
            read(getattr(data, name))
        except ValueError as error:
            wrong[name] = str(error)
    if wrong:
        raise InvalidInput("The committee cannot be so.", remedy=next(iter(wrong.values())), details=wrong)


def _people_wrong(entity: Entity, data: CommitteeData) -> dict[str, str]:
    wrong = {}
    if data.chair is None:
        wrong["chair"] = "Choose who chairs it."
    people = [person for person, _ in data.seats]
    twice = [person.name for person in dict.fromkeys(people) if people.count(person) > 1]
    if twice or len(people) > MOST_SEATS:
        wrong["members"] = f"{', '.join(twice[:3])}: one seat for each." if twice else f"At most {MOST_SEATS} people sit on it."
    strangers = [person.name for person in people if not holds_role(entity, person)]
    if strangers:
        wrong["members"] = f"{', '.join(strangers[:3])}: choose people who hold a role at {entity.name}."
    return wrong


def _words_wrong(data: CommitteeData) -> dict[str, str]:
    wrong = {}
    if not CODE.fullmatch(data.code):
        wrong["code"] = CODE_SENTENCE
    if not data.name.strip() or len(data.name) > LONGEST or "\x00" in data.name:
        wrong["name"] = f"Give it a name of up to {LONGEST} characters."
    if data.authority_measure not in CommitteeVersion.Measure.values:
        wrong["authority_measure"] = "Choose what the amounts are."
    responsibilities = [text for text in data.responsibilities if text.strip()]
    if len(responsibilities) > MOST_RESPONSIBILITIES or any(len(text) > LONGEST or "\x00" in text for text in responsibilities):
        wrong["responsibilities"] = f"State up to {MOST_RESPONSIBILITIES}, each of up to {LONGEST} characters."
    return wrong
