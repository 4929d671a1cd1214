"""The steps of `up` that need no server: the door, the words at the end, the lock, the signing key."""

import socket
import stat
from pathlib import Path

import pytest

from config.runtime.bringing_up import Plan, lay_out, listening, only_one, sign_in_words


def plan(var: Path, *, port: int = 0, demo: bool = False) -> Plan:
    return Plan(var=var, demo=demo, host="127.0.0.1", port=port, serve=True)


def test_a_taken_port_gives_way_to_another_and_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with listening(plan(tmp_path, port=taken), say=said.append) as door:
            assert door.getsockname()[1] != taken
            assert said == [f"Port {taken} is taken; using {door.getsockname()[1]}."]


def test_the_signing_key_is_made_once_and_is_ours_alone(tmp_path: Path) -> None:
    lay_out(tmp_path)
    key = tmp_path / "secret_key"
    first = key.read_text()
    lay_out(tmp_path)
    assert key.read_text() == first
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_it_does_not_run_twice_over_the_same_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "address").write_text("http://127.0.0.1:8123/")
    with only_one(tmp_path), pytest.raises(SystemExit), only_one(tmp_path):
        pass
    assert "runs already at http://127.0.0.1:8123/" in capsys.readouterr().err


def test_the_last_words_lead_the_first_administrator_in_and_in_the_demo_the_switcher(tmp_path: Path) -> None:
    address = "http://127.0.0.1:8000/"
    assert sign_in_words(plan(tmp_path), address) == [f"Sign in at  {address}sign-in/"]
    (tmp_path / "first_administrator").write_text("s3cret\n")
    plain = sign_in_words(plan(tmp_path), address)
    assert len(plain) == 1
    assert f"{address}first-administrator/s3cret/" in plain[0]
    assert sign_in_words(plan(tmp_path, demo=True), "http://127.0.0.1:8000/")[0].endswith("http://127.0.0.1:8000/sign-in/")
