"""The doors of core: notices, jobs, people, appearance."""

from tests.doors.words import (
    ADMINISTER,
    AUDIT,
    Access,
    Answer,
    Door,
    Part,
    Persona,
    act,
    form,
    own_only,
    page,
    public,
    reads,
    signed_in,
)


def _looks_after(persona: Persona, part: Part) -> Answer:
    """Open to administrators, for the people and invitations of their organization alone, and to a superuser for all."""
    if not persona.signs_in:
        return Answer.SIGN_IN
    if not (persona.is_superuser or ADMINISTER in persona.rights):
        return Answer.REFUSED
    if part == Part.MISSING or (part == Part.FAR and not persona.is_superuser):
        return Answer.HIDDEN
    return Answer.ALLOWED


PEOPLE = Access(_looks_after)


def _oversees(persona: Persona, part: Part) -> Answer:
    """Open to administrators and auditors of a whole organization, for its people alone, and to a superuser for all."""
    if not persona.signs_in:
        return Answer.SIGN_IN
    if not persona.is_superuser and not (persona.whole and persona.rights & {ADMINISTER, AUDIT}):
        return Answer.REFUSED
    if part == Part.MISSING or (part == Part.FAR and not persona.is_superuser):
        return Answer.HIDDEN
    return Answer.ALLOWED


RIGHTS = Access(_oversees)
# A job is its starter's, and of those who audit the organization as a whole.
JOBS = reads(AUDIT, whole=True, without=Answer.HIDDEN)


def _wrong(answer: Answer) -> Answer:
    """Who may do it, and sends an empty form, is told what is missing."""
    return Answer.WRONG if answer == Answer.ALLOWED else answer


DOORS: list[Door] = [
    act("core:appearance", public(), body=lambda things: {"theme": "dark", "next": "/"}),
    page("core:notices", signed_in()),
    act("core:notices-read", signed_in(), changes=("core_notice",), changed_by=("requester",)),
    act("core:notice-open", own_only("requester"), notice_id="notice", changes=("core_notice",)),
    page("core:job", JOBS, job_id="job"),
    page("core:job-progress", JOBS, job_id="job"),
    page("core:people", PEOPLE),
    form(
        "core:invite",
        PEOPLE,
        post=Access(lambda persona, part: _wrong(PEOPLE.answer(persona, part))),
        body=lambda things: {"email": "no"},
    ),
    act("core:invitation-again", PEOPLE, invitation_id="invitation", changes=("core_invitation",)),
    act("core:invitation-withdraw", PEOPLE, invitation_id="invitation", changes=("core_invitation",)),
    act("core:lift-lock", PEOPLE, person_id="person_id"),
    form(
        "core:act-as",
        PEOPLE,
        person_id="person_id",
        body=lambda things: {"reason": "They asked for help."},
        changes=("core_actingsession",),
    ),
    form(
        "core:person-calendar",
        PEOPLE,
        person_id="person_id",
        body=lambda things: {"calendar": "", "valid_from": "2036-01-01"},
        changes=("core_personcalendar",),
    ),
    act("core:act-stop", signed_in()),
    page("core:rights", RIGHTS),
    page("core:person-rights", RIGHTS, person_id="person_id"),
    form("core:rights-give", PEOPLE, post=Access(lambda persona, part: _wrong(PEOPLE.answer(persona, part)))),
    # Who may not is told so on the page of rights.
    act("core:rights-take", signed_in(), assignment_id="=0"),
    form("core:invitation", public(Answer.HIDDEN), token="=no-such"),
    form("core:first-administrator", public(Answer.HIDDEN), token="=no-such"),
    form("core:switch", public(), body=lambda things: {"person": things.get("person", "0")}, post=public(), demo=True),
]
