"""Which commands bring the embedded server up for themselves."""

import pytest

from config.runtime.on_demand import needs_server


@pytest.mark.parametrize("command", ["check_ledger", "load_budget", "shell"])
def test_commands_that_work_on_data_do(command: str) -> None:
    assert needs_server(command)


@pytest.mark.parametrize("command", ["", "up", "prepare", "makemigrations", "check", "../core/apps", "--help"])
def test_others_do_not(command: str) -> None:
    assert not needs_server(command)
