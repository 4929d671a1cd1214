"""The nouns of budgets."""

from budgets.models.budgets import Budget, BudgetCategory, BudgetLine, BudgetLineMonth, BudgetVersion, Finding
from budgets.models.ledger import Balance, Bucket, Control, ControlMonth, Cover, Entry, FundsAccount, Journal, Link, Mode, Window
from budgets.models.master import Category, CategoryAlias, CostCentre, Milestone, Vendor, VendorAlias
from budgets.models.periods import Period

__all__ = [
    "Balance",
    "Bucket",
    "Budget",
    "BudgetCategory",
    "BudgetLine",
    "BudgetLineMonth",
    "BudgetVersion",
    "Category",
    "CategoryAlias",
    "Control",
    "ControlMonth",
    "CostCentre",
    "Cover",
    "Entry",
    "Finding",
    "FundsAccount",
    "Journal",
    "Link",
    "Milestone",
    "Mode",
    "Period",
    "Vendor",
    "VendorAlias",
    "Window",
]
