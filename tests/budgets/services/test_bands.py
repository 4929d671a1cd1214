"""Stating estimate bands: one after another, in a file too; how they stand; and what the database refuses."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import DatabaseError, IntegrityError, connection, transaction

from budgets.models import BandPart, Budget, BudgetVersion, Category, CostCentre, EstimateBand
from budgets.rules import safe_yaml
from budgets.rules.bands import Band, Course, Place, TargetTerms
from budgets.rules.copying import CopyTerms, copied
from budgets.selectors.band_statements import BandData, PartData, TargetData, data_of
from budgets.selectors.bands import BandRow, Standing, month_to_show, standing
from budgets.selectors.documents import document_of
from budgets.services.bands import state_band
from budgets.services.budgets import load_document
from core import clock
from core.errors import InvalidInput, Missing, WrongState
from core.models import AuditRecord, Entity, User
from tests.factories.budgets import JANUARY, CategoryFactory, CostCentreFactory, move
from tests.factories.core import UserFactory, assign
from tests.fixtures.budgets import SmallBudget

FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)
DECEMBER_25 = date(2025, 12, 1)
GOLDEN: dict[str, Any] = yaml.safe_load(Path("tests/golden/distro_nation.yaml").read_text())
ENVIRONMENTS = {"PROD": "production", "STAGING": "staging", "DEV": "development"}
NAMES = {"AWS": "aws", "Firebase": "firebase", "External APIs": "external-apis"}


def part(category: Category, low: Any, high: Any, name: str = "") -> PartData:
    return PartData(category, Decimal(low), Decimal(high), name)


@pytest.fixture
def data(small_budget: SmallBudget) -> BandData:
    software, people = small_budget.categories["software"], small_budget.categories["people"]
    return BandData(JANUARY, (part(software, 900, 1100), part(people, 500, "700.50")), heading=Band(Decimal(1400), Decimal(1800)))


def state(small: SmallBudget, code: str, data: BandData, actor: User) -> EstimateBand:
    centre = CostCentre.objects.get(entity=small.entity, code=code)
    return state_band(budget=small.budget, cost_centre=centre, data=data, actor=actor)


def row_of(stand: Standing, code: str) -> BandRow:
    return next(row for row in stand.rows if row.band.cost_centre.code == code)


# ---------------------------------------------------------------- the demo's environments, as the source states them


def stated_demo(actor: User) -> Budget:
    document = safe_yaml.read(Path("demo/budgets/distro.yaml").read_bytes())
    return load_document(document=document, actor=actor).budget


def test_the_environments_stand_as_the_source_says(administrator: User) -> None:
    budget = stated_demo(administrator)
    assign(administrator, "finance", budget.entity)
    stand = standing(User.objects.get(pk=administrator.pk), budget, DECEMBER_25)
    for code, name in ENVIRONMENTS.items():
        said = next(each for each in GOLDEN["environments"] if each["name"] == name)
        row = row_of(stand, code)
        assert row.heading == Band(*map(Decimal, said["heading"]))
        assert row.sum == Band(*map(Decimal, said["total"]))
        assert {each.category.code: [each.band.low, each.band.high] for each in row.parts} == {
            NAMES[line]: ends for line, ends in said["lines"].items()
        }
        # The upper ends are what is allotted.
        assert (row.against.plan.amount, row.against.plan.place) == (said["total"][1], Place.WITHIN)
        assert (row.outside.allotted, row.outside.held) == (0, 0)
        shares = said.get("share_of_production_pct")
        assert (row.shared.shares if row.shared else None) == (Band(*map(Decimal, shares)) if shares else None)
    gaps = {code: row_of(stand, code).gap for code in ENVIRONMENTS}
    assert gaps == {"PROD": Band(Decimal(80), Decimal(90)), "STAGING": Band(Decimal(0), Decimal(5)), "DEV": Band()}
    assert row_of(stand, "PROD").buffer == Band(*map(Decimal, GOLDEN["environments"][0]["growth_buffer_pct"]))
    target = row_of(stand, "PROD").targets[0]
    assert (target.target.percent, target.target.due_on, target.stand.goal) == (25, date(2025, 12, 31), Decimal("235.91"))


def test_the_whole_and_what_lies_below_it(administrator: User) -> None:
    budget = stated_demo(administrator)
    assign(administrator, "finance", budget.entity)
    stand = standing(User.objects.get(pk=administrator.pk), budget, DECEMBER_25)
    whole, expected = row_of(stand, "DISTRO"), GOLDEN["expect"]["environment_headings_total"]
    assert whole.sum == Band(Decimal("504.54"), Decimal("664.54"))
    assert whole.gap == Band(Decimal("0.54"), Decimal("0.54"))
    assert [each.band.cost_centre.code for each in whole.below] == ["DEV", "PROD", "STAGING"]
    assert whole.below_sum == Band(*map(Decimal, GOLDEN["environments_total"]))
    assert whole.below_gap == Band(Decimal("45.46"), Decimal("80.46"))
    firebase = next(each for each in whole.parts if each.category.code == "firebase")
    assert (len(firebase.parts), firebase.band) == (4, Band(*map(Decimal, GOLDEN["estimates"]["Firebase"]["stated_total"])))
    assert stand.together.sum == Band(*map(Decimal, GOLDEN["environments_total"]))
    assert stand.together.heading == Band(*map(Decimal, expected))
    assert stand.differing == 3


def test_a_file_comes_out_with_its_bands_and_states_them_once(administrator: User) -> None:
    budget = stated_demo(administrator)
    said = safe_yaml.read(Path("demo/budgets/distro.yaml").read_bytes())["budget"]["bands"]
    version = BudgetVersion.objects.get(budget=budget)
    out = document_of(version)
    assert {each["cost_centre"] for each in out["budget"]["bands"]} == {each["cost_centre"] for each in said}
    assert EstimateBand.objects.count() == 4
    load_document(document=out, actor=administrator)
    stated_demo(administrator)
    assert EstimateBand.objects.count() == 4
    # Another file with other figures from the same month is the next statement.
    out["budget"]["bands"][0]["parts"][0]["high"] = "400"
    load_document(document=out, actor=administrator)
    assert EstimateBand.objects.filter(cost_centre__code=out["budget"]["bands"][0]["cost_centre"]).count() == 2


def test_a_file_that_says_what_holds_no_more_changes_nothing_and_other_words_are_refused(administrator: User) -> None:
    budget = stated_demo(administrator)
    prod = CostCentre.objects.get(entity=budget.entity, code="PROD")
    first = EstimateBand.objects.get(budget=budget, cost_centre=prod)
    state_band(budget=budget, cost_centre=prod, data=replace(data_of(first), starts_on=MARCH, note="Anew."), actor=administrator)
    document = safe_yaml.read(Path("demo/budgets/distro.yaml").read_bytes())
    document["budget"]["note"] = "Loaded again."
    load_document(document=document, actor=administrator)
    assert EstimateBand.objects.filter(cost_centre=prod).count() == 2
    document["budget"]["bands"][1]["heading"] = {"low": "351", "high": "450"}
    with pytest.raises(WrongState, match="has a statement from March 2026 on"):
        load_document(document=document, actor=administrator)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"cost_centre": "MOON"}, Missing, "no cost centre MOON"),
        ({"parts": [{"category": "moon", "low": "1", "high": "2"}]}, Missing, "no category moon"),
        ({"share": {"of": "MOON", "low": 1, "high": 2}}, Missing, "no cost centre MOON"),
        ({"heading": {"low": "2", "high": "1"}}, InvalidInput, "the high end is below the low one"),
        ({"parts": []}, InvalidInput, "at least 1 item"),
        ({"starts_on": "2027-01"}, InvalidInput, "spans December 2025 to November 2026"),
        ({"targets": [{"percent": 25, "baseline": "10", "baseline_month": "2025-06", "due_on": "June"}]}, InvalidInput, "a day"),
        ({"colour": "red"}, InvalidInput, "not known"),
    ],
)
def test_a_file_whose_bands_cannot_hold_is_refused_whole(
    administrator: User, change: dict[str, Any], error: type[Exception], words: str
) -> None:
    document = safe_yaml.read(Path("demo/budgets/distro.yaml").read_bytes())
    document["budget"]["bands"] = [document["budget"]["bands"][1] | change]
    with pytest.raises(error, match=words):
        load_document(document=document, actor=administrator)
    assert not Budget.objects.exists()


def test_a_copy_has_the_bands_in_its_size_and_no_targets(administrator: User) -> None:
    version = BudgetVersion.objects.get(budget=stated_demo(administrator))
    copy = copied(document_of(version), CopyTerms("NEXT", "Next year", date(2026, 12, 1), Decimal(110)))
    prod = next(each for each in copy["budget"]["bands"] if each["cost_centre"] == "PROD")
    assert prod["heading"] == {"low": "385.00", "high": "495.00"}
    assert (prod["starts_on"], "targets" in prod) == ("2026-12", False)
    made = load_document(document=copy, actor=administrator).budget
    assert EstimateBand.objects.filter(budget=made).count() == 4


# ---------------------------------------------------------------- statements


def test_statements_follow_one_another_and_stay(small_budget: SmallBudget, data: BandData, controller: User) -> None:
    first = state(small_budget, "PLATFORM", data, controller)
    assert state(small_budget, "PLATFORM", data, controller) == first
    revised = state(small_budget, "PLATFORM", replace(data, starts_on=MARCH, heading=None), controller)
    assert (revised.number, EstimateBand.objects.count()) == (2, 2)
    with pytest.raises(WrongState, match="has a statement from March 2026 on"):
        state(small_budget, "PLATFORM", replace(data, note="Earlier."), controller)
    numbers = [
        [row.band.number for row in standing(controller, small_budget.budget, month).rows] for month in (JANUARY, FEBRUARY, MARCH)
    ]
    assert numbers == [[1], [1], [2]]
    said = AuditRecord.objects.filter(verb="band.stated").order_by("pk")
    assert list(said.values_list("after__number", flat=True)) == [1, 2]
    assert said.values_list("before__heading__high", flat=True)[1] == "1800.00"


def test_a_band_is_withdrawn_and_stated_again(small_budget: SmallBudget, data: BandData, controller: User) -> None:
    gone = BandData(FEBRUARY, is_withdrawn=True, note="Moved.")
    with pytest.raises(WrongState, match="has no band"):
        state(small_budget, "PLATFORM", gone, controller)
    state(small_budget, "PLATFORM", data, controller)
    state(small_budget, "PLATFORM", gone, controller)
    assert standing(controller, small_budget.budget, FEBRUARY).rows == []
    assert len(standing(controller, small_budget.budget, JANUARY).rows) == 1
    state(small_budget, "PLATFORM", replace(data, starts_on=MARCH), controller)
    assert len(standing(controller, small_budget.budget, MARCH).rows) == 1


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        ({"parts": ()}, "parts", "State 1 to 40 parts"),
        ({"starts_on": date(2027, 1, 1)}, "starts_on", "spans January 2026 to December 2026"),
        ({"heading": Band(Decimal(2), Decimal(1))}, "heading.high", "below the low one"),
        ({"heading": Band(Decimal(-2), Decimal(1))}, "heading.low", "zero or more"),
        ({"buffer": Band(Decimal(10), Decimal(1001))}, "buffer.high", "1,000 % at most"),
        ({"shares": Band(Decimal(10), Decimal(20))}, "share_of", "Choose the cost centre"),
        ({"is_withdrawn": True}, "is_withdrawn", "says nothing else"),
        ({"note": "x" * 301}, "note", "300 characters"),
    ],
)
def test_what_cannot_hold_is_refused_by_its_place(
    small_budget: SmallBudget, data: BandData, controller: User, change: dict[str, Any], place: str, words: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        state(small_budget, "PLATFORM", replace(data, **change), controller)
    assert words in refused.value.details[place]
    assert (EstimateBand.objects.count(), AuditRecord.objects.filter(verb="band.stated").count()) == (0, 0)


def test_parts_shares_and_targets_are_judged_too(small_budget: SmallBudget, data: BandData, controller: User) -> None:
    software, other = small_budget.categories["software"], CategoryFactory.create()
    inner = CategoryFactory.create(entity=small_budget.entity, code="licences", name="Licences", parent=software)
    platform, product = small_budget.cost_centres["PLATFORM"], small_budget.cost_centres["PRODUCT"]
    terms = TargetTerms(Decimal(25), Decimal(100), FEBRUARY, date(2026, 2, 28))
    share = Band(Decimal(10), Decimal(20))
    wrong = [
        ({"parts": (part(software, 1, 2), part(inner, 1, 2))}, "parts", "Licences lies in Software"),
        ({"parts": (part(software, 1, 2), part(software, 3, 4))}, "parts.1.name", "there twice"),
        ({"parts": (part(other, 1, 2),)}, "parts.0.category", "Choose a category"),
        ({"parts": (part(software, 2, 1),)}, "parts.0.high", "below the low one"),
        ({"share_of": platform, "shares": share}, "share_of", "another cost centre"),
        ({"share_of": CostCentreFactory.create(), "shares": share}, "share_of", "another cost centre"),
        ({"share_of": product}, "share.low", "from how much to how much"),
        ({"targets": (TargetData(terms),)}, "targets.0.due_on", "after the month"),
        ({"targets": (TargetData(replace(terms, percent=Decimal(0)), software),)}, "targets.0.percent", "above 0"),
        ({"targets": (TargetData(replace(terms, baseline=Decimal(0))),)}, "targets.0.baseline", "above zero"),
        ({"targets": (TargetData(terms, other),)}, "targets.0.category", "Choose a category"),
    ]
    for change, place, words in wrong:
        with pytest.raises(InvalidInput) as refused:
            state(small_budget, "PLATFORM", replace(data, **change), controller)  # type: ignore[arg-type]
        assert words in refused.value.details[place]
    outside = CostCentreFactory.create(entity=small_budget.entity, code="SALES")
    with pytest.raises(InvalidInput, match="or a cost centre below it"):
        state_band(budget=small_budget.budget, cost_centre=outside, data=data, actor=controller)
    assert EstimateBand.objects.count() == 0


# ---------------------------------------------------------------- how they stand


def test_figures_are_of_the_month_and_of_all_below(small_budget: SmallBudget, data: BandData, controller: User) -> None:
    software, training = small_budget.accounts["PLATFORM", "software"], small_budget.accounts["PLATFORM", "training"]
    state(small_budget, "PLATFORM", data, controller)
    state(small_budget, "ENG", replace(data, buffer=Band(Decimal(10), Decimal(15))), controller)
    move(software, "spent", "899.99")
    move(software, "committed", "0.01")
    move(software, "spent", 7, month=FEBRUARY)
    move(training, "spent", 40)
    stand = standing(controller, small_budget.budget, JANUARY)
    row, above = row_of(stand, "PLATFORM"), row_of(stand, "ENG")
    at = row.parts[0].against
    assert (at.plan.amount, at.plan.place) == (1000, Place.WITHIN)
    assert (at.spent.amount, at.spent.place) == (Decimal("899.99"), Place.BELOW)
    assert (at.expected.amount, at.expected.place) == (900, Place.WITHIN)
    # What lies in no part is told, and the parts with it come to all.
    assert (row.outside.allotted, row.outside.spent) == (1000, 40)
    assert sum(each.against.spent.amount for each in row.parts) + row.outside.spent == row.figures.spent
    assert row.against.plan.place == Place.ABOVE
    assert (above.figures.allotted, above.below) == (6000, [row])
    assert month_to_show(controller, small_budget.budget) >= JANUARY


def test_a_plan_within_the_buffer_and_a_share_of_another(small_budget: SmallBudget, data: BandData, controller: User) -> None:
    product = small_budget.cost_centres["PRODUCT"]
    training = small_budget.categories["training"]
    one = replace(data, parts=(part(training, 800, 900),), heading=None)
    state(small_budget, "PRODUCT", replace(one, buffer=Band(Decimal(5), Decimal(12))), controller)
    shared = replace(one, share_of=product, shares=Band(Decimal(20), Decimal(25)))
    state(small_budget, "PLATFORM", shared, controller)
    move(small_budget.accounts["PRODUCT", "training"], "spent", 200)
    move(small_budget.accounts["PLATFORM", "training"], "spent", 60)
    stand = standing(controller, small_budget.budget, JANUARY)
    row = row_of(stand, "PLATFORM").shared
    assert row is not None
    assert (row.comes_to, row.gap) == (Band(Decimal(160), Decimal(225)), Band(Decimal(640), Decimal(675)))
    assert (row.spent_pct, row.place) == (Decimal("30.00"), Place.ABOVE)
    assert row_of(stand, "PRODUCT").buffered == Band(Decimal(840), Decimal(1008))


def test_a_target_is_measured_by_the_month_that_is_shown(small_budget: SmallBudget, data: BandData, controller: User) -> None:
    software = small_budget.categories["software"]
    terms = TargetTerms(Decimal(25), Decimal(1000), JANUARY, date(2026, 3, 31))
    state(small_budget, "PLATFORM", replace(data, targets=(TargetData(terms, software), TargetData(terms))), controller)
    account, people = small_budget.account, small_budget.accounts["PLATFORM", "people"]
    move(account, "spent", 860, month=FEBRUARY)
    move(people, "spent", 100, month=FEBRUARY)
    move(account, "spent", 750, month=MARCH)
    with clock.at(clock.now().replace(year=2026, month=4, day=10)):
        february = [each.stand for each in row_of(standing(controller, small_budget.budget, FEBRUARY), "PLATFORM").targets]
        march = row_of(standing(controller, small_budget.budget, MARCH), "PLATFORM").targets[0].stand
        assert month_to_show(controller, small_budget.budget) == MARCH
    # 28 of 59 days.
    assert [each.asked for each in february] == [Decimal("881.36")] * 2
    assert [each.course for each in february] == [Course.ON_TRACK, Course.BEHIND]
    assert (march.course, march.days_left, march.goal) == (Course.REACHED, -10, 750)


def test_a_role_over_a_part_sees_its_bands_alone(
    small_budget: SmallBudget, data: BandData, controller: User, entity: Entity
) -> None:
    product = small_budget.cost_centres["PRODUCT"]
    state(small_budget, "PRODUCT", data, controller)
    state(small_budget, "PLATFORM", replace(data, share_of=product, shares=Band(Decimal(1), Decimal(2))), controller)
    lead = UserFactory.create()
    assign(lead, "tech_lead", entity, cost_centre=small_budget.cost_centres["PLATFORM"])
    rows = standing(User.objects.get(pk=lead.pk), small_budget.budget, JANUARY).rows
    assert [(row.band.cost_centre.code, row.shared) for row in rows] == [("PLATFORM", None)]


# ---------------------------------------------------------------- the database


def insert(columns: str, values: str, source: str = "budgets_estimateband WHERE number = 1") -> str:
    fixed = "budget_id, cost_centre_id, currency, is_withdrawn, note, stated_at"
    return (
        f"INSERT INTO budgets_estimateband ({fixed}, {columns})"
        f" SELECT budget_id, cost_centre_id, currency, true, '', stated_at, {values} FROM {source}"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE budgets_estimateband SET note = 'other'",
        "DELETE FROM budgets_bandpart",
        "UPDATE budgets_bandpart SET high = high + 1",
        "UPDATE budgets_bandtarget SET percent = 5",
        insert("number, starts_on", "3, '2026-03-01'"),
        insert("number, starts_on", "2, '2025-12-01'"),
        insert("number, starts_on", "2, '2026-03-02'"),
        insert("number, starts_on, heading_low, heading_high", "2, '2026-03-01', 2, 1"),
        insert("number, starts_on, heading_low", "2, '2026-03-01', 2"),
        insert("number, starts_on, buffer_low_pct, buffer_high_pct", "2, '2026-03-01', 1, 1001"),
        insert("number, starts_on, share_low_pct, share_high_pct", "2, '2026-03-01', 1, 2"),
        insert("number, starts_on, share_of_id, share_low_pct, share_high_pct", "2, '2026-03-01', cost_centre_id, 1, 2"),
        insert("number, starts_on", "2, '2026-03-01'").replace("currency, true", "'EUR', true"),
        # Not withdrawn, and without parts.
        insert("number, starts_on", "2, '2026-03-01'").replace("currency, true", "currency, false"),
        (
            "INSERT INTO budgets_bandpart (band_id, position, category_id, name, low, high)"
            " SELECT band_id, 9, category_id, 'Other', 2, 1 FROM budgets_bandpart WHERE position = 1"
        ),
        (
            "INSERT INTO budgets_bandtarget (band_id, position, percent, baseline, baseline_month, due_on)"
            " SELECT band_id, 9, 101, 1, '2026-01-01', '2026-06-30' FROM budgets_bandpart WHERE position = 1"
        ),
    ],
)
def test_the_database_keeps_statements_and_their_order(
    small_budget: SmallBudget, data: BandData, controller: User, statement: str
) -> None:
    terms = TargetTerms(Decimal(25), Decimal(1000), JANUARY, date(2026, 3, 31))
    state(small_budget, "PLATFORM", replace(data, targets=(TargetData(terms),)), controller)
    before = list(BandPart.objects.values_list("pk", "high"))
    with pytest.raises((DatabaseError, IntegrityError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert (EstimateBand.objects.count(), list(BandPart.objects.values_list("pk", "high"))) == (1, before)


def test_the_database_knows_what_lies_in_what(small_budget: SmallBudget, data: BandData, controller: User) -> None:
    band = state(small_budget, "PLATFORM", data, controller)
    inner = CategoryFactory.create(entity=small_budget.entity, parent=small_budget.categories["software"])
    for category in (inner, CategoryFactory.create()):
        with pytest.raises(IntegrityError), transaction.atomic():
            BandPart.objects.create(band=band, position=9, category=category, name="Other", low=1, high=2)
