"""Loading budget files: the golden facts, idempotence, revisions, and what is refused with nothing half done."""

import copy
import json
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db.models import Sum

from budgets.models import Budget, BudgetVersion, Category, Control, CostCentre, FundsAccount, Journal, Milestone, Vendor
from budgets.rules.safe_yaml import read
from budgets.selectors.balances import Figures, account_figures
from budgets.selectors.budgets import access_budget_by_code, envelope_of, findings_of, version_in_force, visible_budgets
from budgets.selectors.categories import category_named, resolve_category
from budgets.selectors.check import check_ledger
from budgets.selectors.versions import PlanGroup
from budgets.services.budgets import load_document, put_in_force
from budgets.services.periods import close_period
from core.errors import ClosedPeriod, InvalidInput, Missing, NoFunds, NotFound, Refusal, WrongState
from core.models import AuditRecord, Entity, User
from core.services.entities import SYSTEM_EMAIL
from tests.factories.budgets import move
from tests.factories.core import UserFactory, assign

DEMO = Path("demo/budgets")
KAFKA = read((DEMO / "kafka.yaml").read_bytes())
ZERO = Decimal(0)


@pytest.fixture(scope="module")
def golden() -> Any:
    return yaml.safe_load(Path("tests/golden/kafka_migration.yaml").read_text())


def run(*args: str) -> tuple[int, dict[str, Any]]:
    """Run the command with --json; return its exit code and what it printed."""
    out = StringIO()
    try:
        call_command("load_budget", *args, "--json", stdout=out)
        code = 0
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    return code, json.loads(out.getvalue())


def load(document: dict[str, Any], **more: Any) -> Any:
    return load_document(document=document, actor=None, **more)


def small(**changes: Any) -> dict[str, Any]:
    """Return a small document on an entity of its own: 1,200.00 for one line over 2026."""
    line = {"name": "Licences", "cost_centre": "TOP", "amount": "1200"}
    budget = {
        "code": "TINY",
        "name": "Tiny",
        "kind": "operating",
        "currency": "USD",
        "total": "1200",
        "cost_centre": "TOP",
        "starts_on": "2026-01",
        "months": "12",
        "envelopes": [{"category": "soft", "amount": "1200", "lines": [line]}],
    }
    return {
        "schema": "purser/budget/1",
        "entity": {"code": "tiny", "name": "Tiny", "currency": "USD"},
        "cost_centres": [{"code": "TOP", "name": "Top"}],
        "categories": [{"code": "soft", "name": "Software", "aliases": {"bill": ["SW / Licences"]}}],
        "budget": budget | changes,
    }


def allotted(budget: Budget) -> dict[str, Decimal]:
    accounts = {account.pk: account.name for account in FundsAccount.objects.filter(budget=budget)}
    return {accounts[pk]: figures.allotted for pk, figures in account_figures(accounts).items()}


@pytest.mark.django_db
def test_the_kafka_budget_loads_on_an_empty_database_with_its_over_allocation(golden: Any) -> None:
    code, printed = run(str(DEMO / "kafka.yaml"))
    expected = golden["expect"]
    finding = {"code": "over_allocated", "where": "internal", "amount": f"{expected['internal_over_allocation']}.00"}
    assert (code, printed["budget"], printed["findings"]) == (0, "KAFKA", [finding])
    assert Decimal(printed["total"]) == golden["budget"]["total"]
    version = version_in_force(Budget.objects.get(code="KAFKA"))
    assert version is not None
    assert version.created_by is not None
    assert version.created_by.email == SYSTEM_EMAIL
    assert printed["lines"] == version.lines.count() == 12
    assert sum(line.amount for line in version.lines.all()) == expected["lines_total"]
    wanted = {code: expected[f"{code.replace('-', '_')}_lines_total"] for code in ("internal", "vendors", "infra-training")}
    planned = {code: version.lines.filter(category__code=code).aggregate(whole=Sum("amount"))["whole"] for code in wanted}
    assert planned == wanted
    above = sum(finding.amount for finding in findings_of(version))
    assert above == expected["over_allocation"]
    assert above * 100 / version.total == Decimal(expected["over_allocation_pct"])
    thresholds = {row.category.code: row.variance_threshold for row in version.categories.all()}
    assert thresholds == {row["code"]: row["variance_threshold_amount"] for row in golden["budget"]["categories"]}
    shares = {row.category.code: PlanGroup(row.category, row).share_pct for row in version.categories.all()}
    assert shares == {row["code"]: row["share_pct"] for row in golden["budget"]["categories"]}
    assert findings_of(version)[0].sentence.endswith(f"48,000.00 ({expected['internal_over_allocation_pct']} %) too much.")


@pytest.mark.django_db
def test_every_golden_line_is_there_and_no_envelope_is_allotted_more_than_it_holds(golden: Any) -> None:
    budget = load(KAFKA).budget
    version = version_in_force(budget)
    assert version is not None
    for category in golden["budget"]["categories"]:
        lines = {line.name: line for line in version.lines.filter(category__code=category["code"])}
        assert {name: line.amount for name, line in lines.items()} == {row["name"]: row["amount"] for row in category["lines"]}
        assert all(sum(row.amount for row in line.months.all()) == line.amount for line in lines.values())
        accounts = FundsAccount.objects.filter(budget=budget, category__code=category["code"])
        held = sum((figures.allotted for figures in account_figures(account.pk for account in accounts).values()), ZERO)
        assert held == category["amount"]
    # Internal Resources is scaled by 600,000 / 648,000.
    assert allotted(budget)["Backend Developers"] == Decimal("277777.78")
    assert check_ledger().is_whole


@pytest.mark.django_db
def test_the_same_file_again_is_no_change() -> None:
    first = load(KAFKA)
    before = Journal.objects.count(), BudgetVersion.objects.count(), Category.objects.count(), Vendor.objects.count()
    again = load(KAFKA)
    assert (again.unchanged, again.version, again.lines, again.total) == (True, first.version, 12, first.total)
    assert (Journal.objects.count(), BudgetVersion.objects.count(), Category.objects.count(), Vendor.objects.count()) == before
    out = StringIO()
    call_command("load_budget", str(DEMO / "kafka.yaml"), stdout=out)
    assert out.getvalue() == "KAFKA version 1 is this very file: nothing to do.\n"


@pytest.mark.django_db
def test_a_dry_run_says_what_would_be_and_leaves_nothing() -> None:
    out = StringIO()
    call_command("load_budget", str(DEMO / "kafka.yaml"), "--dry-run", stdout=out)
    assert out.getvalue().startswith("KAFKA version 1 would be in force: 12 lines, 1,000,000.00 USD.\n  over_allocated: ")
    assert not any(model.objects.exists() for model in (Budget, Entity, Journal, CostCentre, Vendor, Milestone))


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "findings"), [("distro", {"PROD": "90.00", "STAGING": "5.00"}), ("intelliflow", {})])
def test_the_other_demo_budgets_load(name: str, findings: dict[str, str]) -> None:
    _, printed = run(str(DEMO / f"{name}.yaml"))
    assert {item["where"]: item["amount"] for item in printed["findings"]} == findings
    assert check_ledger().is_whole


@pytest.mark.django_db
def test_the_bills_groups_and_services_resolve_to_distros_categories() -> None:
    entity = load(read((DEMO / "distro.yaml").read_bytes())).budget.entity
    bill = yaml.safe_load(Path("tests/golden/distro_nation.yaml").read_text())["bill"]
    for group in bill["groups"]:
        category = category_named(entity, "aws-bill", group["name"])
        assert {resolve_category(entity, "aws-bill", line) for line in group["lines"]} == {category}
    assert resolve_category(entity, "other-source", "Aurora PostgreSQL") is None
    with pytest.raises(Missing, match="“Nonsense” is not a category"):
        category_named(entity, "aws-bill", "Nonsense")
    with pytest.raises(Missing, match="The category is blank"):
        category_named(entity, "aws-bill", " -- ")


@pytest.mark.django_db
def test_a_category_inside_an_envelope_has_the_nearest_one() -> None:
    budget = load(read((DEMO / "distro.yaml").read_bytes())).budget
    version = version_in_force(budget)
    assert version is not None
    assert [
        getattr(envelope_of(version, path), "amount", None) for path in ("/aws/compute/", "/aws/new/", "/firebase/", "/x/")
    ] == [
        Decimal("1966.92"),
        Decimal(5400),
        Decimal(1980),
        None,
    ]


@pytest.mark.django_db
def test_every_account_every_envelope_and_the_whole_have_a_stop() -> None:
    budget = load(KAFKA).budget
    controls = Control.objects.filter(budget=budget, mode="stop", window="life")
    assert controls.filter(account__isnull=False).count() == FundsAccount.objects.filter(budget=budget).count() == 12
    assert set(controls.filter(account=None).values_list("category__code", flat=True)) == {
        "internal",
        "vendors",
        "infra-training",
        None,
    }
    account = FundsAccount.objects.get(budget=budget, name="Software Licenses")
    with pytest.raises(NoFunds, match=r"Software Licenses has 40,000\.00 left over its whole life; this asks for 40,000\.01\."):
        move(account, "reserved", "40000.01", month=budget.ends_on)


@pytest.mark.django_db
def test_a_revision_posts_differences_and_keeps_the_old_version_until_then() -> None:
    budget = load(small()).budget
    account = FundsAccount.objects.get(budget=budget)
    move(account, "allotted", 50, kind="revise")  # A transfer: no version's business, so no revision takes it back.
    revised = small(total="1500")
    revised["budget"]["envelopes"][0] |= {
        "amount": "1500",
        "lines": [{"name": "Licences", "cost_centre": "TOP", "amount": "1320"}],
    }
    result = load(revised)
    assert account_figures([account.pk])[account.pk].allotted == 1550
    assert allotted(budget) == {"Licences": Decimal(1550)}
    journal = Journal.objects.get(source_type="budget_version", source_id=str(result.version.pk))
    assert journal.kind == "revise"
    assert {entry.amount for entry in journal.entries.all()} == {Decimal(25)}
    assert [version.state for version in budget.versions.order_by("number")] == ["superseded", "in_force"]
    assert check_ledger().is_whole


@pytest.mark.django_db
def test_a_revision_below_what_is_held_is_refused_and_the_old_version_stays() -> None:
    budget = load(small()).budget
    move(FundsAccount.objects.get(budget=budget), "reserved", 900)
    lower = small(total="800")
    before = Journal.objects.count(), AuditRecord.objects.count()
    with pytest.raises(NoFunds, match=r"holds 900\.00 .* can give up 300\.00, and this takes 400\.00 away"):
        load(lower)
    assert (Journal.objects.count(), AuditRecord.objects.count()) == before
    assert budget.versions.get().state == "in_force"


@pytest.mark.django_db
def test_a_revision_does_not_reach_into_a_closed_month(controller: User) -> None:
    budget = load(small()).budget
    close_period(entity=budget.entity, month=date(2026, 1, 1), actor=controller)
    with pytest.raises(ClosedPeriod):
        load(small(total="600"))
    later = small(total="1300")
    months = {f"2026-{number:02}": "100" if number == 1 else "110" for number in range(1, 12)} | {"2026-12": "100"}
    later["budget"]["envelopes"][0] |= {"amount": "1300", "lines": [{"name": "Licences", "cost_centre": "TOP", "months": months}]}
    assert load(later).version.number == 2


def _broken(path: list[Any], value: Any) -> dict[str, Any]:
    document = copy.deepcopy(small())
    node: Any = document
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return document


LINE = ["budget", "envelopes", 0, "lines", 0]
PROMISE = {"code": "M", "name": "M", "due_on": "2026-06-01", "vendor": "v"}
BROKEN: dict[str, tuple[list[Any], Any, type[Refusal], str]] = {
    "unknown category": (["budget", "envelopes", 0, "category"], "nonsense", Missing, "There is no category nonsense"),
    "unknown cost centre": ([*LINE, "cost_centre"], "NOPE", Missing, "There is no cost centre NOPE"),
    "unknown parent": (["cost_centres", 0, "parent"], "NOPE", Missing, "There is no cost centre NOPE"),
    "other currency": (["budget", "currency"], "EUR", InvalidInput, "State what one EUR is on the page of exchange rates"),
    "not a number": (["budget", "total"], "NaN", InvalidInput, r"budget\.total"),
    "too large": (["budget", "total"], "1e400", InvalidInput, r"budget\.total"),
    "nothing": ([*LINE, "amount"], "0", InvalidInput, "comes to nothing"),
    "unknown zone": (["entity", "time_zone"], "Mars/Base", InvalidInput, "is not a time zone"),
    "unknown entity": (["entity"], {"code": "nobody"}, Missing, "There is no entity nobody"),
    "unknown vendor": (["budget", "milestones"], [PROMISE], Missing, "no vendor v"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_loaded_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    path, value, error, reason = BROKEN[name]
    document = _broken(path, value)
    with pytest.raises(error, match=reason):
        load(document)
    assert not any(model.objects.exists() for model in (Budget, Entity, Journal, CostCentre, Category, AuditRecord))
    file = tmp_path / "budget.yaml"
    file.write_text(yaml.safe_dump(document))
    code, printed = run(str(file))
    assert code == 1
    assert printed["error"]


@pytest.mark.django_db
def test_a_file_that_is_not_there_and_a_person_who_is_not_there_are_wrong_use() -> None:
    for args in (["/nowhere/budget.yaml"], [str(DEMO / "kafka.yaml"), "--actor", "nobody@example.org"], []):
        with pytest.raises(CommandError) as refused:
            call_command("load_budget", *args)
        assert refused.value.returncode == 2
    with pytest.raises(CommandError) as refused:
        call_command("load_budget", "tests/golden/kafka_migration.yaml")
    assert refused.value.returncode == 1


@pytest.mark.django_db
def test_an_entity_keeps_its_currency_and_its_fiscal_year() -> None:
    load(small())
    for part in ({"currency": "EUR"}, {"fiscal_year_start_month": "4"}):
        document = small(code="OTHER")
        document["entity"] |= part
        with pytest.raises(InvalidInput):
            load(document)


@pytest.mark.django_db
def test_a_code_that_another_budget_bears_is_refused() -> None:
    load(small())
    document = small()
    document["entity"] = {"code": "other", "name": "Other", "currency": "USD"}
    with pytest.raises(InvalidInput, match="belongs to another budget"):
        load(document)


@pytest.mark.django_db
def test_who_sees_a_budget() -> None:
    budget = load(small()).budget
    insider, outsider = UserFactory.create_batch(2)
    assign(insider, "auditor", budget.entity, kind="auditor")
    assert list(visible_budgets(insider)) == [budget]
    assert access_budget_by_code(insider, "TINY") == budget
    with pytest.raises(NotFound):
        access_budget_by_code(outsider, "TINY")


@pytest.mark.django_db
def test_a_version_is_put_in_force_once() -> None:
    version = load(small()).version
    with pytest.raises(WrongState):
        put_in_force(version_id=version.pk, actor=None)
    with pytest.raises(Refusal):
        put_in_force(version_id=0, actor=None)
    assert account_figures([FundsAccount.objects.get().pk]) == {FundsAccount.objects.get().pk: Figures(Decimal(1200))}
