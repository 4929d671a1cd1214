"""The nouns of budgets."""

from budgets.models.anchors import AcceptedRestore, Anchor
from budgets.models.budgets import Budget, BudgetCategory, BudgetLine, BudgetLineMonth, BudgetVersion, Finding
from budgets.models.controls import Control, ControlMonth, Cover, Excused, Mode, Window
from budgets.models.ledger import Balance, Bucket, Entry, FundsAccount, Journal, Link
from budgets.models.master import Category, CategoryAlias, CostCentre, Milestone, Vendor, VendorAlias
from budgets.models.periods import Period
from budgets.models.rates import ExchangeRate

__all__ = [
    "AcceptedRestore",
    "Anchor",
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
    "ExchangeRate",
    "Excused",
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
