"""Sources that are set up at their first use."""

from pathlib import Path

import pytest
from django.db import OperationalError
from django.test.utils import override_settings

from budgets.models import CategoryAlias
from core.models import User
from reconciliation.models import Source
from reconciliation.services import source_files
from reconciliation.services.source_files import find_source
from tests.fixtures.budgets import SmallBudget

FILE = """
entity: acme
sources:
  - code: export
    name: Export
    format: spend_csv
    mapping: {columns: {date: Day, number: Document, vendor: Payee, category: Account, cost_centre: Centre, amount: Amount}}
    aliases: {software: [SaaS tools]}
"""


def test_a_source_is_set_up_with_all_its_aliases_or_not_at_all(
    small_budget: SmallBudget, controller: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "export.yaml").write_text(FILE)

    def fail(**more: object) -> None:
        raise OperationalError("the connection is gone")

    with override_settings(SOURCE_FILES=str(tmp_path)):
        with monkeypatch.context() as broken:
            broken.setattr(source_files, "add_alias", fail)
            with pytest.raises(OperationalError):
                find_source(code="export", entity_code="acme", actor=controller)
        assert Source.objects.count() == 0
        find_source(code="export", entity_code="acme", actor=controller)
    assert CategoryAlias.objects.get().source == "export"
