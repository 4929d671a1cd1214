"""The desks at which the story happens: asking and deciding, the mail room, the bank, the ledger."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from approvals.data import LineData, RequestData
from approvals.models import Request, Stage
from approvals.services.decisions import approve_stage, reject_stage, send_back
from approvals.services.emergencies import EmergencyData, declare_emergency, pay_debt
from approvals.services.requests import save_draft, submit_request, withdraw_request
from budgets.models import FundsAccount
from budgets.rules.months import first_of
from core import clock
from core.models import Entity, User
from demo.story.engine import Story
from demo.story.papers import BankAccountFacts, BankLine, Cell, camt053, csv_bytes
from demo.story.wants import Want
from reconciliation.models import Source
from reconciliation.services.ingest import receive_file, start_import

CENT = Decimal("0.01")


@dataclass
class AskingDesk:
    """Where people ask for money and others decide. `approved` is called with each request that became a commitment."""

    story: Story
    entity: Entity
    approved: Callable[[Request, Want], None] = field(default=lambda *_: None)

    def ask(self, person: User, want: Want) -> None:
        """Write a request and, unless it is to stay a draft, submit it."""
        request = save_draft(actor=person, entity=self.entity, data=self.data(want, want.net))
        if want.fate != "draft":
            self.story.after(self.story.chance.uniform(0.1, 0.8), lambda: self._submit(person, request.pk, want))

    def declare(self, person: User, want: Want, *, criterion: str, approver: User, words: str) -> None:
        """Commit at once what cannot wait, on somebody's word; they confirm it in writing some hours later."""
        request = save_draft(actor=person, entity=self.entity, data=self.data(want, want.net))
        said = EmergencyData(criterion, approver, clock.now() - timedelta(minutes=20), words)
        emergency = declare_emergency(request_id=request.pk, actor=person, data=said)
        written = emergency.debts.get(kind="written")
        self.story.after(4, lambda: self._confirm(written.pk, approver))

    @staticmethod
    def _confirm(debt_id: int, approver: User) -> None:
        pay_debt(debt_id=debt_id, actor=approver, outcome="confirmed", text="So I said on the telephone.")

    def data(self, want: Want, net: Decimal) -> RequestData:
        """Return a request as somebody means to make it, for an amount."""
        budget, centre, category = want.line
        account = FundsAccount.objects.get(budget__code=budget, cost_centre__code=centre, category__code=category)
        month = first_of(clock.now().date())
        line = LineData(description=want.title, account_id=account.pk, month=month, net=net)
        return RequestData(
            kind=want.kind,
            title=want.title,
            lines=[line],
            reason=want.reason,
            vendor_name=want.vendor,
            needed_by=clock.now().date() + timedelta(days=14),
            monthly_increase=want.monthly_increase,
        )

    def _submit(self, person: User, request_id: int, want: Want) -> None:
        submit_request(request_id=request_id, actor=person)
        if want.fate == "withdrawn":
            self.story.after(3, lambda: self._withdraw(person, request_id))
        elif want.fate != "open":
            self._await_decision(request_id, want)

    def _withdraw(self, person: User, request_id: int) -> None:
        withdraw_request(request_id=request_id, actor=person)

    def _await_decision(self, request_id: int, want: Want) -> None:
        """Somebody looks at it after a while: mostly the same day, now and then so late that the backup has to."""
        late = self.story.chance.random() < 0.07
        usual = self.story.chance.choice((1, 2, 3, 5, 7, 10)) * self.story.chance.uniform(0.6, 1.2)
        quick = self.story.chance.uniform(0.2, 1.5)
        hours = self.story.chance.uniform(27, 33) if late else quick if want.kind == "team_expense" else usual
        self.story.after(hours, lambda: self._decide(request_id, want, by_backup=late))

    def _decide(self, request_id: int, want: Want, *, by_backup: bool) -> None:
        request = Request.objects.get(pk=request_id)
        stage = request.stages.filter(round=request.round, state=Stage.State.ASSIGNED).order_by("number").first()
        if stage is None:
            return
        decider = stage.backup if by_backup and stage.escalated_at and stage.backup else stage.owner
        if want.fate == "rejected":
            reject_stage(
                stage_id=stage.pk, actor=decider, digest=request.digest, comment="Not this year: the present tool does it."
            )
        elif want.fate == "returned" and request.round == 1:
            send_back(
                stage_id=stage.pk, actor=decider, digest=request.digest, comment="Two seats are enough. Please ask for those."
            )
            self.story.after(4, lambda: self._ask_again(request_id, want))
        else:
            approve_stage(stage_id=stage.pk, actor=decider, digest=request.digest, comment=self._remark())
            self._go_on(request_id, want)

    def _remark(self) -> str:
        return self.story.chance.choice(
            ("", "", "", "Within plan.", "Price checked against the quote.", "Agreed in the weekly review.")
        )

    def _go_on(self, request_id: int, want: Want) -> None:
        request = Request.objects.get(pk=request_id)
        if request.state == Request.State.APPROVED:
            self.approved(request, want)
        elif want.fate != "first":
            self._await_decision(request_id, want)

    def _ask_again(self, request_id: int, want: Want) -> None:
        request = Request.objects.get(pk=request_id)
        smaller = (want.net * 2 / 3).quantize(CENT)
        save_draft(actor=request.requester, entity=self.entity, data=self.data(want, smaller), request_id=request_id)
        self._submit(request.requester, request_id, want)


@dataclass
class FileDesk:
    """Finance drops files here: the same bytes through the same services as on the page."""

    entity: Entity
    clerk: User

    def drop(self, source: str, name: str, content: bytes) -> None:
        """Receive a file and queue its import."""
        row = Source.objects.get(entity=self.entity, code=source)
        received = receive_file(source=row, name=name, content=content, actor=self.clerk)
        if received.state == received.State.RECEIVED:
            start_import(import_file_id=received.pk, actor=self.clerk)


@dataclass
class MailRoom:
    """Invoices arrive here one by one, and are handed on as a register each week."""

    story: Story
    files: FileDesk
    bank: "Bank"
    waiting: list[dict[str, Cell]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    registers: int = 0

    def expect(self, request: Request, want: Want) -> None:
        """Let the vendor of an approved request send its invoice some days later."""
        if want.vendor and want.billed:
            # A quarter of a month passes at most: the service is billed in the month it was ordered for.
            self.story.after(self.story.chance.uniform(8, 36), lambda: self.receive(request, want))

    def receive(self, request: Request, want: Want) -> None:
        """Take in the invoice of a request; pay it when it falls due."""
        net = (request.amount * want.invoiced).quantize(CENT)
        number = self.number(want.vendor)
        today = clock.now().date()
        order = request.number if want.mentions_order else ""
        self.register(vendor=want.vendor, number=number, text=want.title, net=net, order=order)
        due = today + timedelta(days=self.story.chance.choice((10, 14, 14, 21)))
        self.bank.pay(due, want.vendor, net, number)

    def number(self, vendor: str) -> str:
        """Return the vendor's next invoice number."""
        self.numbers[vendor] = self.numbers.get(vendor, 40 + 17 * len(self.numbers)) + 1
        initials = "".join(word[0] for word in vendor.split() if word[0].isalpha()).upper()
        return f"{initials}-{clock.now():%Y}-{self.numbers[vendor]:04d}"

    def register(self, *, vendor: str, number: str, text: str, net: Decimal, order: str) -> None:
        """Write an invoice into this week's register."""
        today = clock.now().date()
        self.waiting.append(
            {
                "Invoice date": today,
                "Due date": today + timedelta(days=14),
                "Vendor": vendor,
                "Invoice no": number,
                "Text": text,
                "Net": net,
                "VAT": Decimal("0.00"),
                "Order": order,
                "Currency": self.files.entity.currency,
            }
        )

    def hand_on(self) -> None:
        """Give finance this week's register."""
        if self.waiting:
            self.registers += 1
            self.files.drop("invoices", f"invoices-{clock.now():%Y-%m-%d}.csv", csv_bytes(self.waiting))
            self.waiting = []


@dataclass
class Bank:
    """The entity's account: payments leave when due, a statement comes each week, each opening where the last one closed."""

    story: Story
    files: FileDesk
    account: BankAccountFacts
    balance: Decimal
    last_on: date
    ibans: dict[str, str] = field(default_factory=dict)
    booked: list[BankLine] = field(default_factory=list)
    number: int = 0

    def pay(self, due: date, name: str, amount: Decimal, invoice_number: str) -> None:
        """Book a payment on its day. A few carry no number: somebody has to look."""
        text = invoice_number if self.story.chance.random() > 0.06 else "Consulting services, thank you"
        self.story.on(due, lambda: self.book(-amount, name, text), hour=10)

    def book(self, amount: Decimal, name: str, text: str) -> None:
        """Move the balance once, today."""
        iban = (
            self.ibans.setdefault(name, f"NL{11 + len(self.ibans):02d}DEMO{7000000000 + 131 * len(self.ibans)}") if name else ""
        )
        self.booked.append(BankLine(clock.now().date(), amount, name, iban, text))

    def state(self) -> None:
        """Send the statement of the days since the last one, up to yesterday."""
        last_on = clock.now().date() - timedelta(days=1)
        lines = [line for line in self.booked if line.booked_on <= last_on]
        self.booked = [line for line in self.booked if line.booked_on > last_on]
        self.number += 1
        content = camt053(
            self.account,
            number=self.number,
            opening=self.balance,
            first_on=self.last_on + timedelta(days=1),
            last_on=last_on,
            lines=lines,
        )
        self.balance += sum((line.amount for line in lines), Decimal(0))
        self.last_on = last_on
        self.files.drop("bank", f"statement-{last_on:%Y-%m-%d}.xml", content)


def ledger_row(
    day: date, number: str, payee: str, account: str, centre: str, text: str, amount: Decimal, currency: str
) -> dict[str, Cell]:
    """Return a row of the general ledger's export."""
    return {
        "Posting date": day,
        "Document": number,
        "Payee": payee,
        "Account": account,
        "Cost centre": centre,
        "Text": text,
        "Amount": amount,
        "Currency": currency,
    }


def weekly(story: Story, *, first: date, weekday: int, act: Callable[[], None], hour: int) -> None:
    """Plan an act for one day of each week up to the present."""
    day = first + timedelta(days=(weekday - first.weekday()) % 7)
    while day <= story.ends.date():
        story.on(day, act, hour=hour)
        day += timedelta(days=7)


def spread(story: Story, month: date, wants: Sequence[tuple[User, Want]], desk: AskingDesk) -> None:
    """Plan requests over the first three weeks of a month."""
    for person, want in wants:
        day = month + timedelta(days=story.chance.randrange(1, 16))
        story.on(day, lambda person=person, want=want: desk.ask(person, want), hour=story.chance.choice((9, 10, 11, 13, 14, 15)))  # type: ignore[misc]


def working_days_before(story: Story, days: int, hour: int) -> datetime:
    """Return a moment some working days before the present, at an hour of that day."""
    day = story.ends.astimezone(story.calendar.zone).date()
    while days > 0:
        day -= timedelta(days=1)
        days -= story.calendar.works_on(day)
    while not story.calendar.works_on(day):
        day -= timedelta(days=1)
    return datetime(day.year, day.month, day.day, hour, story.chance.randrange(60), tzinfo=story.calendar.zone)
