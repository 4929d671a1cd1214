"""What a file is by its content, whatever its name says; what is hostile is refused with a sentence, within bounds."""

import subprocess
import sys

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from core.rules.files import examine, known_endings
from core.rules.unfit import Unfit
from tests.core.rules.hostile_files import BAD, GOOD, NOTED, office, pdf, png

WITHIN_LIMITS = """
import resource
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
from tests.core.rules.hostile_files import BAD, many_parts
import zlib
from core.rules.files import examine
from core.rules.unfit import Unfit
big = {
    "many": ("a.docx", many_parts(120_000), ""),
    "names": ("a.pdf", b"%PDF-1.7\\n" + b"stream\\n" * 1_400_000, ""),
    "brackets": ("a.txt", b"<" * 10_000_000, ""),
    "hashes": ("a.pdf", b"%PDF-1.7\\n" + b"#4a" * 3_000_000, ""),
    "segments": ("a.jpg", b"\\xff\\xd8" + b"\\xff\\xe0\\x00\\x02" * 2_500_000, ""),
    "chunks": ("a.png", b"\\x89PNG\\r\\n\\x1a\\n" + b"\\x00\\x00\\x00\\x00abcd0000" * 800_000, ""),
}
held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
resource.setrlimit(resource.RLIMIT_AS, (held + 400_000_000, held + 400_000_000))
refused = 0
for name, content, _ in [*BAD.values(), *big.values()]:
    try:
        examine(name, content)
    except Unfit:
        refused += 1
print(refused)
"""


@pytest.mark.parametrize("case", GOOD)
def test_a_file_that_is_what_its_name_says(case: str) -> None:
    name, content = GOOD[case]
    assert examine(name, content).notes == ()


@pytest.mark.parametrize("case", NOTED)
def test_what_is_worth_knowing_is_noted(case: str) -> None:
    name, content, words = NOTED[case]
    assert words in " ".join(examine(name, content).notes)


@pytest.mark.parametrize("case", BAD)
def test_a_hostile_file_is_refused_with_a_sentence(case: str) -> None:
    name, content, code = BAD[case]
    with pytest.raises(Unfit) as refused:
        examine(name, content)
    assert refused.value.code == code
    assert refused.value.found
    assert refused.value.remedy.endswith(".")


def test_hostile_files_are_refused_within_bounds() -> None:
    """In a process of its own, which the system stops beyond 20 seconds of work and 400 MB more than it began with."""
    done = subprocess.run(
        [sys.executable, "-c", WITHIN_LIMITS], capture_output=True, text=True, check=False, cwd=settings.BASE_DIR
    )
    assert done.returncode == 0, done.stderr[-2000:]
    # Ten million brackets are text, and a PDF may say #4a as often as it likes.
    assert int(done.stdout) == len(BAD) + 4


@given(
    st.sampled_from(known_endings()),
    st.binary(max_size=400),
    st.sampled_from([pdf(), png(), office(), b"a,b\n"]),
    st.integers(0, 400),
)
def test_whatever_comes_is_taken_or_refused(ending: str, noise: bytes, base: bytes, at: int) -> None:
    for content in (noise, base[:at] + noise + base[at:]):
        try:
            examine(f"file{ending}", content)
        except Unfit:
            continue
