"""What a bill's lines do not explain: one exception for each source, month and group, from file to file."""

from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.db import connection
from django.db.models import Sum

from budgets.models import Entry
from budgets.services.budgets import load_document
from core.models import Entity, User
from reconciliation.models import ExceptionItem, ImportFile, Source
from reconciliation.services.exceptions import close_exception
from reconciliation.services.ingest import apply, receive_file
from reconciliation.services.source_files import find_source

BASE = Path(settings.BASE_DIR)
GOLDEN = yaml.safe_load((BASE / "tests/golden/distro_nation.yaml").read_text())
EXPECT = GOLDEN["expect"]
BILL = (BASE / "demo/bills/distro-2025-06.csv").read_text()
HEADER = BILL.splitlines()[0]
GAPS = {
    "Compute & Infrastructure": Decimal(EXPECT["compute_unexplained"]),
    "Management & Security": Decimal(EXPECT["management_unexplained"]),
    "the bill as a whole": Decimal(EXPECT["bill_unexplained"]),
}
EXPLAINED = {
    "Compute & Infrastructure": "Line,2025-06,Compute & Infrastructure,Data Transfer,7.36,USD",
    "Management & Security": "Line,2025-06,Management & Security,CloudWatch,0.22,USD",
    "the bill as a whole": "Line,2025-06,Tax,Compute,21.27,USD",
}


@pytest.fixture
def june(entity: Entity, controller: User) -> Source:
    """Distro's budget as it is loaded, from June 2025 on, so that the bill of June has a budget; return the bill's source."""
    document = yaml.safe_load((BASE / "demo/budgets/distro.yaml").read_text())
    document["entity"] = {"code": entity.code}
    document["budget"]["starts_on"] = GOLDEN["bill"]["period"]
    del document["budget"]["bands"]
    load_document(document=document, actor=controller)
    return find_source(code="aws-bill", entity_code="", actor=controller)


def taken(source: Source, text: str, actor: User, name: str = "june.csv") -> ImportFile:
    received = receive_file(source=source, name=name, content=text.encode(), actor=actor)
    return apply(import_file_id=received.pk, actor=actor)


def waiting() -> dict[str, Decimal]:
    """Return the open gaps by group."""
    found = ExceptionItem.objects.filter(code="unexplained", closed_at__isnull=True)
    assert all(item.owner for item in found)
    return {item.key.split(":", 3)[3]: item.amount or Decimal(0) for item in found}


def with_lines(*lines: str) -> str:
    return "\n".join([BILL.strip(), *lines, ""])


def test_a_bill_posts_its_lines_and_keeps_its_three_gaps(june: Source, controller: User) -> None:
    done = taken(june, BILL, controller)
    assert (done.rows, done.accepted, done.quarantined, done.ignored) == (20, 14, 0, 6)
    spent = sum(Entry.objects.filter(bucket="spent").values_list("amount", flat=True))
    assert spent == Decimal(EXPECT["lines_total"])
    by_category = Entry.objects.filter(bucket="spent").values_list("account__category__code").annotate(Sum("amount"))
    posted = dict(by_category)
    assert posted["compute"] == Decimal(EXPECT["compute_lines_total"])
    assert posted["management"] == Decimal(EXPECT["management_lines_total"])
    compute, management, whole = (finding["sentence"] for finding in done.findings)
    assert compute.endswith(f"its lines add up to {EXPECT['compute_lines_total']}.")
    assert management.endswith(f"its lines add up to {EXPECT['management_lines_total']}.")
    assert whole == f"The bill of 2025-06 states {GOLDEN['bill']['total']}, its groups add up to {EXPECT['groups_total']}."
    assert waiting() == GAPS
    assert sum(waiting().values()) == Decimal(EXPECT["unexplained_in_all"])
    assert set(ExceptionItem.objects.values_list("owner", flat=True)) == {controller.pk}
    assert {finding["period"] for finding in done.findings} == {"2025-06"}


def test_the_same_gaps_in_another_file_do_not_double(june: Source, controller: User) -> None:
    taken(june, BILL, controller)
    opened = dict(ExceptionItem.objects.values_list("key", "pk"))
    again = taken(june, BILL + "\n", controller, "again.csv")
    assert (again.accepted, again.duplicate) == (0, 14)
    assert waiting() == GAPS
    assert dict(ExceptionItem.objects.values_list("key", "pk")) == opened
    # They are carried over: what is shown is the file that said so last.
    assert set(ExceptionItem.objects.values_list("subject_id", flat=True)) == {str(again.pk)}


def test_the_corrected_bill_closes_what_it_explains_and_says_which_file_it_was(june: Source, controller: User) -> None:
    taken(june, BILL, controller)
    corrected = taken(june, with_lines(*EXPLAINED.values()), controller, "corrected.csv")
    assert (corrected.findings, corrected.accepted, waiting()) == ([], 3, {})
    said = "corrected.csv explains it: there the bill of 2025-06 adds up."
    assert [(item.closed_by, item.closing_note) for item in ExceptionItem.objects.all()] == [(None, said)] * 3
    spent = sum(Entry.objects.filter(bucket="spent").values_list("amount", flat=True))
    assert spent == Decimal(GOLDEN["bill"]["total"])
    # Where a third file has a gap again, it is opened again.
    taken(june, BILL + "\n\n", controller, "worse.csv")
    assert waiting() == GAPS
    assert ExceptionItem.objects.filter(code="unexplained").count() == 6


def test_a_gap_that_is_smaller_has_its_new_amount_and_the_others_stay(june: Source, controller: User) -> None:
    taken(june, BILL, controller)
    taken(june, with_lines("Line,2025-06,Compute & Infrastructure,Data Transfer,7.00,USD"), controller, "partly.csv")
    assert waiting() == GAPS | {"Compute & Infrastructure": Decimal("0.36")}
    assert ExceptionItem.objects.count() == 3
    found = ExceptionItem.objects.get(amount=Decimal("0.36"))
    assert found.sentence == "Compute & Infrastructure of 2025-06 states 163.91, its lines add up to 163.55."


def test_a_file_without_the_total_speaks_of_the_groups_that_it_states(june: Source, controller: User) -> None:
    taken(june, BILL, controller)
    part = [line for line in BILL.splitlines() if "Compute" in line]
    taken(june, "\n".join([HEADER, *part, EXPLAINED["Compute & Infrastructure"]]), controller, "compute.csv")
    assert waiting() == {name: amount for name, amount in GAPS.items() if name != "Compute & Infrastructure"}


def test_another_month_has_its_own_gaps_in_one_file_or_in_two(june: Source, controller: User) -> None:
    july = BILL.replace("2025-06", "2025-07").replace(f"{HEADER}\n", "")
    done = taken(june, BILL.strip() + "\n" + july, controller, "both.csv")
    assert [(finding["period"], finding["amount"]) for finding in done.findings] == [
        (period, f"{amount:.2f}") for period in ("2025-06", "2025-07") for amount in GAPS.values()
    ]
    assert ExceptionItem.objects.filter(closed_at__isnull=True).count() == 6
    taken(june, with_lines(*EXPLAINED.values()), controller, "corrected.csv")
    left = ExceptionItem.objects.filter(closed_at__isnull=True)
    assert {item.key.split(":")[2] for item in left} == {"2025-07"}
    assert waiting() == GAPS


def test_a_gap_that_a_person_closed_stays_closed_while_it_is_as_large(june: Source, controller: User) -> None:
    taken(june, BILL, controller)
    tax = ExceptionItem.objects.get(amount=GAPS["the bill as a whole"])
    close_exception(item_id=tax.pk, actor=controller, note="It is the tax.")
    taken(june, BILL + "\n", controller, "again.csv")
    assert len(waiting()) == 2
    larger = BILL.replace("314.54", "315.54")
    taken(june, larger, controller, "larger.csv")
    assert waiting() == GAPS | {"the bill as a whole": GAPS["the bill as a whole"] + 1}


def test_what_stands_before_the_total_is_on_its_bill(june: Source, controller: User) -> None:
    """A bill is dated by its end: lines of the month before stand on it, where that month has no bill of its own."""
    rows = ["Line,2025-06,A,Compute,5.00,USD", "Line,2025-07,A,Compute,4.00,USD", "Group,2025-07,A,,10.00,USD"]
    done = taken(june, "\n".join([HEADER, *rows]), controller)
    assert [(finding["period"], finding["amount"]) for finding in done.findings] == [("2025-07", "1.00")]
    # Of two later bills it is the next one's.
    later = taken(june, "\n".join([HEADER, *rows, "Group,2025-08,A,,3.00,USD"]), controller, "later.csv")
    assert [(finding["period"], finding["amount"]) for finding in later.findings] == [("2025-07", "1.00"), ("2025-08", "3.00")]
    own = taken(june, "\n".join([HEADER, *rows, "Group,2025-06,A,,5.00,USD"]), controller, "own.csv")
    assert [(finding["period"], finding["amount"]) for finding in own.findings] == [("2025-07", "6.00")]


def test_gaps_that_were_kept_by_file_become_those_of_their_month(june: Source, controller: User) -> None:
    first, second = taken(june, BILL, controller), taken(june, BILL + "\n", controller, "again.csv")
    keys = set(ExceptionItem.objects.values_list("key", flat=True))
    for item in ExceptionItem.objects.all():
        for each in (first, second):
            item.pk, item.key = None, f"import:{each.pk}:unexplained:{item.key.split(':', 3)[3]}"
            item.save(force_insert=True)
    ExceptionItem.objects.filter(key__in=keys).delete()
    with connection.cursor() as cursor:
        cursor.execute(import_module("reconciliation.migrations.0009_gaps_of_bills_by_month").BY_MONTH)
    assert waiting() == GAPS
    assert set(ExceptionItem.objects.filter(closed_at__isnull=True).values_list("key", flat=True)) == keys
    assert ExceptionItem.objects.filter(closing_note="A later file says so again.").count() == 3
