"""The paper's fetcher reaches nothing: no kind of URL in any place of HTML, CSS or SVG, though it came alive."""

from pathlib import Path
from typing import Any

import pytest

from reporting import pdf
from tests.factories.reporting import AS_OF
from tests.trust.hostile.corpus import papers
from tests.trust.hostile.listener import listening
from tests.trust.hostile.looking import alive_in_paper

WORDS = "words-that-nobody-should-see"


def look(folder: Path) -> tuple[int, list[str]]:
    """Render every paper, and return how often the listener was called and what the papers carry."""
    secret = folder / "secret.txt"
    secret.write_text(WORDS)
    found: list[str] = []
    with listening() as listener:
        for html in papers(listener.address, secret):
            content = pdf.render(html, attachments=[], made_at=AS_OF, identifier="ab" * 16).content
            told: dict[str, Any] = {"secret": WORDS, "address": "\0", "attachments": set()}
            # A link that leads away stays one: it is followed by whoever clicks on it, not by us.
            found += [what for what in alive_in_paper(content, **told) if "link" not in what]
        return listener.connections, found


def test_no_kind_of_url_in_any_place_reaches_anything(tmp_path: Path) -> None:
    assert look(tmp_path) == (0, [])


def test_a_fetcher_that_opens_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from weasyprint.urls import URLFetcher

    monkeypatch.setattr(pdf, "_fetcher", lambda: URLFetcher(timeout=2))
    assert look(tmp_path)[0] > 10
