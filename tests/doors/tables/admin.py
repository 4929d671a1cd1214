"""The doors of the admin: a row a model, expanded to the pages that each has."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.doors.words import ADMINISTER, AUDIT, BUDGET, Access, Answer, Door, Part, Persona, act, form, page

# To the admin's index, with a message.
LEADS = Answer.ALLOWED
STAFF = ("auditor", "administrator")


@dataclass(frozen=True)
class Master:
    """A model of the admin. `entity` leads from a row to its entity; blank where rows belong to none and all staff see them.

    `add`, `change`, `delete` say what may be done there, by an administrator; what `books` says, by who keeps the books alone.
    `superuser`: it is nobody else's.
    """

    label: str
    entity: str = "entity"
    add: bool = False
    change: bool = False
    delete: bool = False
    books: bool = False
    superuser: bool = False
    # Another package's own page, which leads back to the index from what is not there.
    stock: bool = False

    @property
    def key(self) -> str:
        """The name of its rows in the world."""
        return f"admin:{self.label}"


def _staff(master: Master, *rights: str, superuser: bool = True) -> Access:
    """Open to those marked for the admin who hold one of `rights`, for the rows of their entity; to a superuser for all."""

    def rule(persona: Persona, part: Part) -> Answer:
        if not persona.signs_in:
            return Answer.SIGN_IN
        if not persona.is_staff:
            return Answer.REFUSED
        if persona.is_superuser:
            allowed, seen = superuser, part != Part.MISSING
        else:
            allowed = bool(persona.rights.intersection(rights)) and not master.superuser
            seen = part not in {Part.FAR, Part.MISSING}
        if not allowed:
            # Whoever may not at all is told so, or that there is no such thing: the one like the other.
            return Answer.REFUSED
        return Answer.ALLOWED if seen or master.stock else Answer.HIDDEN

    return Access(rule)


def _doors(master: Master) -> Iterator[Door]:
    name = f"admin:{master.label.replace('.', '_')}"
    looks, sets = _staff(master, ADMINISTER, AUDIT), _staff(master, ADMINISTER)
    nobody = _staff(master, superuser=False)
    at = {"object_id": master.key}
    yield Door(f"{name}_changelist", get=looks, post=looks)
    adds = _staff(master, BUDGET if master.books else ADMINISTER) if master.add else nobody
    yield Door(f"{name}_add", get=adds, post=adds)
    # Another package's history looks for the row before it looks for the right.
    history = Access(looks.rule, {} if not master.stock else {who: {Part.MISSING: LEADS} for who in STAFF})
    yield Door(f"{name}_history", get=history, post=history, at=at)
    yield Door(f"{name}_change", get=looks, post=sets if master.change else nobody, at=at)
    yield Door(f"{name}_delete", get=sets if master.delete else nobody, post=sets if master.delete else nobody, at=at)
    app, model = master.label.split(".")
    # The old address of a row leads on to its page, whether there is such a row or not.
    yield Door(f"~admin/{app}/{model}/<path:object_id>/", get=_staff_any(), post=_staff_any(), at=at)


def _staff_any(answer: Answer = Answer.ALLOWED) -> Access:
    """The same for everybody marked for the admin, refused to others."""

    def rule(persona: Persona, part: Part) -> Answer:
        if not persona.signs_in:
            return Answer.SIGN_IN
        return answer if persona.is_staff else Answer.REFUSED

    return Access(rule)


MASTERS = (
    Master("core.user", "assignments__entity", add=True, change=True),
    Master("core.role", "", add=True, change=True),
    Master("core.roleassignment", add=True, delete=True),
    Master("core.workcalendar", "entities", add=True, change=True),
    Master("core.personcalendar", "person__assignments__entity"),
    Master("core.entity", "pk", add=True, change=True),
    Master("core.auditrecord"),
    Master("core.job"),
    Master("core.outboxevent", "", superuser=True),
    Master("core.notice"),
    Master("budgets.costcentre", add=True, change=True),
    Master("budgets.category", add=True, change=True),
    Master("budgets.categoryalias", add=True, delete=True),
    Master("budgets.vendor", add=True, change=True),
    Master("budgets.vendoralias", add=True, delete=True),
    Master("budgets.milestone", "budget__entity", add=True, change=True),
    Master("budgets.budget"),
    Master("budgets.budgetversion", "budget__entity"),
    Master("budgets.period"),
    Master("budgets.fundsaccount"),
    Master("budgets.control"),
    Master("budgets.journal"),
    Master("budgets.entry", "journal__entity"),
    Master("budgets.exchangerate", add=True, books=True),
    Master("budgets.dayrate", add=True, books=True),
    Master("budgets.projection"),
    Master("budgets.ruleset", add=True, books=True),
    Master("budgets.carryrule", add=True, books=True),
    Master("budgets.usagereading"),
    Master("budgets.chargebackrun"),
    Master("budgets.chargebackstatement", "run__entity"),
    Master("budgets.chargebackdispute", "statement__run__entity"),
    Master("budgets.attribute", add=True, change=True),
    Master("budgets.tagkey", add=True),
    Master("budgets.tagrule", add=True),
    Master("budgets.tagtarget", add=True),
    Master("budgets.spenditem"),
    Master("budgets.estimateband", "budget__entity"),
    Master("budgets.anchor", ""),
    Master("approvals.policy"),
    Master("approvals.policyversion", "policy__entity"),
    Master("approvals.request"),
    Master("approvals.round", "request__entity"),
    Master("approvals.stage", "request__entity"),
    Master("approvals.decision", "request__entity"),
    Master("approvals.delegation"),
    Master("approvals.card", add=True, change=True),
    Master("approvals.peoplegroup"),
    Master("approvals.manager"),
    Master("approvals.committee"),
    Master("approvals.committeeversion", "committee__entity"),
    Master("approvals.meeting", "committee__entity"),
    Master("approvals.overrun"),
    Master("approvals.reserve"),
    Master("approvals.reserveterms", "reserve__entity"),
    Master("approvals.contract", "request__entity"),
    Master("approvals.timer", "stage__request__entity"),
    Master("approvals.attachment", "request__entity"),
    Master("reconciliation.invoice"),
    Master("reconciliation.invoiceline", "invoice__entity"),
    Master("reconciliation.statusevent", "invoice__entity"),
    Master("reconciliation.bankaccount"),
    Master("reconciliation.statement", "bank_account__entity"),
    Master("reconciliation.bankentry", "statement__bank_account__entity"),
    Master("reconciliation.payment"),
    Master("reconciliation.allocation", "invoice__entity"),
    Master("reconciliation.commitmentmatch", "invoice_line__invoice__entity"),
    Master("reconciliation.confirmation", "invoice__entity"),
    Master("reconciliation.suggestion"),
    Master("reconciliation.exceptionitem"),
    Master("reconciliation.source", change=True),
    Master("reconciliation.importfile", "source__entity"),
    Master("reconciliation.rawrow", "import_file__source__entity"),
    Master("reporting.pack", "budget__entity"),
    Master("reporting.packfile", "pack__budget__entity"),
)

SCHEDULES = tuple(
    Master(f"django_celery_beat.{name}", "", add=True, change=True, delete=True, superuser=True, stock=True)
    for name in ("periodictask", "clockedschedule", "crontabschedule", "solarschedule", "intervalschedule")
)

DOORS: list[Door] = [
    form("admin:index", _staff_any()),
    form("admin:app_list", _staff_any(), app_label="=core"),
    # The admin has no sign-in of its own: it sends on to the one there is.
    form("admin:login", _staff_any()),
    act("admin:logout", _staff_any(Answer.SIGN_IN)),
    form("admin:password_change", _staff_any()),
    page("admin:password_change_done", _staff_any()),
    page("admin:autocomplete", _staff_any(Answer.REFUSED)),
    page("admin:jsi18n", _staff_any()),
    page("admin:view_on_site", _staff_any(Answer.HIDDEN), content_type_id="=1", object_id="=1"),
    page("~admin/(?P<url>.*)$", _staff_any(Answer.HIDDEN), url="=no-such-place"),
    *(door for master in (*MASTERS, *SCHEDULES) for door in _doors(master)),
]
