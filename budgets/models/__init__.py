"""The nouns of budgets."""

from budgets.models.anchors import AcceptedRestore, Anchor
from budgets.models.attributes import Attribute, BudgetAttribute
from budgets.models.bands import BandPart, BandTarget, EstimateBand
from budgets.models.budgets import Budget, BudgetCategory, BudgetLine, BudgetLineMonth, BudgetVersion, Finding
from budgets.models.carrying import CarryRule, CarryRun
from budgets.models.chargeback import ChargebackAdjustment, ChargebackPart, ChargebackRun, ChargebackSource
from budgets.models.controls import Control, ControlMonth, Cover, Excused, Mode, Window
from budgets.models.holds import OpenHold
from budgets.models.ledger import Balance, Bucket, Entry, FundsAccount, Journal, Link
from budgets.models.master import Category, CategoryAlias, CostCentre, Milestone, Vendor, VendorAlias
from budgets.models.periods import Period
from budgets.models.projections import Projection, ProjectionPart
from budgets.models.rates import DayRate, ExchangeRate
from budgets.models.rule_sets import RuleSet, UsageReading
from budgets.models.sign_offs import VersionSignOff
from budgets.models.statements import ChargebackDispute, ChargebackStatement
from budgets.models.tags import SpendItem, SpendTag, TagKey, TagRule, TagTarget
from budgets.models.templates import BudgetTemplate

__all__ = [
    "AcceptedRestore",
    "Anchor",
    "Attribute",
    "Balance",
    "BandPart",
    "BandTarget",
    "Bucket",
    "Budget",
    "BudgetAttribute",
    "BudgetCategory",
    "BudgetLine",
    "BudgetLineMonth",
    "BudgetTemplate",
    "BudgetVersion",
    "CarryRule",
    "CarryRun",
    "Category",
    "CategoryAlias",
    "ChargebackAdjustment",
    "ChargebackDispute",
    "ChargebackPart",
    "ChargebackRun",
    "ChargebackSource",
    "ChargebackStatement",
    "Control",
    "ControlMonth",
    "CostCentre",
    "Cover",
    "DayRate",
    "Entry",
    "EstimateBand",
    "ExchangeRate",
    "Excused",
    "Finding",
    "FundsAccount",
    "Journal",
    "Link",
    "Milestone",
    "Mode",
    "OpenHold",
    "Period",
    "Projection",
    "ProjectionPart",
    "RuleSet",
    "SpendItem",
    "SpendTag",
    "TagKey",
    "TagRule",
    "TagTarget",
    "UsageReading",
    "Vendor",
    "VendorAlias",
    "VersionSignOff",
    "Window",
]
