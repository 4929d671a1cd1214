"""The addresses of budgets."""

from django.urls import path

from budgets.views import budgets, entries, load, periods

app_name = "budgets"

urlpatterns = [
    path("", budgets.budget_list, name="list"),
    path("load/", load.load, name="load"),
    path("load/confirm/", load.confirm, name="load-confirm"),
    path("periods/", periods.periods, name="periods"),
    path("periods/<slug:entity_code>/open/", periods.open_months, name="periods-open"),
    path("periods/<slug:entity_code>/close/", periods.close_month, name="periods-close"),
    path("periods/<slug:entity_code>/reopen/", periods.reopen_month, name="periods-reopen"),
    path("journals/<int:journal_id>/", entries.journal, name="journal"),
    path("<str:code>/", budgets.budget, name="budget"),
    path("<str:code>/versions/<int:number>/", budgets.version, name="version"),
    path("<str:code>/entries/", entries.entries, name="entries"),
]
