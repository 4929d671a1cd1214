"""The addresses of budgets for programs."""

from budgets.api import document  # noqa: F401  describes it
from budgets.api.budgets import Budgets, Versions
from budgets.api.controls import Controls
from budgets.api.ledger import Accounts, Entries, Journals, Ledger
from budgets.api.master import Categories, CostCentres, Periods, Rates, Vendors
from core.api.routing import Router

router = Router()
router.add("cost-centres", CostCentres)
router.add("categories", Categories)
router.add("vendors", Vendors)
router.add("periods", Periods)
router.add("rates", Rates)
router.add("budgets", Budgets)
router.add(r"budgets/(?P<code>[^/]+)/versions", Versions, name="versions")
router.add("accounts", Accounts)
router.add("entries", Entries)
router.add("journals", Journals)
router.add("controls", Controls)
router.add("ledger", Ledger)

# The same budgets at the addresses without a version.
plain = Router()
plain.add("budgets", Budgets)
