"""A pack's pages, from its snapshot and nothing else. Page and paper share every template but the outermost."""

from django.template.loader import render_to_string

from reporting.models import Pack
from reporting.rules.packview import PackView, view_of


def pack_view(pack: Pack) -> PackView:
    """Return what the pack's templates read."""
    return view_of(pack.document, pack.snapshot_sha256)


def pack_html(pack: Pack) -> str:
    """Return the pack as the document that becomes its PDF."""
    view = pack_view(pack)
    return render_to_string("reporting/pack/paper.html", {"pack": view, "base_url": view.issue["base_url"], "on_paper": True})
