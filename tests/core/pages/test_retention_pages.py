"""Retention on its pages and by program: stated, withheld, looked at, ordered, recorded; and what is gone says so."""

import csv
import io
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from core.models import RetentionHold, RetentionPeriod, RetentionRun, User
from core.selectors.retention import standing_of
from core.services.jobs import run_waiting_jobs
from reporting.models import Pack, PackFile
from tests.factories.core import assign
from tests.fixtures.reporting import Reported

HASH = "ab" * 32


@pytest.fixture
def old_pack(reported: Reported) -> Pack:
    pack = Pack.objects.create(
        budget=reported.budget,
        month=date(2015, 3, 1),
        issue=1,
        snapshot="{}",
        snapshot_sha256=HASH,
        figures_sha256=HASH,
        last_journal=1,
        is_final=True,
    )
    PackFile.objects.create(pack=pack, content=b"%PDF-", sha256=HASH, size=5, pages=1, renderer="a test")
    return pack


@pytest.fixture
def keeper(reported: Reported, administrator: User) -> User:
    assign(administrator, "keeper", reported.budget.entity, kind="administrator")
    administrator.__dict__.pop("_grants", None)
    return administrator


def page_of(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return str(answer.content.decode()).replace("\xa0", " ")


def test_an_administrator_states_a_period_and_what_was_wrong_stays(client: Client, reported: Reported, keeper: User) -> None:
    client.force_login(keeper)
    address = reverse("core:retention-period", args=[reported.budget.entity.code, "financial"])
    answer = client.post(address, {"years": "0", "reason": "The buyer keeps ten."})
    assert answer.status_code == 422
    assert "at least a year" in answer.content.decode()
    assert "The buyer keeps ten." in answer.content.decode()
    client.post(address, {"years": "10", "reason": "The buyer keeps ten."})
    assert RetentionPeriod.objects.get().years == 10
    html = page_of(client, f"{reverse('core:retention')}?entity={reported.budget.entity.code}")
    assert "10 years" in html
    assert "The buyer keeps ten." in html
    assert client.get(reverse("core:retention-period", args=[reported.budget.entity.code, "gossip"])).status_code == 404


def test_finance_looks_orders_and_finds_the_record(client: Client, reported: Reported, controller: User, old_pack: Pack) -> None:
    client.force_login(controller)
    code = reported.budget.entity.code
    address = reverse("core:retention-past", args=[code])
    html = page_of(client, address)
    assert "1 document is past its years" in html
    assert f"{reported.budget.code}-2015-03-issue-1" in html
    answer = client.post(address, {"digest": "another"})
    assert answer.status_code == 409
    assert "has changed since you looked" in answer.content.decode()
    answer = client.post(address, {"digest": standing_of(reported.budget.entity).digest})
    assert answer.status_code == 302
    run_waiting_jobs()
    run = RetentionRun.objects.get()
    assert "1 document was removed" in page_of(client, reverse("core:retention-run", args=[run.pk]))
    sheet = b"".join(client.get(reverse("core:retention-run-csv", args=[run.pk]))).decode("utf-8-sig")
    assert [row["sha256"] for row in csv.DictReader(io.StringIO(sheet))] == [HASH]
    assert "Nothing may be removed today" in page_of(client, address)
    for name in ("reporting:pack", "reporting:pack-pdf"):
        html = page_of(client, reverse(name, args=[old_pack.pk]), status=410)
        assert "its retention period ended on 31 December 2017" in html
    assert "· removed" in page_of(client, reverse("reporting:packs"))


def test_what_is_withheld_says_so_and_who_only_looks_orders_nothing(
    client: Client, reported: Reported, controller: User, keeper: User, old_pack: Pack
) -> None:
    client.force_login(controller)
    code = reported.budget.entity.code
    assert client.post(reverse("core:retention-hold", args=[code]), {"kind": "reports", "reason": ""}).status_code == 422
    client.post(reverse("core:retention-hold", args=[code]), {"kind": "reports", "reason": "An audit of 2015."})
    html = page_of(client, reverse("core:retention-past", args=[code]))
    assert "1 document of the kind monthly reports is withheld" in html
    assert "An audit of 2015." in html
    assert "Remove" not in html
    hold = RetentionHold.objects.get()
    assert client.post(reverse("core:retention-lift", args=[hold.pk]), {"reason": "Over."}).status_code == 403
    client.force_login(keeper)
    assert client.post(reverse("core:retention-past", args=[code]), {"digest": ""}).status_code == 403
    assert client.post(reverse("core:retention-lift", args=[hold.pk]), {"reason": "Over."}).status_code == 302
    html = page_of(client, f"{reverse('core:retention')}?entity={code}")
    assert "(lifted)" in html


def test_programs_do_the_same(client: Client, reported: Reported, controller: User, keeper: User, old_pack: Pack) -> None:
    client.force_login(controller)
    code = reported.budget.entity.code
    past = client.get("/api/v1/retention-removals/past", {"entity": code}).json()
    assert [each["sha256"] for each in past["documents"]] == [HASH]
    body = {"entity": code, "digest": past["digest"]}
    said = client.post("/api/v1/retention-removals?dry_run=true", body, content_type="application/json")
    assert (said.status_code, RetentionRun.objects.count()) == (202, 0)
    made = client.post("/api/v1/retention-removals", body, content_type="application/json")
    assert made.status_code == 202
    again = client.post("/api/v1/retention-removals", body, content_type="application/json")
    assert again.status_code == 409
    run_waiting_jobs()
    listed = client.get(f"/api/v1/retention-removals/{made.json()['id']}/documents").json()["results"]
    assert [(each["records"], each["kept_until"]) for each in listed] == [("packs", "2017-12-31")]
    gone = client.get(f"/api/v1/packs/{old_pack.pk}/data")
    assert (gone.status_code, gone.json()["code"]) == (410, "removed")
    stated = {"entity": code, "kind": "reports", "years": 4, "reason": "The buyer's rules."}
    assert client.post("/api/v1/retention-periods", stated, content_type="application/json").status_code == 403
    client.force_login(keeper)
    assert client.post("/api/v1/retention-periods", stated, content_type="application/json").status_code == 201
    held = client.post("/api/v1/retention-holds", {"entity": code, "reason": "An audit."}, content_type="application/json").json()
    lifted = client.post(
        f"/api/v1/retention-holds/{held['id']}/lift", {"reason": "Over."}, content_type="application/json"
    ).json()
    assert lifted["lifted_because"] == "Over."
