"""What journals are, in sentences for people. The words of kinds and states themselves are the models'."""

# What a month's chargeback posts is marked by this source, and does not count where the next one collects.
CHARGEBACK_SOURCE = "chargeback"

# What is not plain from the word alone.
KINDS = {
    "transfer": "It moves allotments from one place to another; together they stay what they were.",
    "carry": "It carries what was left of one span into another; together it stays what it was.",
    "move": "It moves what is held to another month; nothing more is held than before.",
    "opening": "It opens the books with what another system held.",
    "recode": "It puts what was spent on the right line or month; together it stays what it was.",
}
STATES = {
    "pending": "All of what it holds is still held.",
    "part": "Some of what it held was used or let go; the rest is still held.",
    "posted": "All of what it held was used.",
    "voided": "All of what it held was let go, unused.",
    "reversed": "It was reversed: it holds nothing any more.",
}


def passed_as(*, is_fact: bool, is_override: bool) -> str:
    """Return on what terms a journal met the controls above it."""
    if is_fact:
        return "a fact: it had happened, and no control could refuse it; what it went over is excused"
    if is_override:
        return "an override: an approval let it pass every control; what it went over is excused"
    return "checked against every control above it"
