"""The doors of reporting: the first page, reports and packs. A report shows a budget whole, so a part of it is not enough."""

from tests.doors.words import (
    AUDIT,
    BUDGET,
    DECIDE,
    RECONCILE,
    REPORT,
    Answer,
    Door,
    Part,
    act,
    may,
    page,
    reads,
    signed_in,
    views,
)

READING = (REPORT, AUDIT, BUDGET, RECONCILE, DECIDE)
ORGANIZATION = reads(*READING, without=Answer.HIDDEN, whole=True)
# Who reaches over a part of an organization has a view of that part.
VIEW = views(*READING, without=Answer.HIDDEN)
REPORTS = reads(*READING, without=Answer.HIDDEN, shared=Answer.REFUSED)

DOORS: list[Door] = [
    page("reporting:home", signed_in()),
    page("reporting:list", signed_in()),
    page("reporting:allocation", ORGANIZATION, query="entity"),
    page("reporting:allocation-csv", ORGANIZATION, query="entity"),
    page("reporting:unified", VIEW, query="entity"),
    page("reporting:unified-csv", VIEW, query="entity"),
    page("reporting:unified-workbook", VIEW, query="entity"),
    page("reporting:unified-entries", VIEW, query="entity"),
    page("reporting:packs", signed_in()),
    page("reporting:pack", REPORTS, pack_id="pack"),
    page("reporting:pack-pdf", REPORTS, pack_id="pack"),
    page("reporting:budget", REPORTS, code="budget"),
    page("reporting:summary", REPORTS, code="budget"),
    act(
        "reporting:issue",
        may(
            *READING,
            without=Answer.HIDDEN,
            shared=Answer.REFUSED,
            # Those who read it and keep no books are told so.
            requester={Part.OWN: Answer.REFUSED},
            approver={Part.OWN: Answer.REFUSED},
            executive={Part.OWN: Answer.REFUSED, Part.NEAR: Answer.REFUSED, Part.SHARED: Answer.REFUSED},
            auditor={Part.OWN: Answer.REFUSED, Part.NEAR: Answer.REFUSED, Part.SHARED: Answer.REFUSED},
            administrator={Part.OWN: Answer.REFUSED, Part.NEAR: Answer.REFUSED, Part.SHARED: Answer.REFUSED},
        ),
        code="budget",
        body=lambda things: {"month": "2026-04", "note": "Once more."},
        changes=("core_job",),
    ),
    # None was made yet.
    page("reporting:statement-pdf", reads(*READING, without=Answer.HIDDEN, allowed=Answer.WRONG), statement_id="statement"),
    act(
        "reporting:statement-make",
        reads(*READING, without=Answer.HIDDEN),
        statement_id="statement",
        changes=("core_job",),
    ),
    page("reporting:category", REPORTS, code="budget", category="category"),
]
