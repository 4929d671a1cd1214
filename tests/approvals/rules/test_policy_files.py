"""Policies as files: each of the demo's is read as the command and the page read it, its numbers text until they are judged."""

from pathlib import Path

import pytest

from approvals.management.commands.load_policy import read_document
from approvals.services.policies import read_policy

FILES = sorted((Path(__file__).parents[3] / "demo" / "policies").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_of_the_demo_is_read(path: Path) -> None:
    assert read_policy(read_document(path)).rules


def test_whole_numbers_are_read_and_others_refused(tmp_path: Path) -> None:
    text = (Path(FILES[0]).parent / "finops.yaml").read_text()
    file = tmp_path / "policy.yaml"
    file.write_text(text)
    assert read_policy(read_document(file)).rules[2].risk_bounds == (21, 40)
    file.write_text(text.replace("from: 21", "from: 21.5"))
    with pytest.raises(Exception, match="cannot be read"):
        read_policy(read_document(file))
