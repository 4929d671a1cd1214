"""What a request asks for beyond its lines: part of what is decided on, and of where."""

import hashlib

from approvals.models import Advance, Amendment, Override, Overrun, Request, ReserveDraw, Virement
from approvals.rules.overruns import span
from approvals.rules.particulars import POLICY_CHANGE

ADVANCE, AMENDMENT, OVERRIDE, OVERRUN = "advance", "amendment", "override", "overrun"
SPEND, VIREMENT, RESERVE_DRAW = "spend", "virement", "reserve_draw"
# Asked for on pages of their own, and never in an emergency: a plain request for money is none of these.
OWN_PAGE = frozenset({ADVANCE, AMENDMENT, OVERRIDE, OVERRUN, POLICY_CHANGE, RESERVE_DRAW, VIREMENT})
# They hold no money while they are decided: their lines say how much they are about; a change of a policy has none.
HOLDS_NOTHING = frozenset({AMENDMENT, OVERRIDE, OVERRUN, POLICY_CHANGE})


def virement_of(request: Request) -> Virement | None:
    """Return where a request moves budget to; None where it is none."""
    if request.subject_kind != VIREMENT:
        return None
    rows = Virement.objects.select_related("taker__budget__cost_centre", "taker__cost_centre", "taker__category")
    return rows.filter(request=request).first()


def advance_of(request: Request) -> Advance | None:
    """Return the month that a request takes budget to in advance; None where it takes none."""
    if request.subject_kind != ADVANCE:
        return None
    return Advance.objects.filter(request=request).first()


def draw_of(request: Request) -> ReserveDraw | None:
    """Return on which reserve a request draws, and for which line; None where it draws on none."""
    if request.subject_kind != RESERVE_DRAW:
        return None
    related = ("reserve__account__cost_centre", "reserve__entity", "terms", "taker__budget__cost_centre", "taker__cost_centre")
    return ReserveDraw.objects.select_related(*related).filter(request=request).first()


def override_of(request: Request) -> Override | None:
    """Return what a request asks to let pass; None where it is no override."""
    if request.subject_kind != OVERRIDE:
        return None
    return Override.objects.select_related("covers").filter(request=request).first()


def overrun_of(request: Request) -> Overrun | None:
    """Return the overrun that a request asks about; None where it is about none."""
    if request.subject_kind != OVERRUN:
        return None
    return Overrun.objects.filter(request=request).select_related("account__cost_centre", "entity").first()


def amendment_of(request: Request) -> Amendment | None:
    """Return the version that a request asks to put in force; None where it is no amendment."""
    if request.subject_kind != AMENDMENT:
        return None
    rows = Amendment.objects.select_related("version__budget__cost_centre", "version__budget__entity", "version__based_on")
    return rows.filter(request=request).first()


def terms_of(request: Request) -> dict[str, str]:
    """Return what a decision is bound to besides the lines, by name."""
    amendment = amendment_of(request)
    if amendment is not None:
        forced = {"forced": "yes"} if amendment.is_forced else {}
        return {"version": str(amendment.version_id), "size": amendment.size} | forced
    override = override_of(request)
    if override is not None:
        return {"covers": str(override.covers_id), "as": override.covered_digest}
    overrun = overrun_of(request)
    if overrun is not None:
        return {"over": f"{overrun.control_id}:{overrun.first:%Y-%m}:{overrun.last:%Y-%m}"}
    advance = advance_of(request)
    if advance is not None:
        return {"into": f"{advance.into:%Y-%m}"}
    draw = draw_of(request)
    if draw is not None:
        written = hashlib.sha256(draw.document.encode()).hexdigest() if draw.document else ""
        return {"reserve": f"{draw.reserve_id}:{draw.terms.number}", "taker": str(draw.taker_id), "document": written}
    virement = virement_of(request)
    return {"taker": str(virement.taker_id)} if virement else {}


def terms_in_words(request: Request) -> dict[str, str]:
    """Return the same as people read it."""
    amendment = amendment_of(request)
    if amendment is not None:
        return _amendment_in_words(amendment)
    override = override_of(request)
    if override is not None:
        return {"Lets pass": f"{override.covers.number}: {override.covers.title}"}
    overrun = overrun_of(request)
    if overrun is not None:
        return {"Over its limit": f"{overrun.name}, {span(overrun.first, overrun.last)}"}
    advance = advance_of(request)
    if advance is not None:
        later = " and ".join(f"{line.month:%B %Y}" for line in request.lines.order_by("number"))
        return {"Taken in advance for": f"{advance.into:%B %Y}; it is missing in {later}"}
    return _moves_in_words(request)


def _moves_in_words(request: Request) -> dict[str, str]:
    draw, virement = draw_of(request), virement_of(request)
    if draw is not None:
        return _draw_in_words(draw)
    if virement is None:
        return {}
    taker = virement.taker
    return {"Moves to": f"{taker.name}, {taker.budget.name} · {taker.cost_centre}"}


def places_besides(request: Request) -> list[str]:
    """Return the paths of the cost centres that a request touches besides those of its lines; of a policy, where it holds."""
    if request.subject_kind == POLICY_CHANGE:
        centre = request.policy_change.draft.policy.cost_centre
        return [centre.path if centre else "/"]
    amendment, moved = amendment_of(request), virement_of(request) or draw_of(request)
    if amendment is not None:
        return [amendment.version.budget.cost_centre.path]
    return [moved.taker.cost_centre.path] if moved else []


def _draw_in_words(draw: ReserveDraw) -> dict[str, str]:
    taker = draw.taker
    return {
        "Draws on": f"{draw.reserve.name}: {draw.terms.purpose}",
        "Moves to": f"{taker.name}, {taker.budget.name} · {taker.cost_centre}",
        draw.terms.document: draw.document or "attached",
    }


def _amendment_in_words(amendment: Amendment) -> dict[str, str]:
    version = amendment.version
    since = f"{version.effective_on:%B %Y}" if version.effective_on else "its first month"
    forced = {"Below what is held": "May lower lines below what they hold"} if amendment.is_forced else {}
    before = f" in place of {version.based_on.number}" if version.based_on else ""
    said = {"Amends": f"{version.budget.name}, version {version.number}{before}"}
    return said | {"Holds from": since, "Size": f"{amendment.get_size_display().capitalize()}: {amendment.why}"} | forced
