"""The doors of operations. The three for machines are answered before everything else, and show nobody's data."""

from tests.doors.words import Access, Answer, Door, Part, Persona, page, public


def _administers(persona: Persona, part: Part) -> Answer:
    if not persona.signs_in:
        return Answer.SIGN_IN
    return Answer.ALLOWED if persona.is_superuser or "administer" in persona.rights else Answer.REFUSED


DOORS: list[Door] = [
    page("operations:live", public(), bare=True),
    # In a test nothing beats, so it is never ready.
    page("operations:ready", public(Answer.WRONG), bare=True),
    page("operations:doctor", Access(_administers)),
    # Only who shows the token, or asks from a network that may, finds it.
    page("operations:metrics", public(Answer.HIDDEN), bare=True),
]
