"""Meridian Logistics: the Kafka Migration and the running costs around it, from December to November."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from budgets.models import Budget, Milestone
from budgets.rules.months import add_months
from budgets.services.milestones import complete_milestone
from budgets.services.periods import close_period
from core import clock
from core.models import Entity, User
from core.money import split
from demo.story.desks import AskingDesk, Bank, FileDesk, MailRoom, Want, ledger_row, spread, weekly, working_days_before
from demo.story.engine import Act, Story
from demo.story.papers import BankAccountFacts, csv_bytes
from reconciliation.models import ExceptionItem, RawRow, Suggestion
from reconciliation.services.answers import accept_suggestion
from reconciliation.services.exceptions import close_exception
from reconciliation.services.fixing import fix_row
from reporting.services.issuing import start_pack

CONSULTANTS = ("KAFKA", "ARCH", "vendors")
TUNING = ("KAFKA", "ENG-BACKEND", "vendors")
SECURITY = ("KAFKA", "SEC", "vendors")
CLOUD = ("KAFKA", "ENG-DEVOPS", "infra-training")
LICENCES = ("KAFKA", "ENG", "infra-training")
TRAINING = ("KAFKA", "PMO", "infra-training")
EQUIPMENT = ("KAFKA", "OPS", "infra-training")

# The teams: cost centre, what the plan gives them in each of their months (the envelope of 600,000 shared out), how many
# months, and how the actual compares with the plan in each: two people joined late, and the gap never closed.
TEAMS = (
    ("ENG-BACKEND", "Backend developers", Decimal("55555.56"), ("0.88", "0.95", "0.97", "0.99", "0.985")),
    ("ENG-DEVOPS", "DevOps engineers", Decimal("31481.48"), ("0.90", "0.94", "0.98", "1.00", "0.99")),
    ("ENG-QA", "QA engineers", Decimal("24074.07"), ("0.93", "0.96", "0.97", "0.98")),
    ("ARCH", "Architecture team", Decimal("9259.26"), ("1.00", "0.95", "0.95", "0.98", "0.95")),
    ("PMO", "Project management", Decimal("4444.44"), ("1.00", "1.00", "1.00", "1.02", "1.00")),
)
TUNING_ASKED = ("8900", "8600", "7400", "4500")


class Meridian:
    """The people and desks of the organization, and their year. `first` is its first month, twelve in all."""

    def __init__(self, story: Story, entity: Entity, people: dict[str, User], *, first: date) -> None:
        self.story = story
        self.entity = entity
        self.people = people
        self.first = first
        self.files = FileDesk(entity, people["finance"])
        facts = BankAccountFacts(iban="NL91DEMO0417164300", holder=entity.name, currency="USD")
        self.bank = Bank(story, self.files, facts, Decimal("480000.00"), last_on=first - timedelta(days=1))
        self.mail = MailRoom(story, self.files, self.bank)
        self.asking = AskingDesk(story, entity, approved=self.mail.expect)

    def plan(self) -> None:
        """Plan the twelve months."""
        for index in range(12):
            month = add_months(self.first, index)
            spread(self.story, month, list(self._wants(index)), self.asking)
            self._month_end(month, index)
        weekly(self.story, first=self.first + timedelta(days=6), weekday=3, act=self.mail.hand_on, hour=15)
        weekly(self.story, first=self.first + timedelta(days=6), weekday=4, act=self.bank.state, hour=8)
        weekly(self.story, first=self.first + timedelta(days=20), weekday=4, act=self._clear_desk, hour=16)
        self._milestones()
        self._troubles()
        self._at_present()

    def _wants(self, index: int) -> Iterator[tuple[User, Want]]:
        """What is asked for in a month, by whom."""
        chance = self.story.chance
        manager, other = self.people["manager"], self.people["second-manager"]
        name = f"{add_months(self.first, index):%B}"

        def near(amount: int, spread_by: float = 0.03) -> Decimal:
            return (Decimal(amount) * Decimal(str(1 + chance.uniform(-spread_by, spread_by)))).quantize(Decimal("0.01"))

        if index >= 2:
            yield (
                manager,
                Want(
                    "vendor_payment",
                    f"Kafka consultants, {name}",
                    CONSULTANTS,
                    near(14670, 0.004) if index < 11 else Decimal(11200),
                    "Streamline Consulting",
                ),
            )
        if 7 <= index:
            asked = Decimal(TUNING_ASKED[index - 7]) if index - 7 < len(TUNING_ASKED) else Decimal(300)
            yield manager, Want("vendor_payment", f"Throughput tuning, {name}", TUNING, asked, "Tuning Works")
        if 3 <= index <= 10:
            yield (
                manager,
                Want("vendor_payment", f"Security review, part {index - 2}", SECURITY, Decimal(2500), "Safeharbor Security"),
            )
        yield (
            manager,
            Want("infrastructure", f"Cloud capacity, {name}", CLOUD, near(9200), "Northern Cloud", mentions_order=index % 4 != 2),
        )
        if index % 2 == 0:
            yield (
                manager,
                Want("infrastructure", f"Broker licences, {name} and the month after", LICENCES, near(6300), "Broker Software"),
            )
        if 2 <= index <= 8:
            fate = "returned" if index == 4 else "approved"
            yield manager, Want("team_expense", f"Kafka training, {name}", TRAINING, near(3380), "Streaming Academy", fate=fate)
        if index <= 5:
            yield (
                manager,
                Want("infrastructure", f"Workstations, batch {index + 1}", EQUIPMENT, near(2380), "Desk & Rack Supplies"),
            )
        yield (
            other,
            Want(
                "vendor_payment",
                f"Contract developers, {name}",
                ("RUNNING", "PRODUCT", "contractors"),
                near(4800),
                "Two Rivers Contracting",
            ),
        )
        yield (
            other,
            Want(
                "vendor_payment",
                f"Data contractor, {name}",
                ("RUNNING", "DATA", "contractors"),
                near(2850),
                "Two Rivers Contracting",
            ),
        )
        if index % 3 == 0:
            yield (
                other,
                Want(
                    "vendor_payment",
                    f"Analytics licence, quarter from {name}",
                    ("RUNNING", "DATA", "saas"),
                    Decimal("2500"),
                    "Ledgerly Analytics",
                ),
            )
        if index % 2 == 1:
            yield (
                other,
                Want(
                    "team_expense",
                    f"Customer visits, {name}",
                    ("RUNNING", "PRODUCT", "travel"),
                    near(1650, 0.2),
                    "Blue Rail Travel",
                ),
            )
        yield from self._odd(index)

    def _odd(self, index: int) -> Iterator[tuple[User, Want]]:
        """The requests that do not go through smoothly."""
        manager, other = self.people["manager"], self.people["second-manager"]
        odd: dict[int, tuple[User, Want]] = {
            1: (
                other,
                Want("team_expense", "Conference passes for four", ("RUNNING", "DATA", "travel"), Decimal(1480), fate="rejected"),
            ),
            3: (
                manager,
                Want(
                    "vendor_payment", "Second monitoring product", LICENCES, Decimal(9800), "Ledgerly Analytics", fate="rejected"
                ),
            ),
            5: (
                manager,
                Want("scope_change", "Schema registry in the first release", CONSULTANTS, Decimal(4200), "Streamline Consulting"),
            ),
            6: (other, Want("team_expense", "Team offsite", ("RUNNING", "PRODUCT", "travel"), Decimal(2900), fate="withdrawn")),
            7: (
                other,
                Want(
                    "vendor_payment",
                    "Data contractor, extra month",
                    ("RUNNING", "DATA", "contractors"),
                    Decimal(14000),
                    "Two Rivers Contracting",
                ),
            ),
            8: (
                manager,
                Want("infrastructure", "Load test cluster", CLOUD, Decimal("3950"), "Northern Cloud", invoiced=Decimal("1.08")),
            ),
            9: (
                manager,
                Want(
                    "scope_change",
                    "Dead letter queues for orders",
                    CONSULTANTS,
                    Decimal(3100),
                    "Streamline Consulting",
                    fate="rejected",
                ),
            ),
        }
        if index in odd:
            yield odd[index]

    def _month_end(self, month: date, index: int) -> None:
        """The ledger's export, the close and the pack, in the month after."""
        following = add_months(month, 1)
        if 6 <= index <= 10:
            self.story.on(following + timedelta(days=3), lambda: self._payroll(month, index - 6), hour=11)
        self.story.on(month + timedelta(days=24), lambda: self.bank.book(Decimal("-18.50"), "", "Account fee"), hour=18)
        self.story.on(
            month + timedelta(days=1), lambda: self.bank.book(Decimal("96000.00"), "Meridian Holding", "Monthly funding"), hour=9
        )
        self.story.on(following + timedelta(days=11), lambda: self._close(month), hour=17)
        if index >= 8:
            self.story.on(following + timedelta(days=13), lambda: self._pack("KAFKA", month), hour=10)
        if index == 10:
            self.story.on(following + timedelta(days=13), lambda: self._pack("RUNNING", month), hour=11)

    def _payroll(self, month: date, worked: int) -> None:
        rows = []
        for centre, team, planned, factors in TEAMS:
            if worked >= len(factors):
                continue
            actual = (planned * Decimal(factors[worked])).quantize(Decimal("0.01"))
            for sprint, amount in enumerate(split(actual, [1, 1], currency="USD"), 1):
                day = month + timedelta(days=13 * sprint)
                rows.append(
                    ledger_row(
                        day,
                        f"PR-{month:%y%m}-{centre}-{sprint}",
                        "Payroll",
                        "Payroll",
                        centre,
                        f"{team}, sprint {2 * worked + sprint}",
                        amount,
                        "USD",
                    )
                )
        if worked == 3:
            rows.append(
                ledger_row(
                    month + timedelta(days=20),
                    f"GL-{month:%y%m}-77",
                    "Desk & Rack Supplies",
                    "Misc recharge",
                    "OPS",
                    "Cables and adapters",
                    Decimal("412.60"),
                    "USD",
                )
            )
        self.files.drop("ledger", f"ledger-{month:%Y-%m}.csv", csv_bytes(rows))

    def _close(self, month: date) -> None:
        close_period(entity=self.entity, month=month, actor=self.people["finance"])

    def _pack(self, code: str, month: date) -> None:
        start_pack(budget=Budget.objects.get(code=code), month=month, actor=self.people["finance"])

    def _clear_desk(self) -> None:
        """Finance works through what is older than a week: accepts the best suggestions, closes the bank's own fees."""
        finance = self.people["finance"]
        old = clock.now() - timedelta(days=9)
        open_ones = Suggestion.objects.filter(entity=self.entity, state="open", made_at__lt=old, score__gte=60).order_by(
            "-score", "id"
        )
        for suggestion in list(open_ones[:10]):
            if Suggestion.objects.get(pk=suggestion.pk).state == "open":
                accept_suggestion(suggestion_id=suggestion.pk, actor=finance)
        fees = ExceptionItem.objects.filter(
            entity=self.entity, closed_at__isnull=True, opened_at__lt=old, amount=Decimal("18.50")
        )
        for fee in list(fees) + list(
            fees.model.objects.filter(entity=self.entity, closed_at__isnull=True, opened_at__lt=old, amount=Decimal("-18.50"))
        ):
            close_exception(item_id=fee.pk, actor=finance, note="Bank charges; booked to overhead outside these budgets.")

    def _milestones(self) -> None:
        done = {"M1": timedelta(days=2), "M2": timedelta(days=6), "M3": timedelta(days=-1)}
        for milestone in Budget.objects.get(code="KAFKA").milestones.all():
            if milestone.code in done:
                day = milestone.due_on + done[milestone.code]
                self.story.on(day, self._completing(milestone, day), hour=16)

    def _completing(self, milestone: Milestone, day: date) -> Act:
        def complete() -> None:
            complete_milestone(milestone=milestone, done_on=day, actor=self.people["manager"])

        return complete

    def _troubles(self) -> None:
        """An invoice sent twice, one that nobody ordered, a payment made twice, a row nobody could place."""
        tenth = add_months(self.first, 10)
        eleventh = add_months(self.first, 11)
        self.story.on(
            tenth + timedelta(days=6),
            lambda: self._stray("Ledgerly Analytics", "LA-9920", "Data catalogue trial", Decimal("640.00")),
            hour=11,
        )
        self.story.on(
            eleventh + timedelta(days=4),
            lambda: self._stray("Blue Rail Travel", "BRT-5518", "Rail tickets, customer visit", Decimal("287.40")),
            hour=12,
        )
        self.story.on(
            tenth + timedelta(days=20), lambda: self.bank.book(Decimal("-640.00"), "Ledgerly Analytics", "LA-9920"), hour=12
        )
        self.story.on(
            eleventh + timedelta(days=9),
            lambda: self.bank.book(Decimal("-640.00"), "Ledgerly Analytics", "LA-9920 again"),
            hour=12,
        )
        self.story.on(
            eleventh + timedelta(days=11),
            lambda: self._stray("Ledgerly Analytics", "LA-09920", "Data catalogue trial", Decimal("640.00")),
            hour=11,
        )
        self.story.on(
            eleventh + timedelta(days=12), lambda: self.bank.book(Decimal("-1312.00"), "Streaming Acadmy", "Course fees"), hour=12
        )
        self.story.on(tenth + timedelta(days=8), self._place_strays, hour=14)

    def _stray(self, vendor: str, number: str, text: str, net: Decimal) -> None:
        self.mail.register(vendor=vendor, number=number, text=text, net=net, order="")

    def _place_strays(self) -> None:
        """Finance says what the ledger's unknown account means; the next file is understood at once."""
        row = RawRow.objects.filter(
            import_file__source__entity=self.entity, status="quarantined", fields__category="Misc recharge"
        ).first()
        if row is not None:
            fix_row(row_id=row.pk, actor=self.people["finance"], changes={"category": "infra-training"})

    def _at_present(self) -> None:
        """What lies on people's desks today: fresh, waiting, late, half decided, sent back, begun."""
        manager, other = self.people["manager"], self.people["second-manager"]
        now_waiting = (
            (5, 10, manager, Want("infrastructure", "Standby brokers for the holiday peak", CLOUD, Decimal("3900.00"), "Northern Cloud", "Orders double in December; the cluster must not.", "open")),
            (3, 9, manager, Want("vendor_payment", "Cutover support, second weekend", CONSULTANTS, Decimal("1450.00"), "Streamline Consulting", "Two people on call while the last topics move.", "open")),
            (2, 14, other, Want("vendor_payment", "Contract developers, handover week", ("RUNNING", "PRODUCT", "contractors"), Decimal("1900.00"), "Two Rivers Contracting", "The checkout team takes over.", "open")),
            (2, 11, manager, Want("infrastructure", "Connector licences, 12 months", LICENCES, Decimal("1780.00"), "Broker Software", "Two connectors leave the trial.", "first")),
            (1, 10, other, Want("team_expense", "Trade fair travel", ("RUNNING", "DATA", "travel"), Decimal("860.00"), "Blue Rail Travel", "Three days, two people.", "open")),
            (1, 15, manager, Want("scope_change", "Replay tool for support", CONSULTANTS, Decimal("940.00"), "Streamline Consulting", "Support asks for it after each incident.", "open")),
            (1, 13, manager, Want("vendor_payment", "Retest of two findings", TUNING, Decimal("250.00"), "Tuning Works", "", "withdrawn")),
            (1, 12, manager, Want("team_expense", "Runbook workshop", ("KAFKA", "PMO", "infra-training"), Decimal("640.00"), "Streaming Academy", "", "draft")),
        )  # fmt: skip
        for days, hour, person, want in now_waiting:
            moment = working_days_before(self.story, days, hour)
            self.story.at(moment, lambda person=person, want=want: self.asking.ask(person, want))  # type: ignore[misc]
