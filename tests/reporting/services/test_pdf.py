"""The PDF: the same bytes wherever it is made, and nothing fetched for it."""

import hashlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pypdf
import pytest

from core.errors import Missing
from reporting import pdf
from reporting.rendering import pack_html
from reporting.rules import snapshots
from tests.factories.reporting import AS_OF, FULL, category, document, line, pack, report

ROOT = Path(__file__).parents[3]
HOSTILE = (
    '<img src=http://127.0.0.1:9/x.png><link rel="attachment" href="file:///etc/passwd"><a href="javascript:alert(1)">x</a>'
    '"><style>@import url(http://127.0.0.1:9/y.css);</style>'
)
AGAIN = """
import sys
import django
django.setup()
from reporting import pdf
from tests.factories.reporting import AS_OF
made = pdf.render(sys.stdin.read(), attachments=[pdf.Attached("a.json", "data", b"{}")], made_at=AS_OF, identifier="ab" * 32)
print(made.sha256)
"""


def rendered(html: str) -> pdf.Made:
    attached = [pdf.Attached("a.json", "data", b"{}")]
    return pdf.render(html, attachments=attached, made_at=AS_OF, identifier="ab" * 32)


@pytest.fixture(scope="module")
def html() -> str:
    row = category("External Vendors", 110, 120, 6, (line("Consultants", 60, 70), line("Tuning", 50, 50)))
    return pack_html(pack(document(report(row, **FULL))))


def test_the_same_text_is_the_same_bytes_in_another_zone_and_process(html: str) -> None:
    here = rendered(html)
    assert here.sha256 == hashlib.sha256(here.content).hexdigest()
    second_page = pypdf.PdfReader(io.BytesIO(here.content)).pages[1].extract_text()
    assert "External Vendors is past its threshold" in second_page, "the executive page is one page"
    env = {**os.environ, "TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "4711", "DJANGO_SETTINGS_MODULE": "config.settings"}
    run = subprocess.run([sys.executable, "-c", AGAIN], input=html, env=env, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == here.sha256


def test_hostile_text_is_neither_live_nor_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = pdf.static_file

    def noted(url: str) -> Path:
        asked.append(url)
        return real(url)

    monkeypatch.setattr(pdf, "static_file", noted)
    html = pack_html(pack(document(report(category(HOSTILE, 110, 120, 6, (line(HOSTILE, 60, 70),)), name=HOSTILE), note=HOSTILE)))
    assert "<img" not in html
    assert '<a href="javascript' not in html
    reader = pypdf.PdfReader(io.BytesIO(rendered(html).content))
    links = [str(note.get_object()) for page in reader.pages for note in page.get("/Annots", [])]
    assert not [link for link in links if "javascript" in link or "file:" in link or ":9/" in link]
    assert list(reader.attachments) == ["a.json"]
    assert asked
    assert all(url.startswith("static:") for url in asked)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x.css",
        "file:///etc/passwd",
        "data:text/css,a{}",
        "static:../config/settings.py",
        "static:fonts/../../manage.py",
        "static:/etc/passwd",
        "static:vendor/htmx.min.js",
        "purser.css",
    ],
)
def test_the_fetcher_hands_out_its_own_files_alone(url: str) -> None:
    with pytest.raises(ValueError, match="static"):
        pdf.static_file(url)


def test_without_pango_the_refusal_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_pango(name: str) -> None:
        raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setattr(pdf, "import_module", without_pango)
    assert not pdf.is_ready()
    with pytest.raises(Missing, match="libpango"):
        rendered("<p>")


def test_links_lead_to_the_product_that_issued_it(html: str) -> None:
    assert 'href="http://127.0.0.1:8000/reports/KAFKA/category/external-vendors/?month=2026-10"' in html


def test_an_unsaved_snapshot_is_hashed_as_it_stands() -> None:
    made = pack(document(report(category("A", 1, 1))))
    assert made.snapshot_sha256 == snapshots.digest(made.snapshot)
