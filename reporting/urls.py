from django.urls import path

from reporting.views import allocation_reports, home, packs, reports, statements, unified

app_name = "reporting"
urlpatterns = [
    path("", home.home, name="home"),
    path("reports/", reports.report_list, name="list"),
    path("reports/allocation/", allocation_reports.allocation, name="allocation"),
    path("reports/allocation/csv/", allocation_reports.allocation_csv, name="allocation-csv"),
    path("reports/unified/", unified.unified, name="unified"),
    path("reports/unified/csv/", unified.unified_csv, name="unified-csv"),
    path("reports/unified/xlsx/", unified.unified_workbook, name="unified-workbook"),
    path("reports/unified/entries/", unified.unified_entries, name="unified-entries"),
    path("reports/packs/", packs.pack_list, name="packs"),
    path("reports/packs/<int:pack_id>/", packs.pack, name="pack"),
    path("reports/packs/<int:pack_id>/pdf/", packs.pack_pdf, name="pack-pdf"),
    path("reports/statements/<int:statement_id>/make/", statements.make, name="statement-make"),
    path("reports/statements/<int:statement_id>/pdf/", statements.statement_pdf, name="statement-pdf"),
    path("reports/<str:code>/", reports.budget_report, name="budget"),
    path("reports/<str:code>/summary/", reports.summary, name="summary"),
    path("reports/<str:code>/issue/", packs.issue, name="issue"),
    path("reports/<str:code>/category/<str:category>/", reports.category_report, name="category"),
]
