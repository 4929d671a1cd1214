"""Attributes of an organization's own on budgets, requests and invoices: services, the database, pages, programs."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from approvals.models import Request, RequestAttribute
from approvals.services.attributes import set_request_attributes
from approvals.services.requests import submit_request
from budgets.models import Attribute, Budget, BudgetAttribute
from budgets.selectors.attributes import attributes_shown, having, values_of
from budgets.services.attributes import AttributeData, change_attribute, define_attribute, set_attributes
from core.errors import InvalidInput, NotAllowed, WrongState
from core.models import AuditRecord, Entity, User
from reconciliation.models import Invoice, InvoiceAttribute
from tests.factories.approvals import draft, submitted
from tests.factories.core import EntityFactory
from tests.factories.reconciliation import an_invoice
from tests.fixtures.approvals import House
from tests.owner import as_owner

pytestmark = pytest.mark.usefixtures("monday")
FIRST = date(2026, 1, 1)


def define(entity: Entity, code: str, kind: str = "request", type_: str = "text", **more: Any) -> Attribute:
    data = AttributeData(code.capitalize(), type_, FIRST, kind=kind, code=code, **more)
    return define_attribute(entity=entity, data=data, actor=None)


def has(model: Any, subject: Any) -> dict[str, Any]:
    return {each.code: value for each, value in values_of(model, [subject.pk]).get(subject.pk, {}).items()}


def changed(found: Attribute, **more: Any) -> Attribute:
    said = {name: getattr(found, name) for name in ("name", "type", "is_required", "starts_on", "retired_on")}
    data = AttributeData(**({"choices": tuple(found.choices)} | said | more))
    return change_attribute(attribute_id=found.pk, data=data, actor=None)


def test_each_type_lies_in_its_column_and_is_found_by_it(kafka: House, controller: User) -> None:
    budget, entity = kafka.budget.budget, kafka.entity
    for code, type_, more in (
        ("region", "choice", {"choices": ("emea", "apac")}),
        ("seats", "number", {}),
        ("ends", "date", {}),
        ("open", "yes_no", {}),
        ("note", "text", {}),
        ("lead", "person", {}),
    ):
        define(entity, code, "budget", type_, **more)
    said: dict[str, Any] = {
        "region": "EMEA",
        "seats": "12.5",
        "ends": "2026-12-31",
        "open": True,
        "note": "As agreed",
        "lead": controller.email,
    }
    kept = set_attributes(model=BudgetAttribute, kind="budget", subject=budget, values=said, actor=controller)

    assert kept == said | {"region": "emea"}
    rows = type(budget).objects.all()
    for text, found in (
        ("region=emea", True),
        ("region=apac", False),
        ("seats>=12.5", True),
        ("seats<=12", False),
        ("ends<=2026-12-31", True),
        ("open=yes", True),
        ("open=no", False),
        ("note=As agreed", True),
        (f"lead={controller.email.upper()}", True),
        ("lead", True),
        ("colour", False),
    ):
        assert having(rows, BudgetAttribute, "budget", text).filter(pk=budget.pk).exists() is found, text
    for text in ("seats>=ten", "note>=a", "ends=soon", "Region!"):
        with pytest.raises(InvalidInput):
            having(rows, BudgetAttribute, "budget", text)
    record = AuditRecord.objects.filter(verb="attributes.set").latest("pk")
    assert record.before == {"attributes": {}}
    assert record.after == {"attributes": kept}


def test_a_filter_goes_by_the_index(kafka: House) -> None:
    # Of an empty table any plan is as good as another: there is something to choose from, and the planner knows it.
    budget, asked = kafka.budget.budget, [define(kafka.entity, f"seats{number}", "budget", "number") for number in range(20)]
    values = {each.code: "1" for each in asked}
    set_attributes(model=BudgetAttribute, kind="budget", subject=budget, values=values, actor=kafka.engineer)
    many = Budget.objects.bulk_create(copied(budget, code=f"B{number}") for number in range(400))
    BudgetAttribute.objects.bulk_create(
        BudgetAttribute(subject=each, definition=asked[number % 20], number=number, set_by=kafka.engineer)
        for number, each in enumerate(many)
    )
    with as_owner() as cursor:
        cursor.execute("ANALYZE budgets_budgetattribute, budgets_budget")
        cursor.execute("SET LOCAL enable_seqscan = off")
    rows = having(Budget.objects.all(), BudgetAttribute, "budget", "seats7>=300").order_by()
    assert "budget_attributes_by_number" in rows.explain()
    assert {each.code for each in rows} == {f"B{number}" for number in range(307, 400, 20)}


def copied(budget: Budget, *, code: str) -> Budget:
    """A budget like another one, not kept yet."""
    return Budget(**{field.attname: getattr(budget, field.attname) for field in Budget._meta.fields} | {"id": None, "code": code})


@pytest.mark.parametrize(
    ("values", "code"),
    [({"region": "moon"}, "region"), ({"seats": "ten"}, "seats"), ({"colour": "red"}, "colour"), ({"lead": "x@y.z"}, "lead")],
)
def test_a_value_that_does_not_fit_is_refused_and_nothing_is_kept(kafka: House, values: dict[str, Any], code: str) -> None:
    define(kafka.entity, "region", "budget", "choice", choices=("emea",))
    define(kafka.entity, "seats", "budget", "number")
    define(kafka.entity, "lead", "budget", "person")
    subject = kafka.budget.budget
    with pytest.raises(InvalidInput) as refusal:
        set_attributes(
            model=BudgetAttribute, kind="budget", subject=subject, values={"seats": "1"} | values, actor=kafka.engineer
        )
    assert list(refusal.value.details) == [code]
    assert (BudgetAttribute.objects.count(), Attribute.objects.filter(used_at__isnull=False).count()) == (0, 0)


def test_in_use_it_keeps_its_type_and_choices_and_can_be_retired(kafka: House) -> None:
    found = define(kafka.entity, "region", "budget", "choice", choices=("emea", "apac"))
    changed(found, type="text", choices=())
    changed(found, type="choice", choices=("emea", "apac"))
    subject = kafka.budget.budget
    set_attributes(model=BudgetAttribute, kind="budget", subject=subject, values={"region": "emea"}, actor=kafka.engineer)
    found.refresh_from_db()

    for more in ({"type": "text", "choices": ()}, {"choices": ("emea",)}):
        with pytest.raises(InvalidInput, match="in use"):
            changed(found, **more)
    assert changed(found, choices=("emea", "apac", "amer")).choices == ["emea", "apac", "amer"]
    changed(found, choices=("emea", "apac", "amer"), retired_on=date(2026, 2, 1))
    assert [(each.definition.code, each.text) for each in attributes_shown(BudgetAttribute, "budget", subject)] == [
        ("region", "emea")
    ]
    with pytest.raises(InvalidInput, match="asks for no attribute"):
        set_attributes(model=BudgetAttribute, kind="budget", subject=subject, values={"region": "apac"}, actor=kafka.engineer)


def test_the_database_holds_a_value_to_its_definition(kafka: House) -> None:
    used = define(kafka.entity, "region", "budget", "choice", choices=("emea", "apac"))
    other = define(kafka.entity, "seats", "request", "number")
    far = define(EntityFactory.create(), "seats", "budget", "number")
    subject = kafka.budget.budget
    set_attributes(model=BudgetAttribute, kind="budget", subject=subject, values={"region": "emea"}, actor=kafka.engineer)
    Attribute.objects.filter(pk__in=[other.pk, far.pk]).update(used_at=used.defined_at)

    for change in (
        lambda: BudgetAttribute.objects.update(text="moon"),
        lambda: BudgetAttribute.objects.update(number=1),
        lambda: BudgetAttribute.objects.update(text=None, number=1),
        lambda: BudgetAttribute.objects.create(subject=subject, definition=other, number=1),
        lambda: BudgetAttribute.objects.create(subject=subject, definition=far, number=1),
        lambda: BudgetAttribute.objects.create(subject=subject, definition=used, text="apac"),
        lambda: Attribute.objects.filter(pk=used.pk).update(type="text", choices=[]),
        lambda: Attribute.objects.filter(pk=used.pk).update(choices=["apac"]),
        lambda: Attribute.objects.filter(pk=used.pk).update(used_at=None),
        lambda: Attribute.objects.filter(pk=used.pk).update(code="area"),
        lambda: Attribute.objects.filter(pk=used.pk).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert has(BudgetAttribute, subject) == {"region": "emea"}


def test_a_request_states_what_is_required_before_it_is_submitted(kafka: House, controller: User) -> None:
    define(kafka.entity, "region", is_required=True)
    begun = draft(kafka.engineer, kafka.account)
    with pytest.raises(WrongState, match="does not say Region yet"):
        submit_request(request_id=begun.pk, actor=kafka.engineer)
    assert Request.objects.get(pk=begun.pk).state == "draft"

    set_request_attributes(request_id=begun.pk, values={"region": "emea"}, actor=kafka.engineer)
    assert submit_request(request_id=begun.pk, actor=kafka.engineer).state == "submitted"
    with pytest.raises(NotAllowed):
        set_request_attributes(request_id=begun.pk, values={"region": "apac"}, actor=kafka.engineer)
    set_request_attributes(request_id=begun.pk, values={"region": "apac"}, actor=controller)
    assert has(RequestAttribute, begun) == {"region": "apac"}
    with pytest.raises(InvalidInput, match="asked of all requests"):
        set_request_attributes(request_id=begun.pk, values={"region": None}, actor=controller)


def test_from_a_definition_to_a_filtered_list_on_pages(
    client: Client, kafka: House, administrator: User, controller: User
) -> None:
    request, invoice = submitted(kafka.engineer, kafka.account, "10"), an_invoice(kafka.entity, controller)
    client.force_login(administrator)
    for kind in ("budget", "request", "invoice"):
        said = {
            "kind": kind,
            "name": "Region",
            "code": "region",
            "type": "choice",
            "choices": "emea\napac",
            "starts_on": "2026-01-01",
        }
        assert client.post(f"/budgets/attributes/{kafka.entity.code}/new/", said).status_code == 302
    wrong = client.post(f"/budgets/attributes/{kafka.entity.code}/new/", said | {"choices": "", "code": "area"})
    assert wrong.status_code == 422
    assert "Write the choices, one a line." in wrong.content.decode()
    assert 'value="area"' in wrong.content.decode()
    assert "Region" in client.get("/budgets/attributes/").content.decode()

    client.force_login(controller)
    pages = {
        "/budgets/SMALL/attributes/": ("/budgets/SMALL/", "/budgets/"),
        f"/requests/{request.number}/attributes/": (f"/requests/{request.number}/", "/requests/?whose=scope"),
        f"/reconciliation/invoices/{invoice.pk}/attributes/": (
            f"/reconciliation/invoices/{invoice.pk}/",
            "/reconciliation/invoices/",
        ),
    }
    names = ("Small budget", request.number, invoice.number)
    for (address, (shown, listed)), name in zip(pages.items(), names, strict=True):
        assert client.post(address, {"region": "moon"}).status_code == 422
        assert "emea" in client.post(address, {"region": "emea"}, follow=True).content.decode()
        assert address in client.get(shown).content.decode()
        sign = "&" if "?" in listed else "?"
        assert name in client.get(f"{listed}{sign}attribute=region=emea").content.decode()
        assert name not in client.get(f"{listed}{sign}attribute=region=apac").content.decode()
        assert "Write a code" in client.get(f"{listed}{sign}attribute=Region!").content.decode()
    assert [model.objects.count() for model in (BudgetAttribute, RequestAttribute, InvoiceAttribute)] == [1, 1, 1]


def test_programs_define_state_read_and_filter(
    api: Callable[..., Any], kafka: House, administrator: User, controller: User
) -> None:
    invoice = an_invoice(kafka.entity, controller)
    entity = kafka.entity.code
    for kind in ("budget", "request", "invoice"):
        said = {"entity": entity, "kind": kind, "code": "seats", "name": "Seats", "type": "number", "starts_on": "2026-01-01"}
        assert api(administrator).post("attributes", said).status_code == 201
        assert api(controller).post("attributes", said).status_code == 403
    program = api(controller)
    for path, listed in (("budgets/SMALL", "budgets"), (f"invoices/{invoice.pk}", "invoices")):
        assert program.post(f"{path}/attributes", {"attributes": {"seats": "12"}}).json() == {"attributes": {"seats": "12"}}
        assert program.post(f"{path}/attributes", {"attributes": {"seats": "ten"}}).status_code == 400
        assert program.get(path).json()["attributes"] == {"seats": "12"}
        assert len(program.get(f"{listed}?attribute=seats>=12").json()["results"]) == 1
        assert program.get(f"{listed}?attribute=seats>=13").json()["results"] == []
        assert program.get(f"{listed}?attribute=seats>13").status_code == 400
        assert program.get(f"{listed}?attribute=seats=ten").status_code == 400

    asker = api(kafka.engineer)
    line = {"description": "Licences", "account": kafka.account.pk, "month": "2026-03", "net": "10.00"}
    kind = next(iter(kafka.policy.document["kinds"]))
    body = {"entity": entity, "kind": kind, "title": "Seats", "reason": "Needed.", "lines": [line], "attributes": {"seats": "3"}}
    assert asker.post("requests", body | {"attributes": {"seats": "x"}}).status_code == 400
    assert Request.objects.count() == 0
    made = asker.post("requests", body).json()
    assert made["attributes"] == {"seats": "3"}
    assert [row["number"] for row in asker.get("requests?attribute=seats<=3").json()["results"]] == [made["number"]]
    found = Attribute.objects.get(kind="request")
    tag = api(administrator).get(f"attributes/{found.pk}")["ETag"]
    said = {"name": "Seats", "type": "text", "starts_on": "2026-01-01"}
    assert api(administrator).put(f"attributes/{found.pk}", said, if_match=tag).status_code == 400
    assert Invoice.objects.count() == 1
