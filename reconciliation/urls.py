"""The addresses of reconciliation."""

from django.urls import path

from reconciliation.views import attributes, exceptions, home, import_rows, imports, invoices, payments, sources, suggestions

app_name = "reconciliation"
urlpatterns = [
    path("", home.home, name="home"),
    path("match/", home.look_for_matches, name="look-for-matches"),
    path("invoices/<int:invoice_id>/attributes/", attributes.of_invoice, name="invoice-attributes"),
    path("imports/", imports.import_list, name="imports"),
    path("imports/new/", imports.new, name="import-new"),
    path("imports/<int:import_id>/", imports.import_file, name="import"),
    path("imports/<int:import_id>/preview/", imports.import_preview, name="import-preview"),
    path("imports/<int:import_id>/start/", imports.start, name="import-start"),
    path("imports/<int:import_id>/retry/", imports.retry, name="import-retry"),
    path("imports/<int:import_id>/file/", imports.download, name="import-download"),
    path("imports/<int:import_id>/rows/", import_rows.row_list, name="import-rows"),
    path("imports/rows/<int:row_id>/", import_rows.row, name="import-row"),
    path("imports/rows/<int:row_id>/fix/", import_rows.row_fix, name="import-row-fix"),
    path("imports/rows/<int:row_id>/ignore/", import_rows.row_ignore, name="import-row-ignore"),
    path("imports/rows/<int:row_id>/accept/", import_rows.row_accept, name="import-row-accept"),
    path("sources/<int:source_id>/expect/", sources.expect, name="source-expect"),
    path("invoices/", invoices.invoice_list, name="invoices"),
    path("invoices/list.csv", invoices.invoices_csv, name="invoices-csv"),
    path("invoices/<int:invoice_id>/", invoices.invoice, name="invoice"),
    path("invoices/<int:invoice_id>/void/", invoices.void, name="invoice-void"),
    path("invoices/<int:invoice_id>/clear/", invoices.clear, name="invoice-clear"),
    path("invoices/<int:invoice_id>/rows/<int:row_id>/confirm/", invoices.confirm_by_row, name="invoice-row-confirm"),
    path("invoices/<int:invoice_id>/rows/<int:row_id>/release/", invoices.release_of_row, name="invoice-row-release"),
    path("lines/<int:line_id>/code/", invoices.code_line, name="line-code"),
    path("lines/<int:line_id>/uncode/", invoices.uncode_line, name="line-uncode"),
    path("lines/<int:line_id>/match/", invoices.match_line, name="line-match"),
    path("matches/<int:match_id>/undo/", invoices.undo_match, name="match-undo"),
    path("payments/", payments.payment_list, name="payments"),
    path("payments/<int:payment_id>/", payments.payment, name="payment"),
    path("payments/<int:payment_id>/allocate/", payments.allocate_payment, name="payment-allocate"),
    path("allocations/<int:allocation_id>/undo/", payments.undo, name="allocation-undo"),
    path("suggestions/", suggestions.suggestion_list, name="suggestions"),
    path("suggestions/<int:suggestion_id>/accept/", suggestions.accept, name="suggestion-accept"),
    path("suggestions/<int:suggestion_id>/dismiss/", suggestions.dismiss, name="suggestion-dismiss"),
    path("exceptions/", exceptions.exception_list, name="exceptions"),
    path("exceptions/<int:item_id>/close/", exceptions.close, name="exception-close"),
]
