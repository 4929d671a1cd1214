"""What comes in carries its tags: columns of bills and ledgers, lines of invoices, and the request that an invoice answers."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from approvals.services.requests import save_draft
from budgets.models import SpendItem, SpendTag
from budgets.rules.safe_yaml import read
from budgets.selectors.spend_tags import tags_of
from budgets.selectors.tag_compliance import compliance_of
from budgets.selectors.tags import keys_held, rules_held, target_held
from budgets.services.budgets import load_document
from budgets.services.spend_tags import set_spend_tags
from budgets.services.tag_files import load_tags
from budgets.services.tag_terms import KeyData, RuleData, state_tag_key, state_tag_rule
from core.errors import InvalidInput
from core.models import Entity, User
from reconciliation.models import ImportFile, Invoice, RawRow, Source
from reconciliation.rules.source_files import parse_sources
from reconciliation.services.commitments import match_to_request
from reconciliation.services.ingest import apply, receive_file
from reconciliation.services.source_files import load_sources
from reconciliation.services.sources import save_source
from tests.factories.approvals import MARCH, approve_all, asked, submitted
from tests.factories.budgets import open_year
from tests.factories.reconciliation import an_invoice
from tests.fixtures.approvals import House
from tests.fixtures.budgets import SmallBudget
from tests.fixtures.documents import Coding
from tests.fixtures.imports import SPEND_MAPPING

ROOT = Path(settings.BASE_DIR)
HEADER = "Date,Number,Vendor,Category,Cost centre,Amount,Tag Team,user:Environment,Resource,user:Not a key"


def imported(source: Source, content: str, actor: User) -> ImportFile:
    received = receive_file(source=source, name="spend.csv", content=content.encode(), actor=actor)
    return apply(import_file_id=received.pk, actor=actor)


def said() -> dict[str, dict[str, str]]:
    items = {item.pk: item.resource or item.vendor for item in SpendItem.objects.all()}
    return {items[pk]: tags for pk, tags in tags_of(list(items)).items()}


@pytest.fixture
def tagged_source(small_budget: SmallBudget, controller: User) -> Source:
    mapping: dict[str, Any] = SPEND_MAPPING | {"tags": {"Team": "Tag Team"}, "tag_prefix": "user:", "resource": "Resource"}
    return save_source(
        entity=small_budget.entity, code="tagged", name="Tagged", format_code="spend_csv", mapping=mapping, actor=controller
    )


def test_columns_of_tags_are_read_by_name_and_by_prefix_and_may_be_left_out(tagged_source: Source, controller: User) -> None:
    rows = [
        "2026-03-05,R-1,Acme Cloud,Software,PLATFORM,10.00,api,production,vm-1,x",
        "2026-03-05,R-2,Acme Cloud,Software,PLATFORM,11.00,,staging,vm-2,",
    ]
    done = imported(tagged_source, "\n".join([HEADER, *rows]), controller)
    assert (done.accepted, done.quarantined) == (2, 0)
    assert said() == {"vm-1": {"team": "api", "environment": "production"}, "vm-2": {"environment": "staging"}}

    plain = "\n".join([HEADER.split(",Tag")[0], "2026-04-05,R-3,Other,Software,PLATFORM,10.00"])
    assert imported(tagged_source, plain, controller).accepted == 1
    assert SpendItem.objects.get(vendor="Other").tags.count() == 0


def test_a_row_with_a_tag_that_is_not_allowed_is_taken_and_does_not_comply(
    tagged_source: Source, controller: User, small_budget: SmallBudget
) -> None:
    state_tag_key(entity=small_budget.entity, data=KeyData("Team", MARCH, "list", values=("data",)), actor=None)
    row = "2026-03-05,R-1,Acme Cloud,Software,PLATFORM,10.00,api,,,"
    assert imported(tagged_source, f"{HEADER}\n{row}", controller).accepted == 1

    found = compliance_of(small_budget.entity, MARCH)
    assert (found.whole.rows, found.whole.good_rows, found.keys[0].wrong_amount) == (1, 0, 10)


def test_a_cell_of_a_tag_is_what_it_says_however_hostile(tagged_source: Source, controller: User) -> None:
    row = f"2026-03-05,R-1,Acme Cloud,Software,PLATFORM,10.00,{'x' * 900},<script>,,"
    assert imported(tagged_source, f"{HEADER}\n{row}", controller).accepted == 1
    assert sorted(len(tag.value) for tag in SpendTag.objects.all()) == [8, 200]


def test_lines_of_an_invoice_carry_the_tags_of_their_rows(small_budget: SmallBudget, controller: User) -> None:
    mapping = {
        "columns": {
            "date": "Date",
            "number": "Number",
            "vendor": "Vendor",
            "net": "Net",
            "description": "Text",
            "category": "Category",
            "cost_centre": "Centre",
        },
        "tag_prefix": "user:",
    }
    source = save_source(
        entity=small_budget.entity, code="inv", name="Invoices", format_code="invoice_csv", mapping=mapping, actor=controller
    )
    rows = [
        "Date,Number,Vendor,Net,Text,Category,Centre,user:Team",
        "2026-03-05,A-1,Acme Cloud,10.00,First,software,PLATFORM,api",
        "2026-03-05,A-1,Acme Cloud,20.00,Second,software,PLATFORM,data",
    ]
    assert imported(source, "\n".join(rows), controller).accepted == 2
    found = {item.service: tags_of([item.pk]).get(item.pk) for item in SpendItem.objects.all()}
    assert found == {"First": {"team": "api"}, "Second": {"team": "data"}}


TAGGED = "2026-03-05,INV-7,Acme Cloud,Software,PLATFORM,100.00,api,production,vm-1,"


def borne(invoice: Invoice) -> dict[str, str]:
    item = SpendItem.objects.get(thread=f"invoice-line:{invoice.lines.get().pk}")
    return tags_of([item.pk]).get(item.pk, {})


def test_an_invoice_bears_the_tags_of_a_row_that_is_the_same_document_and_came_before(
    tagged_source: Source, controller: User, invoice: Invoice, code: Coding, small_budget: SmallBudget
) -> None:
    imported(tagged_source, f"{HEADER}\n{TAGGED}", controller)
    row = RawRow.objects.get()
    for name in ("Team", "Level"):
        state_tag_key(entity=small_budget.entity, data=KeyData(name, MARCH, "text"), actor=None)
    rule = RuleData("All", MARCH, sets={"team": "by rule", "level": "low"}, service="*")
    state_tag_rule(entity=small_budget.entity, data=rule, actor=None)
    entity, refs = small_budget.entity, [f"raw-row:{row.pk}"]
    set_spend_tags(entity=entity, month=MARCH, refs=refs, tags={"team": "data"}, reason="It moved.", actor=controller)
    code(invoice)
    assert row.confirmations.get().invoice == invoice
    # As a person had corrected it, and before a rule could speak.
    assert borne(invoice) == {"team": "data", "environment": "production", "level": "low"}


def test_an_invoice_bears_the_tags_of_a_row_that_came_after_where_nothing_was_said(
    tagged_source: Source, controller: User, invoice: Invoice, code: Coding, small_budget: SmallBudget
) -> None:
    state_tag_key(entity=small_budget.entity, data=KeyData("Team", MARCH, "text"), actor=None)
    code(invoice)
    entity, refs = small_budget.entity, [f"invoice-line:{invoice.lines.get().pk}"]
    set_spend_tags(entity=entity, month=MARCH, refs=refs, tags={"team": "data"}, reason="Known.", actor=controller)
    imported(tagged_source, f"{HEADER}\n{TAGGED}", controller)
    assert RawRow.objects.get().confirmations.get().invoice == invoice
    assert borne(invoice) == {"team": "data", "environment": "production"}


@pytest.mark.usefixtures("monday")
def test_what_a_request_bears_its_spend_bears(kafka: House, controller: User) -> None:
    request = submitted(kafka.engineer, kafka.account, "100", tags={"team": "api"})
    approve_all(request)
    line = request.lines.get()
    invoice = an_invoice(kafka.entity, controller, net="100.00")
    match_to_request(invoice_line_id=invoice.lines.get().pk, request_line_id=line.pk, actor=controller)

    item = SpendItem.objects.get(thread=line.thread)
    assert (tags_of([item.pk])[item.pk], item.vendor) == ({"team": "api"}, "Acme Cloud")


@pytest.mark.usefixtures("monday")
def test_a_request_with_a_tag_that_is_not_known_is_refused_with_the_sentence(kafka: House) -> None:
    state_tag_key(entity=kafka.entity, data=KeyData("Team", MARCH, "list", values=("api", "data")), actor=None)
    for tags, words in (({"team": "moon"}, "Team is api or data"), ({"colour": "red"}, "has no tag colour; it has Team")):
        with pytest.raises(InvalidInput, match=words) as refusal:
            save_draft(actor=kafka.engineer, entity=kafka.entity, data=asked(kafka.account, "10", tags=tags))
        assert list(refusal.value.details) == ["tags"]
    save_draft(actor=kafka.engineer, entity=kafka.entity, data=asked(kafka.account, "10", tags={"team": "data"}))


def test_the_demos_bill_shows_a_compliance_figure(entity: Entity, controller: User) -> None:
    load_document(document=read((ROOT / "demo/budgets/distro.yaml").read_bytes()), actor=controller, source_name="distro.yaml")
    distro = Entity.objects.get(code="distro-nation")
    month = distro.budgets.get(code="DISTRO").starts_on
    open_year(distro)
    load_tags(
        entity=distro,
        document={"starts_on": f"{month:%Y-%m}"} | read((ROOT / "demo/tags/distro-nation.yaml").read_bytes()),
        actor=controller,
    )
    load_sources(document=parse_sources((ROOT / "demo/sources/aws-bill.yaml").read_text()), entity=distro, actor=controller)
    assert (len(keys_held(distro, month)), len(rules_held(distro, month)), target_held(distro, month)) == (10, 8, 95)

    bill = (ROOT / "demo/bills/distro-2025-06.csv").read_text().replace("2025-06", f"{month:%Y-%m}")
    done = imported(Source.objects.get(entity=distro, code="aws-bill"), bill, controller)
    assert done.accepted == 14
    found = compliance_of(distro, month)
    shares = {each.key.name: each.share.rows_pct for each in found.keys}
    # The bill as it is states no tags; what its account says is set by rule, the rest is lacking.
    assert shares["CostCenter"] == shares["Budget"] == shares["Environment"] == shares["Lifecycle"] == 100
    assert shares["Owner"] == shares["Team"] == found.whole.amount_pct == 0
    assert not found.meets
    assert str(found.whole.missing) == "285.69"
