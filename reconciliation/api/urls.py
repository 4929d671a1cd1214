"""The addresses of reconciliation for programs."""

from core.api.routing import Router
from reconciliation.api.imports import ImportRows, Imports, Rows, Sources
from reconciliation.api.invoices import InvoiceLines, Invoices, Matches
from reconciliation.api.payments import Allocations, Exceptions, Matching, Payments, Suggestions

router = Router()
router.add("sources", Sources)
router.add("imports", Imports)
router.add(r"imports/(?P<file>[^/]+)/rows", ImportRows, name="rows-of-import")
router.add("import-rows", Rows)
router.add("invoices", Invoices)
router.add("invoice-lines", InvoiceLines)
router.add("matches", Matches)
router.add("payments", Payments)
router.add("allocations", Allocations)
router.add("suggestions", Suggestions)
router.add("exceptions", Exceptions)
router.add("matching", Matching)
