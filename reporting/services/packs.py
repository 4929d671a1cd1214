"""Packs: figures frozen once, then rendered from what was frozen."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, OperationalError, transaction

from budgets.models import Budget
from core import clock
from core.errors import Stale
from core.models import User
from core.selectors.retention import refuse_if_removed
from core.services import audit
from reporting import pdf
from reporting.locks import one_moment
from reporting.models import Pack, PackFile
from reporting.rendering import pack_html
from reporting.rules import snapshots
from reporting.rules.changes import changes_between
from reporting.selectors.packs import figures_of, latest_pack

SCHEMA = "purser.pack/1"
SOMEBODY_ELSE = ("23505", "40001")  # a unique key taken, or a transaction that met another


def freeze_pack(*, budget: Budget, month: date, actor: User | None, note: str = "") -> Pack:
    """Freeze the figures of `budget` to the end of `month` as its next issue, or return the last one if nothing changed.

    All figures are read at one moment. Raises InvalidInput for a month outside the budget, Missing without a version in
    force, and Stale where somebody else issued the same pack at the same time.
    """
    try:
        with one_moment():
            return _freeze(budget, month, actor, note)
    except (IntegrityError, OperationalError) as error:
        if getattr(error.__cause__, "sqlstate", "") not in SOMEBODY_ELSE:
            raise
        message = f"Another pack of {budget.code} was being issued at the same time."
        raise Stale(message, remedy="Look at it, then try again.") from error


def render_pack(*, pack: Pack, actor: User | None) -> PackFile:
    """Return the pack's PDF as it was issued; make it from the snapshot, and keep it, where there is none yet.

    Raises Missing where the libraries that make PDFs are not installed, Gone where its retention period is over.
    """
    refuse_if_removed("packs", pack.pk)
    kept = PackFile.objects.filter(pack=pack).first()
    if kept:
        return kept
    now = clock.now()
    made = pdf.render(pack_html(pack), attachments=_attachments(pack), made_at=pack.issued_at, identifier=pack.snapshot_sha256)
    return _keep(pack, made, actor=actor, at=now)


def _freeze(budget: Budget, month: date, actor: User | None, note: str) -> Pack:
    now = clock.now()
    figures = snapshots.plain(figures_of(budget, month, now=now))
    figures_sha256 = snapshots.digest(snapshots.canonical(comparable(figures)))
    last = latest_pack(budget, month)
    if last and last.figures_sha256 == figures_sha256:
        return last
    issue = _issue(last, figures, at=now, actor=actor, note=note)
    text = snapshots.canonical({"schema": SCHEMA, "issue": issue, "figures": figures})
    pack = Pack.objects.create(
        budget=budget,
        month=month,
        issue=issue["number"],
        snapshot=text,
        snapshot_sha256=snapshots.digest(text),
        figures_sha256=figures_sha256,
        last_journal=figures["anchor"]["last_journal"],
        is_final=figures["report"]["freshness"]["state"] == "final",
        reissue_of=last,
        note=note,
        issued_at=now,
        issued_by=actor,
    )
    after = {"issue": pack.issue, "month": f"{month:%Y-%m}", "snapshot_sha256": pack.snapshot_sha256}
    audit.record(actor=actor, verb="pack.issued", subject=pack, entity=budget.entity, after=after, at=now)
    return pack


def comparable(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures without the moments at which they were read: what two packs are compared by."""
    report = dict(figures["report"])
    report["freshness"] = {"state": report["freshness"]["state"]}
    return {**figures, "report": report}


def _issue(last: Pack | None, figures: Mapping[str, Any], *, at: datetime, actor: User | None, note: str) -> dict[str, Any]:
    issue = {
        "number": last.issue + 1 if last else 1,
        "issued_at": at,
        "issued_by": actor.title or actor.name if actor else "",
        "note": note,
        "base_url": settings.BASE_URL.rstrip("/"),
        "reissue_of": last.snapshot_sha256 if last else "",
        "changes": changes_between(last.document["figures"], figures) if last and last.snapshot else [],
    }
    plain: dict[str, Any] = snapshots.plain(issue)
    return plain


def _attachments(pack: Pack) -> list[pdf.Attached]:
    name = f"{pack.budget.code}-{pack.month:%Y-%m}-issue-{pack.issue}.json"
    return [pdf.Attached(name, f"The figures of this pack. SHA-256 {pack.snapshot_sha256}", pack.snapshot.encode("ascii"))]


def _keep(pack: Pack, made: pdf.Made, *, actor: User | None, at: datetime) -> PackFile:
    """Keep the file; where another worker was first, its file is the issued one."""
    values = {
        "content": made.content,
        "sha256": made.sha256,
        "size": len(made.content),
        "pages": made.pages,
        "renderer": made.renderer,
        "rendered_at": at,
    }
    with transaction.atomic():
        kept, is_new = PackFile.objects.get_or_create(pack=pack, defaults=values)
        if is_new:
            after = {"sha256": kept.sha256, "pages": kept.pages, "renderer": kept.renderer}
            audit.record(actor=actor, verb="pack.rendered", subject=pack, entity=pack.budget.entity, after=after, at=at)
    return kept
