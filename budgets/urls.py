"""The addresses of budgets."""

from django.urls import path

from budgets.views import budgets, control_changes, controls, entries, load, periods, rates

app_name = "budgets"

urlpatterns = [
    path("", budgets.budget_list, name="list"),
    path("load/", load.load, name="load"),
    path("load/confirm/", load.confirm, name="load-confirm"),
    path("periods/", periods.periods, name="periods"),
    path("periods/<slug:entity_code>/open/", periods.open_months, name="periods-open"),
    path("periods/<slug:entity_code>/close/", periods.close_month, name="periods-close"),
    path("periods/<slug:entity_code>/reopen/", periods.reopen_month, name="periods-reopen"),
    path("controls/", controls.entity_controls, name="entity-controls"),
    path("controls/<int:control_id>/", controls.control, name="control"),
    path("controls/<int:control_id>/change/", control_changes.change, name="control-change"),
    path("controls/<int:control_id>/remove/", control_changes.remove, name="control-remove"),
    path("controls/<slug:entity_code>/new/", control_changes.new_over_all, name="entity-control-new"),
    path("rates/", rates.rates, name="rates"),
    path("rates/<slug:entity_code>/state/", rates.state, name="rates-state"),
    path("journals/<int:journal_id>/", entries.journal, name="journal"),
    path("<str:code>/", budgets.budget, name="budget"),
    path("<str:code>/versions/<int:number>/", budgets.version, name="version"),
    path("<str:code>/controls/", controls.budget_controls, name="controls"),
    path("<str:code>/controls/new/", control_changes.new_in_budget, name="control-new"),
    path("<str:code>/entries/", entries.entries, name="entries"),
]
