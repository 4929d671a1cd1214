"""What stands behind the doors: two organizations, and in one of them two cost centres, all marked by words of their own.

Every name, description and amount that belongs to a part bears its word, so that an answer in which the word stands shows it.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from unittest import mock

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.auth.hashers import make_password

from approvals.models import (
    Card,
    Committee,
    Decision,
    Emergency,
    EmergencyTerms,
    Manager,
    Meeting,
    PeopleGroup,
    PolicyVersion,
    Request,
    Reserve,
    Stage,
)
from approvals.services.attachments import attach
from approvals.services.comments import write_comment
from approvals.services.decisions import approve_stage
from approvals.services.delegations import DelegationData, state_delegation
from approvals.services.meetings import call_meeting, close_meeting, open_meeting
from approvals.services.owners import save_group, state_manager
from approvals.services.policies import load_policy
from approvals.services.questions import ask_question
from approvals.services.requests import submit_request
from approvals.services.saved_views import save_view
from budgets.models import Budget, BudgetVersion, Control, CostCentre, Finding, FundsAccount, Period
from budgets.rules.months import months_between
from budgets.services.accounts import ensure_account
from budgets.services.controls import set_controls
from budgets.services.ledger import Posting, post
from budgets.services.milestones import set_milestone
from budgets.services.periods import close_period
from budgets.services.projections import PartData, ProjectionData, state_projection
from budgets.services.rates import state_rate
from core import clock
from core.models import Entity, Notice, PersonCalendar, Role, User
from core.services.invitations import WantedRole, invite
from core.services.jobs import start_job
from core.services.notices import notify
from core.services.tokens import make_token
from reporting import pdf
from reporting.services.packs import freeze_pack, render_pack
from tests.doors.books import fill_books
from tests.doors.charging import charge_back
from tests.doors.estimating import estimate
from tests.doors.house import House, words_of
from tests.doors.reserving import keep_reserve
from tests.doors.retaining import retain
from tests.doors.tables.admin import MASTERS, SCHEDULES
from tests.doors.tagging import tag
from tests.doors.words import PERSONAS, Part, Persona
from tests.factories.approvals import MARCH, MONDAY, approve_all, draft, submitted
from tests.factories.budgets import DECEMBER, JANUARY, BudgetFactory, CategoryFactory, CostCentreFactory, VendorFactory, open_year
from tests.factories.core import EntityFactory, UserFactory, WorkCalendarFactory, assign
from tests.factories.emergencies import declared, terms
from tests.factories.owners import committee
from tests.factories.reconciliation import handle_events
from tests.trust.scenarios.ground import POLICY

# The words by which things are known, and amounts that stand nowhere else.
MARKS: dict[str, tuple[str, ...]] = {
    "own": ("zorvane",),
    "near": ("umbrafell", "313.37", "1,031.07", "1031.07"),
    "far": ("vexholm", "717.31", "1,047.03", "1047.03"),
    # The names and addresses of near's people, by which they may be chosen where their things may not be seen.
    "colleagues": ("harpwick",),
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


def build() -> World:
    """Furnish both organizations. Takes a second or two; call it in a transaction that is rolled back."""
    with clock.at(MONDAY):
        acme, elsewhere = _house("acme", "Acme"), _house("vexholm-co", "Vexholm Holding", "Vexholm ")
        own_centre = CostCentreFactory.create(entity=acme.entity, code="WORKS", name="Zorvane works", parent=acme.root)
        people = _people(acme, own_centre)
        own = _part(acme, "zorvane", own_centre, people["requester"], people["approver"], HELD["own"], MONTHLY["own"])
        near = _other_part(acme, "umbrafell", "MILLS", "near", people="harpwick")
        far = _other_part(elsewhere, "vexholm", "WORKS", "far")
        handle_events()
        own |= _private(people, own)
        own |= fill_books(acme, "quillmarch", own["_account"], people["requester"])
        far |= fill_books(elsewhere, "vexholm", far["_account"], far["_requester"])
        shared = _shared(acme, own["_centre"], near["_centre"])
        _charge(acme, own, near)
        _charge(elsewhere, far)
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
    document = {**POLICY, "code": f"{code}-policy", "name": f"{prefix}Approvals", "undo_window": 86_400}
    load_policy(document=document, entity=entity, actor=finance)
    load_policy(document={**document, "note": "Later."}, entity=entity, actor=finance, effective_from=date(2036, 1, 1))
    load_policy(document={**document, "escalate_after": "2 business days"}, entity=entity, actor=finance, publish=False)
    rate = state_rate(
        entity=entity, currency="GBP", valid_on=JANUARY, rate=Decimal("1.25"), source=f"{prefix}Bank", actor=finance
    )
    _owners(entity, prefix, finance)
    keep_reserve(entity, prefix, root, categories["training"], finance)
    parts = [PartData(f"{prefix}AWS", Decimal("314.54"), categories["software"], Decimal(30), Decimal(20))]
    data = ProjectionData(f"{prefix}Cloud in a quarter", JANUARY, 3, Decimal(15), parts, reasons=f"{prefix}growth of users")
    projection = state_projection(entity=entity, data=data, actor=finance)
    return House(entity, prefix.strip(), root, categories, vendor, finance, rate, projection)


def _owners(entity: Entity, prefix: str, finance: User) -> None:
    """Let there be a group of people, somebody above somebody, and a committee on which the executive sits."""
    executive = User.objects.get(email=f"executive@{entity.code}.example.org")
    save_group(entity=entity, code="buyers", name=f"{prefix}Buyers", people=[finance], actor=None)
    state_manager(entity=entity, person=finance, manager=executive, actor=None)
    sits = committee(entity, finance, [executive], name=f"{prefix}Budget committee").committee
    for hours in (1, 30):
        begins = MONDAY + timedelta(hours=hours)
        meeting = call_meeting(committee=sits, starts_at=begins, purpose=f"{prefix}Budgets", actor=finance)
        if hours == 1:
            open_meeting(meeting_id=meeting.pk, actor=finance)
            close_meeting(meeting_id=meeting.pk, actor=finance)


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


def _other_part(house: House, word: str, code: str, part: str, *, people: str = "") -> dict[str, Any]:
    """Furnish another cost centre and its two people, who bear the word `people`, or the part's own."""
    name, known_as = word.capitalize(), people or word
    them = known_as.capitalize()
    centre = CostCentreFactory.create(entity=house.entity, code=code, name=f"{name} works", parent=house.root)
    requester, approver = (
        _person(f"{them} {kind}", f"{kind}@{known_as}.example.org", role, kind, house.entity, centre)
        for role, kind in (HOLDS["requester"], HOLDS["approver"])
    )
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
    band = estimate(house, budget, name, "software")
    set_milestone(budget=budget, code="M1", name=f"{name} launch", due_on=date(2026, 6, 1), actor=house.finance)
    waiting = draft(requester, account, held, **words_of(house, name))
    file = attach(request_id=waiting.pk, actor=requester, name=f"{word}.pdf", content=PDF)
    waiting = submit_request(request_id=waiting.pk, actor=requester)
    unsent = draft(requester, account, "31.00", title=f"{name} hushdraft")
    done = approve_all(submitted(requester, account, "20.00", **words_of(house, f"{name} second")))
    Card.objects.create(entity=house.entity, holder=requester, label=f"{name} card", last_four="1234")
    view = save_view(actor=requester, page="queue", name=f"{name} view", query="due=overdue")
    automatic = submitted(requester, account, "16.00", tags={"level": "small"}, **words_of(house, f"{name} small"))
    stage = Stage.objects.get(request=waiting, state=Stage.State.ASSIGNED)
    decision = _decided(submitted(requester, account, "21.00", **words_of(house, f"{name} third")), approver)
    assert stage.owner_id == approver.pk
    emergency = _emergency(house, requester, approver, account, name)
    question = ask_question(stage_id=stage.pk, actor=approver, person_id=requester.pk, text=f"{name} why?")
    comment = write_comment(request_id=waiting.pk, actor=requester, text=f"{name} is soon.")
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
        "band": band.pk,
        "category": "software",
        "control": Control.objects.get(account=account).pk,
        "journal": journal,
        "entry": account.entries.earliest("pk").pk,
        "request": waiting.number,
        "stage": stage.pk,
        "view": view.pk,
        "decided": decision.request.number,
        "decided_stage": decision.stage_id,
        "decision": decision.pk,
        "receipt": decision.receipts.get().number,
        "digest": waiting.digest,
        "question": question.pk,
        "comment": comment.pk,
        "emergency": emergency.request.number,
        "debt": emergency.debts.get(kind="written").pk,
        "terms": emergency.terms_id,
        "approver_id": approver.pk,
        "approver_mail": approver.email,
        "taker": taker.pk,
        "taker_mail": taker.email,
        "colleague": house.finance.pk,
        "colleague_mail": house.finance.email,
        "draft": unsent.number,
        "automatic": automatic.number,
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


def _charge(house: House, *parts: dict[str, Any]) -> None:
    for part, charged in zip(parts, charge_back(house, *parts), strict=True):
        part |= charged
    common = tag(house) | retain(house)
    for part in parts:
        part |= common


def _decided(request: Request, approver: User) -> Decision:
    """Let the approver decide on the day on which the doors are gone to, so that it may still be taken back."""
    stage = Stage.objects.get(request=request, state=Stage.State.ASSIGNED)
    with clock.at(MONDAY + timedelta(days=1)):
        return approve_stage(stage_id=stage.pk, actor=approver, digest=request.digest)


def _emergency(house: House, requester: User, approver: User, account: FundsAccount, name: str) -> Emergency:
    """Let money be committed on the approver's word."""
    if not EmergencyTerms.objects.filter(entity=house.entity).exists():
        terms(house.entity, {"project_manager": 500}, written_within="240 hours")
    return declared(draft(requester, account, "15.00", **words_of(house, f"{name} urgent")), approver, words=f"{name} word.")


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
        "group": PeopleGroup.objects.get(entity=house.entity).pk,
        "manager": Manager.objects.get(entity=house.entity).pk,
        "reserve": Reserve.objects.get(entity=house.entity).pk,
        "spare": FundsAccount.objects.get(entity=house.entity, category__code="spare").pk,
        "committee": Committee.objects.get(entity=house.entity).pk,
        "meeting": Meeting.objects.get(committee__entity=house.entity, state="planned").pk,
        "closed_meeting": Meeting.objects.get(committee__entity=house.entity, state="closed").pk,
        "policy_version": versions.get(number=1).pk,
        "policy_scheduled": versions.get(number=2).pk,
        "policy_draft": versions.get(number=3).pk,
        "rate": house.rate.pk,
        "projection": house.projection.pk,
    }


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
    band = estimate(house, budget, "Common", "training")
    kind = house.categories["training"]
    mine = ensure_account(budget=budget, cost_centre=own, category=kind, name="Zorvane course")
    theirs = ensure_account(budget=budget, cost_centre=near, category=kind, name="Umbrafell course")
    set_controls(budget=budget, categories=[kind], cost_centres=[own, near])
    postings = [Posting(mine.pk, MARCH, "allotted", Decimal(70)), Posting(theirs.pk, MARCH, "allotted", MONTHLY["near"])]
    made = post(
        key="doors-shared", kind="allot", entity=house.entity, postings=postings, actor=house.finance, source=("test", "1")
    )
    return {"budget": budget.code, "version": 1, "band": band.pk, "category": "training", "journal": made.id, "account": mine.pk}


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
    # Far away, so that no clock goes by it.
    PersonCalendar.objects.create(person=person, calendar=entity.calendar, valid_from=date(2040, 1, 2))
    return {"invitation": invitation.pk, "person_id": person.pk}


def _passkey(person: User, name: str) -> int:
    kept = {"name": f"{name} key", "credential": {}}
    return int(Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data=kept).pk)
