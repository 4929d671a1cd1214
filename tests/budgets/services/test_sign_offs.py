"""A version that waits for its owner and for finance: each wall, in the service and in the database."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client

from approvals.models import Request
from approvals.services.amendments import put_due_in_force
from budgets.models import Budget, BudgetLine, BudgetLineMonth, BudgetVersion, Entry, VersionSignOff
from budgets.rules.safe_yaml import read
from budgets.selectors.sign_offs import digest_of, sign_offs_of
from budgets.services.budgets import LoadResult, load_document
from budgets.services.sign_offs import put_away, sign_off
from budgets.services.versions import put_in_force
from core.errors import NoFunds, NotAllowed, Stale, WrongState
from core.models import AuditRecord, Entity, Notice, RoleAssignment, User
from tests.factories.approvals import MARCH, approve_all, everything
from tests.factories.budgets import move
from tests.factories.changes import asked_to_amend
from tests.factories.core import UserFactory, assign
from tests.factories.reconciliation import handle_events
from tests.fixtures.approvals import House
from tests.fixtures.budgets import SmallBudget

PLAN = """
schema: purser/budget/1
entity: {code: acme}
budget:
  code: PLAN
  name: %(name)s
  currency: USD
  total: "500.00"
  cost_centre: ENG
  starts_on: 2026-01
  months: 12
  sign_off: %(sign_off)s
  envelopes:
    - {category: software, amount: "500.00", lines: [{name: Licences, cost_centre: PLATFORM, amount: "%(amount)s"}]}
  milestones: [{code: M1, name: Live, due_on: 2026-03-31}]
"""


def _loaded(actor: User, *, amount: str = "120.00", sign_off: str = "true", name: str = "A plan") -> LoadResult:
    text = PLAN % {"amount": amount, "sign_off": sign_off, "name": name}
    return load_document(document=read(text.encode()), actor=actor, source_name="plan.yaml")


def _sign(version: BudgetVersion, side: str, actor: User, digest: str = "") -> BudgetVersion:
    return sign_off(version_id=version.pk, side=side, digest=digest or digest_of(version), actor=actor)


def _signed(version: BudgetVersion, owner: User, finance: User) -> BudgetVersion:
    _sign(version, "owner", owner)
    return _sign(version, "finance", finance)


def _checked() -> None:
    """Let the database check now what it checks at the end of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.fixture
def waiting(small_budget: SmallBudget, controller: User, approver: User) -> BudgetVersion:
    return _loaded(controller).version


def test_a_loaded_version_waits_and_both_sides_are_asked(waiting: BudgetVersion, controller: User, approver: User) -> None:
    stand = sign_offs_of(waiting)

    assert (waiting.state, stand.waits, stand.missing) == ("draft", True, ["owner", "finance"])
    assert not Entry.objects.filter(account__budget=waiting.budget).exists()
    assert waiting.budget.milestones.count() == 0
    handle_events()
    asked = Notice.objects.filter(kind="budget_version.to_sign", level="act")
    assert {notice.person for notice in asked} == {controller, approver}
    assert asked.first().url == "/budgets/PLAN/versions/1/"  # type: ignore[union-attr]


def test_signed_by_both_it_is_in_force(waiting: BudgetVersion, controller: User, approver: User) -> None:
    handle_events()
    first = _sign(waiting, "owner", approver)
    assert (first.state, sign_offs_of(first).missing) == ("draft", ["finance"])
    handle_events()
    assert not Notice.objects.filter(person=approver, read_at__isnull=True).exists()

    done = _sign(waiting, "finance", controller)

    _checked()
    assert done.state == "in_force"
    assert sum(Entry.objects.filter(account__budget=waiting.budget).values_list("amount", flat=True)) == Decimal(500)
    assert waiting.budget.milestones.get().code == "M1"
    said = AuditRecord.objects.filter(verb__startswith="budget_version.").order_by("id").values_list("verb", "actor")
    assert list(said) == [
        ("budget_version.to_sign", controller.pk),
        ("budget_version.signed", approver.pk),
        ("budget_version.signed", controller.pk),
        ("budget_version.in_force", controller.pk),
    ]
    handle_events()
    assert not Notice.objects.filter(kind="budget_version.to_sign", read_at__isnull=True).exists()
    assert Notice.objects.get(kind="budget_version.signed").person == controller


def test_nobody_signs_for_both(waiting: BudgetVersion, controller: User) -> None:
    Budget.objects.filter(pk=waiting.budget_id).update(owner=controller)
    _sign(waiting, "finance", controller)

    with pytest.raises(NotAllowed) as refused:
        _sign(waiting, "owner", controller)

    assert refused.value.code == "both_sides"
    with pytest.raises(IntegrityError, match="sign_off_nobody_for_both"), transaction.atomic():
        VersionSignOff.objects.create(version=waiting, side="owner", person=controller, digest=digest_of(waiting))


def test_each_side_is_signed_by_who_holds_it(
    waiting: BudgetVersion, controller: User, approver: User, requester: User, executive: User, auditor: User, outsider: User
) -> None:
    """The owner's side without a named owner: who decides over the cost centre and does not keep its books."""
    before = everything()
    for side, person in (("owner", controller), ("finance", approver), ("finance", executive), ("owner", auditor)):
        with pytest.raises(NotAllowed, match="You do not sign for"):
            _sign(waiting, side, person)
    with pytest.raises(NotAllowed, match="Ask Finance"):
        _sign(waiting, "finance", outsider)
    assert everything() == before
    Budget.objects.filter(pk=waiting.budget_id).update(owner=requester)
    with pytest.raises(NotAllowed, match="Ask Project manager"):
        _sign(waiting, "owner", approver)
    assert _sign(waiting, "owner", requester).sign_offs.get().person == requester


def test_one_side_is_signed_once(waiting: BudgetVersion, approver: User, executive: User) -> None:
    _sign(waiting, "owner", approver)
    with pytest.raises(WrongState, match="has signed it for the budget's owner"):
        _sign(waiting, "owner", executive)


def test_a_signature_is_under_what_was_seen(waiting: BudgetVersion, controller: User, approver: User) -> None:
    seen = digest_of(waiting)
    _sign(waiting, "owner", approver)
    BudgetLine.objects.filter(version=waiting).update(amount=Decimal(121))

    stand = sign_offs_of(waiting)
    assert ([row.person for row in stand.void], stand.signed, stand.missing) == ([approver], [], ["owner", "finance"])
    with pytest.raises(Stale, match="not as you saw it"):
        _sign(waiting, "finance", controller, seen)
    _sign(waiting, "finance", controller)
    waiting.refresh_from_db()
    assert waiting.state == "draft"


def test_the_database_puts_no_unsigned_version_in_force(waiting: BudgetVersion, controller: User, approver: User) -> None:
    _sign(waiting, "owner", approver)
    with pytest.raises(WrongState) as refused:
        put_in_force(version_id=waiting.pk, actor=controller)
    assert refused.value.code == "unsigned"

    with pytest.raises(IntegrityError, match="once its owner and finance have signed it"), transaction.atomic():
        BudgetVersion.objects.filter(pk=waiting.pk).update(state="in_force")
        _checked()
    with pytest.raises(IntegrityError, match="once its owner and finance have signed it"), transaction.atomic():
        BudgetVersion.objects.create(budget=waiting.budget, number=9, total=1, state="in_force", sign_off=True)
        _checked()


def test_the_database_counts_no_signature_under_other_amounts(waiting: BudgetVersion, controller: User, approver: User) -> None:
    _sign(waiting, "owner", approver)
    VersionSignOff.objects.create(version=waiting, side="finance", person=controller, digest=digest_of(waiting))
    with pytest.raises(IntegrityError, match="have signed it"), transaction.atomic():
        BudgetLineMonth.objects.filter(line__version=waiting, month=MARCH).update(amount=Decimal(11))
        BudgetVersion.objects.filter(pk=waiting.pk).update(state="in_force")
        _checked()
    BudgetVersion.objects.filter(pk=waiting.pk).update(state="in_force")
    _checked()


def test_the_database_keeps_signatures_and_what_they_stand_under(waiting: BudgetVersion, approver: User) -> None:
    _sign(waiting, "owner", approver)
    tries: list[Any] = [
        lambda: VersionSignOff.objects.update(side="finance"),
        lambda: VersionSignOff.objects.all().delete(),
        lambda: BudgetVersion.objects.filter(pk=waiting.pk).update(sign_off=False),
        lambda: BudgetVersion.objects.filter(pk=waiting.pk).update(document=""),
        lambda: VersionSignOff.objects.create(version=waiting, side="finance", person=approver, digest="0" * 64),
    ]
    for each in tries:
        with pytest.raises(DatabaseError), transaction.atomic():
            each()


def test_what_was_there_needs_no_signature(small_budget: SmallBudget, controller: User) -> None:
    done = _loaded(controller, sign_off="false")
    assert (done.version.state, done.waits) == ("in_force", False)
    assert sign_offs_of(done.version).waits is False
    with pytest.raises(WrongState, match="waits for no signature"):
        _sign(done.version, "finance", controller)


def test_what_a_file_states_of_the_budget_holds_once_it_is_signed(
    small_budget: SmallBudget, controller: User, approver: User
) -> None:
    _signed(_loaded(controller).version, approver, controller)

    second = _loaded(controller, amount="130.00", sign_off="false", name="Another name")

    assert (second.waits, second.version.state) == (True, "draft")
    assert Budget.objects.get(code="PLAN").name == "A plan"
    assert _loaded(controller, amount="130.00", sign_off="false", name="Another name").unchanged
    _signed(second.version, approver, controller)
    _checked()
    assert Budget.objects.get(code="PLAN").name == "Another name"
    assert not _loaded(controller, amount="140.00", sign_off="false").waits


def test_another_load_takes_the_place_of_what_waits(waiting: BudgetVersion, controller: User, approver: User) -> None:
    _sign(waiting, "owner", approver)
    handle_events()

    second = _loaded(controller, amount="125.00").version

    waiting.refresh_from_db()
    assert (waiting.state, second.number, sign_offs_of(second).missing) == ("dropped", 2, ["owner", "finance"])
    with pytest.raises(WrongState):
        _sign(waiting, "finance", controller)
    handle_events()
    open_ones = Notice.objects.filter(kind="budget_version.to_sign", read_at__isnull=True)
    assert set(open_ones.values_list("url", flat=True)) == {"/budgets/PLAN/versions/2/"}
    put_away(version_id=second.pk, actor=controller)
    with pytest.raises(WrongState):
        put_away(version_id=second.pk, actor=controller)


def test_what_would_be_refused_in_force_is_refused_when_it_is_loaded_and_when_it_is_signed(
    small_budget: SmallBudget, controller: User, approver: User
) -> None:
    version = _signed(_loaded(controller).version, approver, controller)
    account = Entry.objects.filter(account__budget=version.budget, account__category__code="software").first().account  # type: ignore[union-attr]
    lower = _loaded(controller, amount="1.00").version
    move(account, "reserved", "10.00", month=MARCH)
    with pytest.raises(NoFunds):
        _loaded(controller, amount="2.00")
    _sign(lower, "owner", approver)
    with pytest.raises(NoFunds):
        _sign(lower, "finance", controller)
    assert lower.sign_offs.count() == 1


def test_finance_signs_within_its_limit(waiting: BudgetVersion, entity: Entity) -> None:
    junior = UserFactory.create(name="Junior")
    assign(junior, "junior", entity, kind="finance")
    RoleAssignment.objects.filter(user=junior).update(limit=Decimal(499))
    with pytest.raises(NotAllowed) as refused:
        _sign(waiting, "finance", User.objects.get(pk=junior.pk))
    assert refused.value.code == "above_limit"


@pytest.mark.usefixtures("monday")
def test_an_amendment_of_such_a_budget_is_decided_and_then_signed(kafka: House) -> None:
    finance, owner = kafka.people["finance"], kafka.people["department_head"]
    version = _signed(_loaded(finance).version, owner, finance)
    request = asked_to_amend(kafka.engineer, version, licences="110")

    approve_all(request)

    draft = Request.objects.get(pk=request.pk).amendment.version
    assert (draft.state, sign_offs_of(draft).missing) == ("scheduled", ["owner", "finance"])
    assert put_due_in_force() == 0
    _signed(draft, owner, finance)
    draft.refresh_from_db()
    assert draft.state == "scheduled"
    assert put_due_in_force() == 1
    _checked()


def test_it_is_signed_on_its_page_and_by_programs(
    client: Client, api: Any, waiting: BudgetVersion, controller: User, approver: User
) -> None:
    client.force_login(approver)
    assert "waits to be signed" in client.get("/budgets/PLAN/").content.decode()
    page = client.get("/budgets/PLAN/versions/1/").content.decode()
    assert "Sign for the budget&#x27;s owner" in page
    assert "Sign for finance" not in page
    wrong = client.post("/budgets/PLAN/versions/1/sign/", {"side": "owner", "digest": "0" * 64})
    assert (wrong.status_code, VersionSignOff.objects.count()) == (409, 0)
    assert client.post("/budgets/PLAN/versions/1/sign/", {"side": "both"}).status_code == 400
    assert client.post("/budgets/PLAN/versions/1/drop/").status_code == 403
    client.post("/budgets/PLAN/versions/1/sign/", {"side": "owner", "digest": digest_of(waiting)})
    assert "Signed" in client.get("/budgets/PLAN/versions/1/").content.decode()

    finance = api(controller)
    stand = finance.get("budgets/PLAN/versions/1/sign-offs").json()
    assert (stand["waits"], stand["missing"], [row["person"] for row in stand["signed"]]) == (True, ["finance"], [approver.name])
    done = finance.post("budgets/PLAN/versions/1/sign", {"side": "finance", "digest": stand["digest"]})
    assert (done.status_code, done.json()["waits"], done.json()["missing"]) == (200, False, [])
    waiting.refresh_from_db()
    assert waiting.state == "in_force"


def test_loading_on_the_page_says_that_it_will_wait(client: Client, small_budget: SmallBudget, controller: User) -> None:
    client.force_login(controller)
    file = SimpleUploadedFile("plan.yaml", (PLAN % {"amount": "120.00", "sign_off": "true", "name": "A plan"}).encode())
    shown = client.post("/budgets/load/", {"file": file}).content.decode()
    assert "Load it, to be signed" in shown
    found = re.search(r'name="shown" value="([^"]+)"', shown)
    assert found is not None
    done = client.post("/budgets/load/confirm/", {"shown": found[1]}, follow=True).content.decode()
    assert "version 1, waits to be signed" in done
    assert "Put it away" in done
    client.post("/budgets/PLAN/versions/1/drop/")
    assert BudgetVersion.objects.get(budget__code="PLAN").state == "dropped"
