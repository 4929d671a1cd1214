"""What stands behind the doors: two organizations, and in one of them two cost centres, all marked by words of their own.

Every name, description and amount that belongs to a part bears its word, so that an answer in which the word stands shows it.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any
from unittest import mock

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.auth.hashers import make_password

from approvals.models import PolicyVersion, Stage
from approvals.services import history
from approvals.services.attachments import attach
from approvals.services.delegations import DelegationData, state_delegation
from approvals.services.policies import load_policy
from approvals.services.questions import ask_question
from approvals.services.requests import submit_request
from budgets.models import (
    Budget,
    BudgetVersion,
    Category,
    Control,
    CostCentre,
    ExchangeRate,
    Finding,
    FundsAccount,
    Period,
    Vendor,
)
from budgets.rules.months import months_between
from budgets.services.accounts import ensure_account
from budgets.services.controls import set_controls
from budgets.services.ledger import Posting, post
from budgets.services.milestones import set_milestone
from budgets.services.periods import close_period
from budgets.services.rates import state_rate
from core import clock
from core.models import Entity, Notice, Role, User
from core.services.invitations import WantedRole, invite
from core.services.jobs import start_job
from core.services.notices import notify
from core.services.tokens import make_token
from reconciliation.models import ImportFile, Suggestion
from reconciliation.services import commitments, ingest, matching, payments, sources
from reporting import pdf
from reporting.services.packs import freeze_pack, render_pack
from tests.doors.tables.admin import MASTERS, SCHEDULES
from tests.doors.words import PERSONAS, Part, Persona
from tests.factories.approvals import MARCH, MONDAY, approve_all, draft, submitted
from tests.factories.budgets import DECEMBER, JANUARY, BudgetFactory, CategoryFactory, CostCentreFactory, VendorFactory, open_year
from tests.factories.core import EntityFactory, UserFactory, WorkCalendarFactory, assign
from tests.factories.reconciliation import Detail, an_invoice, handle_events, pay
from tests.trust.scenarios.approvals import LOG
from tests.trust.scenarios.ground import POLICY
from tests.trust.scenarios.imports import FINE, SPEND_HEADER, SPEND_MAPPING, UNKNOWN

# The words by which things are known, and amounts that stand nowhere else.
MARKS: dict[str, tuple[str, ...]] = {
    "own": ("zorvane",),
    "near": ("umbrafell", "313.37", "1,031.07", "1031.07"),
    "far": ("vexholm", "717.31", "1,047.03", "1047.03"),
    "books": ("quillmarch", "919.19"),
    "draft": ("hushdraft",),
}
HELD = {"own": "111.11", "near": "313.37", "far": "717.31"}
MONTHLY = {"own": Decimal("1011.01"), "near": Decimal("1031.07"), "far": Decimal("1047.03")}
PASSWORD = "not to be guessed"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
# What each persona holds: a role's code and kind.
HOLDS = {
    "requester": ("project_manager", "requester"),
    "approver": ("program_director", "approver"),
    "bookkeeper": ("bookkeeper", "finance"),
    "finance": ("finance", "finance"),
    "executive": ("executive", "executive"),
    "auditor": ("auditor", "auditor"),
    "administrator": ("administrator", "administrator"),
}


@dataclass
class World:
    """The parts' things by the names that tables use, and the people."""

    parts: dict[Part, dict[str, Any]]
    people: dict[str, User]
    rows: dict[str, Any] = field(default_factory=dict)

    def things(self, part: Part) -> Mapping[str, Any]:
        return self.parts.get(part, {})


@dataclass
class House:
    """An organization as it is being furnished."""

    entity: Entity
    word: str
    root: CostCentre
    categories: dict[str, Category]
    vendor: Vendor
    finance: User
    rate: ExchangeRate


def build() -> World:
    """Furnish both organizations. Takes a second or two; call it in a transaction that is rolled back."""
    with clock.at(MONDAY):
        acme, elsewhere = _house("acme", "Acme"), _house("vexholm-co", "Vexholm Holding", "Vexholm ")
        own_centre = CostCentreFactory.create(entity=acme.entity, code="WORKS", name="Zorvane works", parent=acme.root)
        people = _people(acme, own_centre)
        own = _part(acme, "zorvane", own_centre, people["requester"], people["approver"], HELD["own"], MONTHLY["own"])
        near = _other_part(acme, "umbrafell", "MILLS", "near")
        far = _other_part(elsewhere, "vexholm", "WORKS", "far")
        handle_events()
        own |= _private(people, own)
        own |= _books(acme, "quillmarch", own["_account"], people["requester"])
        far |= _books(elsewhere, "vexholm", far["_account"], far["_requester"])
        shared = _shared(acme, own["_centre"], near["_centre"])
        for house in (acme, elsewhere):
            close_period(entity=house.entity, month=DECEMBER, actor=house.finance)
        far |= _looked_after(far["_approver"], "Vexholm") | {"passkey": _passkey(far["_requester"], "Vexholm")}
        far |= {"notice": Notice.objects.filter(person=far["_approver"]).earliest("pk").pk}
    parts = {Part.OWN: own, Part.NEAR: near, Part.FAR: far, Part.SHARED: shared, Part.MISSING: dict(NOWHERE)}
    _rows_of_the_admin(parts)
    return World(parts, people)


def _rows_of_the_admin(parts: dict[Part, dict[str, Any]]) -> None:
    """Find a row of each model for the admin's pages: one of each organization, or any where rows belong to none."""
    for master in (*MASTERS, *SCHEDULES):
        rows = apps.get_model(master.label)._base_manager.order_by("pk")
        for part in (Part.OWN, Part.FAR):
            found = rows.filter(**{_code_of(master.entity): parts[part]["entity"]}) if master.entity else rows
            row = found.first() if master.entity or part == Part.OWN else None
            if row is not None:
                parts[part][master.key] = row.pk


def _code_of(path: str) -> str:
    return "code" if path == "pk" else f"{path}__code"


def quick_pdfs() -> AbstractContextManager[Any]:
    """Let a pack's PDF be its page: what it shows is looked at, not how it is drawn."""

    def render(html: str, **_: Any) -> pdf.Made:
        content = b"%PDF-1.7 " + html.encode()
        return pdf.Made(content, sha256(content).hexdigest(), 1, "a test")

    return mock.patch.object(pdf, "render", render)


# What names nothing, as each kind of address would have it.
NOWHERE: dict[str, Any] = {
    "entity": "no-such-house",
    "budget": "NO-SUCH",
    "version": 99,
    "category": "no-such",
    "request": "REQ-2026-9999",
    "person": "999999999",
    "digest": "none",
}


def _house(code: str, name: str, prefix: str = "") -> House:
    calendar = WorkCalendarFactory.create(code=f"{code}-hours", name=f"{prefix}office hours")
    entity = EntityFactory.create(code=code, name=name, calendar=calendar)
    open_year(entity)
    root = CostCentreFactory.create(entity=entity, code="HQ", name=f"{prefix}headquarters")
    names = ("people", "software", "training")
    categories = {each: CategoryFactory.create(entity=entity, code=each, name=f"{prefix}{each}".capitalize()) for each in names}
    vendor = VendorFactory.create(entity=entity, code=f"{code}-cloud", name=f"{prefix}Cloud supply")
    finance = _person(f"{prefix}Finance", f"finance@{code}.example.org", "finance", "finance", entity)
    for role, kind in (("executive", "executive"),):
        _person(f"{prefix}{role}".capitalize(), f"{role}@{code}.example.org", role, kind, entity)
    document = {**POLICY, "code": f"{code}-policy", "name": f"{prefix}Approvals"}
    load_policy(document=document, entity=entity, actor=finance)
    load_policy(document={**document, "escalate_after": "2 business days"}, entity=entity, actor=finance, publish=False)
    rate = state_rate(
        entity=entity, currency="GBP", valid_on=JANUARY, rate=Decimal("1.25"), source=f"{prefix}Bank", actor=finance
    )
    return House(entity, prefix.strip(), root, categories, vendor, finance, rate)


def _person(name: str, email: str, role: str, kind: str, entity: Entity, centre: CostCentre | None = None) -> User:
    person = UserFactory.create(email=email, name=name, password=make_password(PASSWORD))
    assign(person, role, entity, kind=kind, cost_centre=centre)
    return person


def _people(acme: House, centre: CostCentre) -> dict[str, User]:
    """Make the personas. Finance and the executive are those whom the policy finds."""
    return {name: _persona(PERSONAS[name], acme, centre) for name in PERSONAS if name != "stranger"}


def _persona(persona: Persona, acme: House, centre: CostCentre) -> User:
    known = {"finance": acme.finance, "executive": User.objects.get(email="executive@acme.example.org")}
    user = known.get(persona.name) or UserFactory.create(
        email=f"{persona.name}@acme.example.org",
        name=f"The {persona.name}",
        is_staff=persona.is_staff,
        is_superuser=persona.is_superuser,
        password=make_password(PASSWORD),
    )
    if persona.name in HOLDS and persona.name not in known:
        role, kind = HOLDS[persona.name]
        assign(user, role, acme.entity, kind=kind, cost_centre=None if persona.whole else centre)
    return user


def _other_part(house: House, word: str, code: str, part: str) -> dict[str, Any]:
    name = word.capitalize()
    centre = CostCentreFactory.create(entity=house.entity, code=code, name=f"{name} works", parent=house.root)
    requester = _person(
        f"{name} requester", f"requester@{word}.example.org", "project_manager", "requester", house.entity, centre
    )
    approver = _person(f"{name} approver", f"approver@{word}.example.org", "program_director", "approver", house.entity, centre)
    things = _part(house, word, centre, requester, approver, HELD[part], MONTHLY[part])
    told = notify(person=requester, kind="test", subject=f"{name} notice", key=f"{word}-told", entity=house.entity, url="/")
    assert told is not None
    return things | {"notice": told.pk, "unread": told.pk}


def _part(
    house: House, word: str, centre: CostCentre, requester: User, approver: User, held: str, monthly: Decimal
) -> dict[str, Any]:
    """Furnish a cost centre: a budget with money, controls, a pack; requests in each state."""
    name = word.capitalize()
    budget = BudgetFactory.create(entity=house.entity, code=f"{word.upper()}-26", name=f"{name} budget", cost_centre=centre)
    version = _version(budget, name)
    account = _funded(house, budget, centre, "software", monthly, word)
    set_milestone(budget=budget, code="M1", name=f"{name} launch", due_on=date(2026, 6, 1), actor=house.finance)
    waiting = draft(requester, account, held, **_said(house, name))
    file = attach(request_id=waiting.pk, actor=requester, name=f"{word}.pdf", content=PDF)
    waiting = submit_request(request_id=waiting.pk, actor=requester)
    unsent = draft(requester, account, "31.00", title=f"{name} hushdraft")
    done = approve_all(submitted(requester, account, "20.00", **_said(house, f"{name} second")))
    stage = Stage.objects.get(request=waiting, state=Stage.State.ASSIGNED)
    assert stage.owner_id == approver.pk
    question = ask_question(stage_id=stage.pk, actor=approver, person_id=requester.pk, text=f"{name} why?")
    taker = User.objects.get(email=f"executive@{house.entity.code}.example.org")
    pack = freeze_pack(budget=budget, month=MARCH, actor=house.finance, note=f"{name} note")
    render_pack(pack=pack, actor=house.finance)
    args = {"budget_id": budget.pk, "month": "2026-03-01"}
    job = start_job(kind="board-pack", title=f"{name} job", args=args, actor=house.finance, entity=house.entity)
    journal = account.entries.order_by("journal_id").values_list("journal_id", flat=True).first()
    return {
        **_of_house(house),
        "budget": budget.code,
        "version": version.number,
        "category": "software",
        "control": Control.objects.get(account=account).pk,
        "journal": journal,
        "entry": account.entries.earliest("pk").pk,
        "request": waiting.number,
        "stage": stage.pk,
        "digest": waiting.digest,
        "question": question.pk,
        "taker": taker.pk,
        "taker_mail": taker.email,
        "colleague": house.finance.pk,
        "colleague_mail": house.finance.email,
        "draft": unsent.number,
        "attachment": file.pk,
        "approved": done.number,
        "approved_line": done.lines.get().pk,
        "pack": pack.pk,
        "job": job.pk,
        "account": account.pk,
        "month": "2026-03",
        "centre": centre.pk,
        "delegation": _delegation(house, approver),
        "token": make_token(owner=requester, name=f"{name} token", scopes=["budgets:read"])[0].pk,
        "_centre": centre,
        "_account": account,
        "_requester": requester,
        "_approver": approver,
    }


def _delegation(house: House, approver: User) -> int:
    """Let finance decide for the approver in days that are far away, so that nothing here comes of it."""
    data = DelegationData(house.entity, approver, house.finance, date(2040, 1, 2), date(2040, 1, 6))
    return state_delegation(data=data, actor=approver).pk


def _of_house(house: House) -> dict[str, Any]:
    """Return what belongs to the organization as a whole: both its parts have it."""
    versions = PolicyVersion.objects.filter(policy__entity=house.entity)
    months = Period.objects.filter(entity=house.entity).order_by("month")
    return {
        "entity": house.entity.code,
        "category_id": house.categories["software"].pk,
        "vendor": house.vendor.pk,
        "period": months[9].pk,
        "closed_period": months[11].pk,
        "policy_version": versions.get(state="published").pk,
        "policy_draft": versions.get(state="draft").pk,
        "rate": house.rate.pk,
    }


def _said(house: House, name: str) -> dict[str, Any]:
    return {"title": f"{name} licences", "reason": f"{name} needs them.", "vendor_id": house.vendor.pk}


def _version(budget: Budget, name: str) -> BudgetVersion:
    version = BudgetVersion.objects.get(budget=budget)
    sentence = f"{name} lines are more than the envelope."
    Finding.objects.create(version=version, code="over_allocated", where="software", amount=Decimal(48), sentence=sentence)
    return version


def _funded(house: House, budget: Budget, centre: CostCentre, category: str, monthly: Decimal, word: str) -> FundsAccount:
    account = ensure_account(
        budget=budget, cost_centre=centre, category=house.categories[category], name=f"{word.capitalize()} line"
    )
    set_controls(budget=budget, categories=[house.categories[category]])
    postings = [Posting(account.pk, month, "allotted", monthly) for month in months_between(JANUARY, DECEMBER)]
    key = f"doors-{budget.code}-{word}"
    post(key=key, kind="allot", entity=house.entity, postings=postings, actor=house.finance, source=("budget_version", "1"))
    return account


def _shared(house: House, own: CostCentre, near: CostCentre) -> dict[str, Any]:
    """Furnish a budget of the whole organization, with a line at each of its two cost centres, and a journal over both."""
    budget = BudgetFactory.create(entity=house.entity, code="COMMON-26", name="Common budget", cost_centre=house.root)
    kind = house.categories["training"]
    mine = ensure_account(budget=budget, cost_centre=own, category=kind, name="Zorvane course")
    theirs = ensure_account(budget=budget, cost_centre=near, category=kind, name="Umbrafell course")
    set_controls(budget=budget, categories=[kind], cost_centres=[own, near])
    postings = [Posting(mine.pk, MARCH, "allotted", Decimal(70)), Posting(theirs.pk, MARCH, "allotted", MONTHLY["near"])]
    made = post(
        key="doors-shared", kind="allot", entity=house.entity, postings=postings, actor=house.finance, source=("test", "1")
    )
    return {"budget": budget.code, "version": 1, "category": "training", "journal": made.id, "account": mine.pk}


def _private(people: Mapping[str, User], own: Mapping[str, Any]) -> dict[str, Any]:
    """Tell one person something, and let a job be one person's own."""
    requester = people["requester"]
    entity = own["_account"].entity
    told = notify(person=requester, kind="test", subject="Zorvane notice", key="own-told", entity=entity, url="/requests/")
    assert told is not None
    return {"notice": told.pk, **_looked_after(people["approver"], "Zorvane")}


def _looked_after(person: User, name: str) -> dict[str, Any]:
    """Let an administrator look after a person, and after an invitation that is open."""
    entity = person.assignments.earliest("pk").entity
    role = WantedRole(Role.objects.get(code="finance"), entity)
    host = User.objects.get(is_superuser=True)
    invitation = invite(email=f"new@{name.lower()}.example.org", name=f"{name} newcomer", roles=[role], actor=host)
    return {"invitation": invitation.pk, "person_id": person.pk}


def _passkey(person: User, name: str) -> int:
    kept = {"name": f"{name} key", "credential": {}}
    return int(Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data=kept).pk)


def _books(house: House, word: str, account: FundsAccount, requester: User) -> dict[str, Any]:
    """Fill the organization's books: invoices, payments, files, and what waits for a person in each."""
    name, entity, finance = word.capitalize(), house.entity, house.finance
    # What is posted to a line says on that line's entries what it was for.
    whose = account.name.split()[0]
    shop = f"{whose} shop"
    said = {"vendor_name": house.vendor.name, "description": f"{name} goods"}
    posted = said | {"description": f"{whose} goods"}
    asked = approve_all(submitted(requester, account, "40.00", **_said(house, f"{account.name} third"))).lines.get()
    open_one = an_invoice(entity, finance, f"{name}-1", "919.19", **said)
    coded = an_invoice(entity, finance, f"{whose}-2", "50.00", account_id=account.pk, month=MARCH, **posted)
    answered = an_invoice(entity, finance, f"{whose}-3", "40.00", **posted)
    alike = an_invoice(entity, finance, f"{name}-4", "80.00", **said)
    held = an_invoice(entity, finance, f"{name}-4-B", "80.00", **said)
    match = commitments.match_to_request(invoice_line_id=answered.lines.get().pk, request_line_id=asked.pk, actor=finance)
    paid, near_by = pay(entity, finance, _transfer(name, "50.00"), _transfer(name, "80.00"))
    told: dict[str, Any] = {"rule": "person", "why": "Chosen by a person.", "actor": finance}
    allocation = payments.allocate(invoice_id=coded.pk, payment_id=paid.pk, amount=Decimal("50.00"), **told)
    matching.match_payments(entity=entity, actor=finance)
    files = _files(house, name, shop)
    log = history.read_history(content=LOG, name=f"{name}.csv", calendar="NL")
    files["history"] = history.keep_history(read=log, entity=entity, actor=finance).pk
    return files | {
        "invoice": open_one.pk,
        "held": held.pk,
        "line": open_one.lines.get().pk,
        "coded_line": coded.lines.get().pk,
        "match": match.pk,
        "request_line": asked.pk,
        "payment": near_by.pk,
        "invoice_number": alike.number,
        "invoice_for_payment": alike.pk,
        "allocation": allocation.pk,
        "suggestion": Suggestion.objects.filter(entity=entity, state="open").earliest("pk").pk,
        "exception": entity.exceptions.filter(closed_at=None).earliest("pk").pk,
    }


def _transfer(name: str, amount: str) -> Detail:
    return Detail(amount, name=f"{name} bank partner", remittance=f"{name} pays")


def _files(house: House, name: str, shop: str) -> dict[str, Any]:
    """Receive three files: one imported with rows that wait, one with a changed row, one just received."""
    source = sources.save_source(
        entity=house.entity,
        actor=house.finance,
        code=f"{name.lower()}-ledger",
        # A report says from which sources its figures come.
        name=f"{house.word} ledger".strip(),
        format_code="spend_csv",
        mapping=SPEND_MAPPING,
    )
    fine = FINE.replace("PLATFORM", "WORKS").replace("Acme Cloud", shop)
    waits = UNKNOWN.format(n=3).replace("Acme Cloud", shop)
    whose = shop.split()[0]
    first = _imported(house, source, f"{whose}-1.csv", fine, waits)
    second = _imported(house, source, f"{whose}-2.csv", fine.replace("10.00", "11.00"))
    new = _received(house, source, f"{name}-3.csv", fine.replace("INV-1", "INV-9"))
    return {
        "source": source.pk,
        "import": first.pk,
        "row": first.raw_rows.get(status="quarantined").pk,
        "changed_row": second.raw_rows.get(status="quarantined").pk,
        "new_import": new.pk,
    }


def _received(house: House, source: Any, name: str, *rows: str) -> ImportFile:
    content = "\n".join([SPEND_HEADER, *rows, ""]).encode()
    return ingest.receive_file(source=source, name=name, content=content, actor=house.finance)


def _imported(house: House, source: Any, name: str, *rows: str) -> ImportFile:
    return ingest.apply(import_file_id=_received(house, source, name, *rows).pk, actor=house.finance)
