"""The admin: master data through services with a trace, everything else to look at, nobody's books but one's own."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from budgets.models import Category, CategoryAlias, CostCentre, Vendor
from core.models import AuditRecord, Entity, OutboxEvent, RoleAssignment, User, WorkCalendar
from tests.factories.budgets import move
from tests.factories.core import assign, role
from tests.fixtures.budgets import SmallBudget

LOOK_ONLY = [
    "budgets/entry", "budgets/journal", "budgets/fundsaccount", "budgets/control", "budgets/budget", "budgets/budgetversion",
    "budgets/period", "budgets/exchangerate", "budgets/anchor",
    "core/auditrecord", "core/job", "core/notice",
    "reconciliation/source", "reconciliation/importfile", "reconciliation/rawrow", "reconciliation/invoice", "reporting/pack",
]  # fmt: skip


@pytest.fixture
def setter(client: Client, administrator: User) -> Client:
    administrator.is_staff = True
    administrator.save(update_fields=["is_staff"])
    client.force_login(administrator)
    return client


def post(client: Client, path: str, **fields: Any) -> None:
    answer = client.post(f"/admin/{path}/", fields)
    assert answer.status_code == 302, answer.context and answer.context["errors"]


def test_an_administrator_opens_every_list(setter: Client, small_budget: SmallBudget) -> None:
    for model in admin.site._registry:
        if model._meta.app_label in {"core", "budgets", "approvals", "reconciliation", "reporting"} and model is not OutboxEvent:
            assert setter.get(f"/admin/{model._meta.app_label}/{model._meta.model_name}/").status_code == 200


@pytest.mark.parametrize("path", LOOK_ONLY)
def test_the_ledger_and_the_trail_can_be_looked_at_only(setter: Client, small_budget: SmallBudget, path: str) -> None:
    assert setter.get(f"/admin/{path}/").status_code == 200
    assert setter.get(f"/admin/{path}/add/").status_code == 403
    label, name = path.split("/")
    model = next(found for found in admin.site._registry if (found._meta.app_label, found._meta.model_name) == (label, name))
    row = model._default_manager.first()
    if row is not None:
        assert setter.post(f"/admin/{path}/{row.pk}/change/", {}).status_code == 403
        assert setter.post(f"/admin/{path}/{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_control_says_what_is_excused_at_it(setter: Client, small_budget: SmallBudget) -> None:
    move(small_budget.account, "spent", "12500.00", is_fact=True)
    html = setter.get("/admin/budgets/control/").content.decode()
    assert html.count("500.00 to 2026-12") == 1


def test_an_alias_goes_through_its_service(setter: Client, small_budget: SmallBudget, administrator: User) -> None:
    category = small_budget.categories["software"]
    post(setter, "budgets/categoryalias/add", category=category.pk, source="erp", name="SaaS  Licences")
    alias = CategoryAlias.objects.get(source="erp")
    assert (alias.added_by, alias.name_key) == (administrator, "saas licences")
    assert AuditRecord.objects.filter(verb="category.alias_added", actor=administrator).exists()
    post(setter, f"budgets/categoryalias/{alias.pk}/delete", post="yes")
    assert AuditRecord.objects.filter(verb="category.alias_removed").exists()


def test_a_cost_centre_moves_with_all_below_it(setter: Client, small_budget: SmallBudget) -> None:
    centre = small_budget.cost_centres["PLATFORM"]
    under = small_budget.cost_centres["PRODUCT"]
    post(setter, f"budgets/costcentre/{centre.pk}/change", name="Platform team", kind="team", parent=under.pk, is_active="on")
    moved = CostCentre.objects.get(pk=centre.pk)
    assert (moved.path, moved.name) == ("/ENG/PRODUCT/PLATFORM/", "Platform team")
    assert AuditRecord.objects.filter(verb="cost_centre.moved").exists()


def test_vendors_and_categories_are_added_and_traced(setter: Client, small_budget: SmallBudget) -> None:
    entity = small_budget.entity
    post(setter, "budgets/vendor/add", entity=entity.pk, code="new", name="New Vendor", iban="", email="")
    assert Vendor.objects.get(code="new").name_key == "new vendor"
    post(setter, "budgets/category/add", entity=entity.pk, code="travel", name="Travel", parent="")
    assert Category.objects.get(code="travel").path == "/travel/"
    assert set(AuditRecord.objects.values_list("verb", flat=True)) >= {"vendor.added", "category.added"}


def test_people_and_roles_are_set_up_with_a_trace(setter: Client, entity: Entity) -> None:
    password = "correct horse 9 battery"
    post(
        setter,
        "core/user/add",
        email="new@example.org",
        name="New lead",
        title="",
        time_zone="",
        new_password=password,
        is_active="on",
    )
    person = User.objects.get(email="new@example.org")
    assert person.check_password(password)
    post(
        setter, "core/roleassignment/add", user=person.pk, role=role("tech_lead", "approver").pk, entity=entity.pk, cost_centre=""
    )
    assert RoleAssignment.objects.filter(user=person, entity=entity).exists()
    trail = AuditRecord.objects.filter(verb__in=["person.added", "role.assigned"])
    assert trail.count() == 2
    assert password not in str(list(trail.values("before", "after")))


def test_a_change_is_recorded_as_what_changed(setter: Client, entity: Entity, requester: User) -> None:
    post(setter, f"core/user/{requester.pk}/change", email=requester.email, name="Other", title="", time_zone="", new_password="")
    record = AuditRecord.objects.get(verb="user.changed")
    assert record.after == {"name": "Other", "is_active": "False"}


def test_a_change_of_a_calendar_raises_its_version(setter: Client, entity: Entity) -> None:
    calendar = entity.calendar
    fields = {
        "code": calendar.code,
        "name": "Half days",
        "time_zone": "UTC",
        "country": "",
        "subdivision": "",
        "opens_at": "09:00",
    }
    days = {
        "days-TOTAL_FORMS": "1",
        "days-INITIAL_FORMS": "0",
        "days-0-day": "2026-12-24",
        "days-0-name": "Eve",
        "days-0-calendar": calendar.pk,
    }
    post(setter, f"core/workcalendar/{calendar.pk}/change", closes_at="13:00", weekdays="01234", **fields, **days)
    kept = WorkCalendar.objects.get(pk=calendar.pk)
    assert kept.version == calendar.version + 1
    assert kept.days.get().name == "Eve"
    assert AuditRecord.objects.filter(verb="calendarday.added").exists()


def test_an_administrator_sees_the_books_of_their_own_entities_only(
    setter: Client, small_budget: SmallBudget, outsider: User
) -> None:
    theirs = Entity.objects.get(code="elsewhere")
    vendor = Vendor.objects.create(entity=theirs, code="far", name="Far Vendor", name_key="far vendor")
    assert "Far Vendor" not in setter.get("/admin/budgets/vendor/").content.decode()
    assert setter.get(f"/admin/budgets/vendor/{vendor.pk}/change/").status_code == 404
    answer = setter.post("/admin/budgets/vendor/add/", {"entity": theirs.pk, "code": "x", "name": "X"})
    assert answer.status_code == 200
    assert not Vendor.objects.filter(code="x").exists()


def test_nobody_else_gets_in(client: Client, controller: User, auditor: User) -> None:
    client.force_login(controller)
    assert client.get("/admin/core/user/").status_code == 403
    auditor.is_staff = True
    auditor.save(update_fields=["is_staff"])
    client.force_login(auditor)
    assert client.get("/admin/core/auditrecord/").status_code == 200
    assert client.get("/admin/budgets/vendor/add/").status_code == 403


def test_an_administrator_does_not_change_a_superuser(setter: Client, db: None) -> None:
    root = User.objects.create_superuser("root@example.org", None, name="Root")
    before = root.password
    assert setter.post(f"/admin/core/user/{root.pk}/change/", {"new_password": "correct horse 9 battery"}).status_code == 404
    root.refresh_from_db()
    assert root.password == before


def test_what_somebody_only_audits_they_look_at_and_neither_add_to_nor_change(
    setter: Client, administrator: User, small_budget: SmallBudget, outsider: User
) -> None:
    theirs = Entity.objects.get(code="elsewhere")
    assign(administrator, "auditor", theirs, kind="auditor")
    vendor = Vendor.objects.create(entity=theirs, code="far", name="Far Vendor", name_key="far vendor")
    held = RoleAssignment.objects.filter(user=outsider).earliest("pk")
    assert "Far Vendor" in setter.get("/admin/budgets/vendor/").content.decode()
    page = setter.get(f"/admin/budgets/vendor/{vendor.pk}/change/")
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()

    assert setter.post("/admin/budgets/vendor/add/", {"entity": theirs.pk, "code": "x", "name": "X"}).status_code == 200
    changed = {"name": "Changed", "iban": "", "email": ""}
    assert setter.post(f"/admin/budgets/vendor/{vendor.pk}/change/", changed).status_code == 403
    said = {"email": outsider.email, "name": "Changed", "title": "", "time_zone": "", "new_password": "correct horse 9 battery"}
    assert setter.post(f"/admin/core/user/{outsider.pk}/change/", said | {"is_active": "on"}).status_code == 403
    assert setter.post(f"/admin/core/roleassignment/{held.pk}/delete/", {"post": "yes"}).status_code == 403
    assert setter.post(f"/admin/core/workcalendar/{theirs.calendar_id}/change/", {"name": "Changed"}).status_code == 403

    assert not Vendor.objects.filter(code="x").exists()
    assert {Vendor.objects.get(pk=vendor.pk).name, User.objects.get(pk=outsider.pk).name} == {"Far Vendor", "Outsider"}
    assert RoleAssignment.objects.filter(pk=held.pk).exists()
