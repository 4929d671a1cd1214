"""The addresses of reporting for programs."""

from core.api.routing import Router
from reporting.api.packs import Packs
from reporting.api.reports import CategoryReports, Reports
from reporting.api.unified import UnifiedView

router = Router()
router.add("reports", Reports)
router.add(r"reports/(?P<code>[^/]+)/categories", CategoryReports, name="category-reports")
router.add("packs", Packs)
router.add("unified", UnifiedView)
