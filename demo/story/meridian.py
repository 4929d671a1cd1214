"""Meridian Logistics: the Kafka Migration and the running costs around it, from December to November."""

from datetime import date, timedelta
from decimal import Decimal

from budgets.models import Budget, Milestone
from budgets.rules.months import add_months
from budgets.services.milestones import complete_milestone
from budgets.services.periods import close_period
from core import clock
from core.models import Entity, User
from core.money import split
from demo.story import kinds, wants
from demo.story.cards import CardDesk
from demo.story.desks import AskingDesk, Bank, FileDesk, MailRoom, ledger_row, spread, weekly, working_days_before
from demo.story.engine import Act, Story
from demo.story.papers import BankAccountFacts, csv_bytes
from demo.story.wants import Want
from reconciliation.models import ExceptionItem, RawRow, Suggestion
from reconciliation.services.answers import accept_suggestion
from reconciliation.services.exceptions import close_exception
from reconciliation.services.fixing import fix_row
from reporting.services.issuing import start_pack

FEE = Decimal("18.50")

# The teams: cost centre, what the plan gives them in each of their months (the envelope of 600,000 shared out), how many
# months, and how the actual compares with the plan in each: two people joined late, and the gap never closed.
TEAMS = (
    ("ENG-BACKEND", "Backend developers", Decimal("55555.56"), ("0.86", "0.95", "0.97", "0.99", "0.985")),
    ("ENG-DEVOPS", "DevOps engineers", Decimal("31481.48"), ("0.90", "0.94", "0.98", "1.00", "0.99")),
    ("ENG-QA", "QA engineers", Decimal("24074.07"), ("0.93", "0.96", "0.97", "0.98")),
    ("ARCH", "Architecture team", Decimal("9259.26"), ("1.00", "0.95", "0.95", "0.98", "0.95")),
    ("PMO", "Project management", Decimal("4444.44"), ("1.00", "1.00", "1.00", "1.02", "1.00")),
)


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
            spread(self.story, month, self._wants(index), self.asking)
            self._month_end(month, index)
        weekly(self.story, first=self.first + timedelta(days=6), weekday=3, act=self.mail.hand_on, hour=15)
        weekly(self.story, first=self.first + timedelta(days=6), weekday=4, act=self.bank.state, hour=8)
        weekly(self.story, first=self.first + timedelta(days=20), weekday=4, act=self._clear_desk, hour=16)
        CardDesk(self.story, self.files).plan(self.first)
        self._milestones()
        self._troubles()
        self._at_present()

    def _wants(self, index: int) -> list[tuple[User, Want]]:
        name = f"{add_months(self.first, index):%B}"
        return [(self.people[who], want) for who, want in wants.of_month(index, name, self.story.chance)]

    def _month_end(self, month: date, index: int) -> None:
        """The ledger's export, the close and the pack, in the month after."""
        following = add_months(month, 1)
        if 6 <= index <= 10:
            self.story.on(following + timedelta(days=3), lambda: self._payroll(month, index - 6), hour=11)
        self.story.on(month + timedelta(days=24), lambda: self.bank.book(-FEE, "", "Account fee"), hour=18)
        self.story.on(
            month + timedelta(days=1), lambda: self.bank.book(Decimal("96000.00"), "Meridian Holding", "Monthly funding"), hour=9
        )
        self.story.on(following + timedelta(days=11), lambda: self._close(month), hour=17)
        if index >= 9:
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
        waiting = ExceptionItem.objects.filter(entity=self.entity, closed_at__isnull=True, opened_at__lt=old)
        for fee in waiting.filter(amount__in=(FEE, -FEE)):
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
        for days, hour, (who, want) in wants.today():
            moment = working_days_before(self.story, days, hour)
            self.story.at(moment, lambda who=who, want=want: self.asking.ask(self.people[who], want))  # type: ignore[misc]
        # Its moment is drawn from nothing, so that the rest of the year stays as it was.
        self.story.at(self.story.ends - timedelta(days=2), self._emergency)
        kinds.plan(self.asking, self.people)

    def _emergency(self) -> None:
        """Somebody must leave before anybody can be asked in writing. Review and impact are owed still."""
        self.asking.declare(
            self.people["manager"],
            wants.EMERGENCY,
            criterion="Production outage",
            approver=self.people["director"],
            words="By telephone: go tonight, hand in the receipts tomorrow.",
        )
