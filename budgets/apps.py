from typing import ClassVar

from django.apps import AppConfig


class BudgetsConfig(AppConfig):
    name = "budgets"
    # The app role reads the ledger and calls its functions; it has no other way to write there.
    read_only_tables: ClassVar[list[str]] = [
        "budgets_fundsaccount",
        "budgets_balance",
        "budgets_openhold",
        "budgets_control",
        "budgets_cover",
        "budgets_controlmonth",
        "budgets_excused",
        "budgets_journal",
        "budgets_link",
        "budgets_entry",
    ]
    append_only_tables: ClassVar[list[str]] = [
        "budgets_dayrate",
        "budgets_exchangerate",
        "budgets_anchor",
        "budgets_acceptedrestore",
        "budgets_projection",
        "budgets_projectionpart",
        "budgets_chargebackadjustment",
        "budgets_chargebackpart",
        "budgets_chargebacksource",
        "budgets_ruleset",
        "budgets_usagereading",
        "budgets_versionsignoff",
        "budgets_carryrule",
        "budgets_estimateband",
        "budgets_bandpart",
        "budgets_bandtarget",
    ]
    walled_tables: ClassVar[dict[str, str]] = {
        "budgets_balance": "account",
        "budgets_bandpart": "band",
        "budgets_bandtarget": "band",
        "budgets_attribute": "entity",
        "budgets_budget": "entity",
        "budgets_budgetattribute": "subject",
        "budgets_budgetcategory": "version",
        "budgets_budgetline": "version",
        "budgets_budgetlinemonth": "line",
        "budgets_budgettemplate": "entity",
        "budgets_budgetversion": "budget",
        "budgets_carryrule": "entity",
        "budgets_carryrun": "budget",
        "budgets_category": "entity",
        "budgets_categoryalias": "entity",
        "budgets_chargebackadjustment": "run",
        "budgets_chargebackdispute": "statement",
        "budgets_chargebackpart": "run",
        "budgets_chargebackrun": "entity",
        "budgets_chargebacksource": "run",
        "budgets_chargebackstatement": "run",
        "budgets_control": "entity",
        "budgets_controlmonth": "control",
        "budgets_cover": "account",
        "budgets_dayrate": "entity",
        "budgets_entry": "account",
        "budgets_estimateband": "budget",
        "budgets_exchangerate": "entity",
        "budgets_excused": "control",
        "budgets_finding": "version",
        "budgets_fundsaccount": "entity",
        "budgets_journal": "entity",
        "budgets_link": "account",
        "budgets_milestone": "budget",
        "budgets_openhold": "account",
        "budgets_period": "entity",
        "budgets_projection": "entity",
        "budgets_projectionpart": "projection",
        "budgets_ruleset": "entity",
        "budgets_spenditem": "entity",
        "budgets_spendtag": "item",
        "budgets_tagkey": "entity",
        "budgets_tagrule": "entity",
        "budgets_tagtarget": "entity",
        "budgets_usagereading": "entity",
        "budgets_vendor": "entity",
        "budgets_vendoralias": "entity",
        "budgets_versionsignoff": "version",
    }
    open_tables: ClassVar[dict[str, str]] = {
        "budgets_costcentre": "what a person may see is read from its paths",
    }
    # Written by functions with the owner's rights alone, which no policy holds: a trigger does.
    guarded_tables: ClassVar[list[str]] = ["budgets_control", "budgets_fundsaccount", "budgets_journal"]
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
        ("budgets: remind of statements and disputes", "budgets.tasks.watch_chargebacks", 60),
    ]

    def ready(self) -> None:
        from budgets import handlers, records, sign_off_handlers  # noqa: F401  registers them
        from budgets.selectors.consumers import consumers_held
        from budgets.selectors.effects import watch_ledger
        from core.consumers import consumers_read_by
        from core.trials import money_read_by

        money_read_by(watch_ledger)
        consumers_read_by(consumers_held)
