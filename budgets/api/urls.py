"""The addresses of budgets for programs."""

from budgets.api import document  # noqa: F401  describes it
from budgets.api.attributes import Attributes
from budgets.api.bands import Bands
from budgets.api.budgets import Budgets, Versions
from budgets.api.carrying import Carries, CarryRules
from budgets.api.chargebacks import Chargebacks, Disputes, Statements
from budgets.api.controls import Controls
from budgets.api.day_rates import DayRates
from budgets.api.ledger import Accounts, Entries, Journals, Ledger
from budgets.api.master import Categories, CostCentres, Periods, Rates, Vendors
from budgets.api.opening import Openings
from budgets.api.projections import Projections
from budgets.api.rule_sets import Readings, RuleSets
from budgets.api.tags import SpendTags, TagKeys, TagRules
from budgets.api.templates import BudgetTemplates
from core.api.routing import Router

router = Router()
router.add("cost-centres", CostCentres)
router.add("categories", Categories)
router.add("vendors", Vendors)
router.add("periods", Periods)
router.add("rates", Rates)
router.add("day-rates", DayRates)
router.add("projections", Projections)
router.add("budgets", Budgets)
router.add(r"budgets/(?P<code>[^/]+)/versions", Versions, name="versions")
router.add(r"budgets/(?P<code>[^/]+)/openings", Openings, name="openings")
router.add(r"budgets/(?P<code>[^/]+)/carries", Carries, name="carries")
router.add(r"budgets/(?P<code>[^/]+)/bands", Bands, name="bands")
router.add("carry-rules", CarryRules)
router.add("accounts", Accounts)
router.add("entries", Entries)
router.add("journals", Journals)
router.add("controls", Controls)
router.add("ledger", Ledger)
router.add("chargebacks", Chargebacks)
router.add("chargeback-statements", Statements)
router.add("chargeback-disputes", Disputes)
router.add("rule-sets", RuleSets)
router.add("usage-readings", Readings)
router.add("budget-templates", BudgetTemplates)
router.add("attributes", Attributes)
router.add("tag-keys", TagKeys)
router.add("tag-rules", TagRules)
router.add("spend-tags", SpendTags)

# The same budgets at the addresses without a version.
plain = Router()
plain.add("budgets", Budgets)
