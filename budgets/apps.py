from typing import ClassVar

from django.apps import AppConfig


class BudgetsConfig(AppConfig):
    name = "budgets"
    # The app role reads the ledger and calls its functions; it has no other way to write there.
    read_only_tables: ClassVar[list[str]] = [
        "budgets_fundsaccount",
        "budgets_balance",
        "budgets_control",
        "budgets_cover",
        "budgets_controlmonth",
        "budgets_excused",
        "budgets_journal",
        "budgets_link",
        "budgets_entry",
    ]
    append_only_tables: ClassVar[list[str]] = ["budgets_exchangerate", "budgets_anchor", "budgets_acceptedrestore"]
    app_functions: ClassVar[list[str]] = [
        "budgets_post",
        "budgets_ensure_account",
        "budgets_set_controls",
        "budgets_set_control",
        "budgets_remove_control",
        "budgets_rebuild",
        "budgets_name_account",
    ]
    periodic: ClassVar[list[tuple[str, str, int]]] = [
        ("budgets: take the day's anchor", "budgets.tasks.take_anchor", 86400),
        ("budgets: check the ledger", "budgets.tasks.check_ledger", 86400),
    ]
