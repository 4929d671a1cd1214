"""The doors of the API in reporting."""

from tests.doors.words import AUDIT, BUDGET, DECIDE, RECONCILE, REPORT, Answer, Door, may, reads, views

READING = (REPORT, AUDIT, BUDGET, RECONCILE, DECIDE)
REPORTS = reads(*READING, shared=Answer.REFUSED)

DOORS: list[Door] = [
    Door("api:reports-list", get=reads(*READING)),
    Door("api:reports-detail", get=REPORTS, at={"code": "budget"}),
    Door("api:reports-allocation", get=reads(*READING, whole=True), query="entity"),
    Door("api:unified-list", get=views(*READING), query="entity"),
    Door("api:unified-entries", get=views(*READING), query="entity"),
    Door("api:reports-summary", get=REPORTS, at={"code": "budget"}),
    Door("api:category-reports-detail", get=REPORTS, at={"code": "budget", "category": "category"}),
    Door(
        "api:reports-issue",
        post=may(RECONCILE, BUDGET, shared=Answer.REFUSED),
        at={"code": "budget"},
        body=lambda things: {"month": "2026-04", "note": "Once more."},
        changes=("core_job",),
    ),
    Door("api:packs-list", get=reads(*READING)),
    Door("api:packs-detail", get=reads(*READING), at={"id": "pack"}),
    Door("api:packs-pdf", get=reads(*READING), at={"id": "pack"}),
    Door("api:packs-data", get=reads(*READING), at={"id": "pack"}),
]
