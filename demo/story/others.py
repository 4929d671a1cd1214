"""Distro Nation and IntelliFlow: a cloud bill each month, small subscriptions, a handful of decisions."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import yaml

from budgets.rules.months import add_months
from budgets.selectors.tag_compliance import lacking_rows
from budgets.services.periods import close_period
from budgets.services.spend_tags import set_spend_tags
from core.models import Entity, User
from core.money import quantize
from demo.story.charging import ChargebackDesk
from demo.story.desks import AskingDesk, FileDesk, ledger_row, spread, working_days_before
from demo.story.engine import Act, Story
from demo.story.papers import Cell, csv_bytes
from demo.story.parts import plan as plan_parts
from demo.story.reserves import ReserveDesk
from demo.story.wants import Want

BILL = Path(__file__).parent.parent / "bills" / "distro-2025-06.csv"
# What the services came to, as a share of the June bill, month by month.
DISTRO_TREND = ("0.93", "0.95", "0.94", "0.98", "0.97", "1.00", "1.02", "1.03", "1.05", "1.04", "1.08")
DISTRO_OTHER = (
    ("PROD", "Firebase", "Google Firebase", "92.40"),
    ("STAGING", "Firebase", "Google Firebase", "21.10"),
    ("DEV", "Firebase", "Google Firebase", "17.85"),
    ("STAGING", "AWS", "Amazon Web Services", "71.20"),
    ("DEV", "AWS", "Amazon Web Services", "43.90"),
    ("PROD", "Airtable", "Airtable", "100.00"),
    ("STAGING", "Airtable", "Airtable", "20.00"),
)
# A month of the weekly figures: 5.30, 32.85 and 4.00 a week, times 52, over twelve months.
INTELLIFLOW = (
    ("Infrastructure", "Railway", Decimal("5.30")),
    ("AI/ML APIs", "OpenAI", Decimal("32.85")),
    ("Tools & Services", "Tools", Decimal("4.00")),
)


class SmallCompany:
    """What both have in common: files each month, a close, the odd request."""

    def __init__(self, story: Story, entity: Entity, people: dict[str, User], *, first: date) -> None:
        self.story = story
        self.entity = entity
        self.people = people
        self.first = first
        self.files = FileDesk(entity, people["finance"])
        self.asking = AskingDesk(story, entity)

    def close(self, month: date) -> None:
        close_period(entity=self.entity, month=month, actor=self.people["finance"])

    def vary(self, amount: Decimal, by: float) -> Decimal:
        return quantize(amount * Decimal(str(1 + self.story.chance.uniform(-by, by))), "USD")


class Distro(SmallCompany):
    def plan(self) -> None:
        """Plan eleven months of bills, and the old June bill that somebody brings along in the twelfth."""
        for index, share in enumerate(DISTRO_TREND):
            month = add_months(self.first, index)
            following = add_months(month, 1)
            self.story.on(following + timedelta(days=2), self._bill(month, Decimal(share)), hour=9)
            self.story.on(following + timedelta(days=3), self._ledger(month), hour=9)
            self.story.on(following + timedelta(days=9), lambda month=month: self.close(month), hour=17)  # type: ignore[misc]
        self._chargebacks()
        self.story.at(self._at(add_months(self.first, 11) + timedelta(days=8), 15), self._tag_firebase)
        self.story.at(working_days_before(self.story, 6, 11), self._old_bill)
        self._requests()
        ReserveDesk(self.story, self.entity, self.people).plan()

    def _chargebacks(self) -> None:
        """Charge the last three whole months back to the departments. In the last one a manager disputes.

        The last one is shared out by project as well.
        """
        desk = ChargebackDesk(self.story, self.entity, self.people["finance"])
        self.story.at(self._at(self.first, 13), lambda: desk.state_rules(self.first))
        for index in (8, 9, 10):
            month = add_months(self.first, index)
            disputed = "ENGINEERING" if index == 10 else ""
            self.story.at(self._at(add_months(month, 1) + timedelta(days=4), 14), self._charging(desk, month, disputed))
        quarter = add_months(self.first, 10)
        self.story.at(self._at(add_months(quarter, 1) + timedelta(days=4), 15), lambda: desk.show(quarter))

    @staticmethod
    def _charging(desk: ChargebackDesk, month: date, disputed: str) -> Act:
        return lambda: desk.charge(month, disputed=disputed)

    def _at(self, day: date, hour: int) -> datetime:
        """A moment that is drawn from nothing, so that the rest of the year stays as it was."""
        return datetime(day.year, day.month, day.day, hour, tzinfo=self.story.calendar.zone)

    def _tag_firebase(self) -> None:
        """Somebody in finance says whose the Firebase rows of the last whole month are."""
        month = add_months(self.first, 10)
        rows = [each.row.thread for each in lacking_rows(self.entity, month, words="firebase")]
        tags = {"department": "product", "team": "frontend-team"}
        finance, reason = self.people["finance"], "The mobile app alone uses it, says its lead."
        set_spend_tags(entity=self.entity, month=month, refs=rows, tags=tags, reason=reason, actor=finance)

    def _old_bill(self) -> None:
        self.files.drop("aws-bill", BILL.name, BILL.read_bytes())

    def _bill(self, month: date, share: Decimal) -> Act:
        return lambda: self.files.drop("aws-bill", f"distro-{month:%Y-%m}.csv", self._bill_of(month, share))

    def _bill_of(self, month: date, share: Decimal) -> bytes:
        """A bill that adds up, in the shape of the June one."""
        golden = yaml.safe_load((BILL.parent / "shape.yaml").read_text())
        rows: list[dict[str, Cell]] = []
        total = Decimal(0)
        for group, services in golden.items():
            amounts = {service: self.vary(Decimal(amount) * share, 0.02) for service, amount in services.items()}
            rows += [
                self._row("Line", month, group, service, amount) | self._beside(month, service)
                for service, amount in amounts.items()
            ]
            rows.append(self._row("Group", month, group, "", sum(amounts.values(), Decimal(0))))
            total += sum(amounts.values(), Decimal(0))
        return csv_bytes([*rows, self._row("Total", month, "", "", total)])

    def _beside(self, month: date, service: str) -> dict[str, Cell]:
        """What a line says beside its amount: the company tags more of its services month by month."""
        said = yaml.safe_load((BILL.parent / "tagged.yaml").read_text())
        found = said.get(service)
        if found is None or month < add_months(self.first, found["since"]):
            return {"Resource": found["resource"] if found else ""}
        return {"Resource": found["resource"]} | {f"user:{key}": str(value) for key, value in found["tags"].items()}

    @staticmethod
    def _row(record: str, month: date, group: str, service: str, amount: Decimal) -> dict[str, Cell]:
        return {
            "Record": record,
            "Period": f"{month:%Y-%m}",
            "Group": group,
            "Service": service,
            "Amount": amount,
            "Currency": "USD",
        }

    def _ledger(self, month: date) -> Act:
        def drop() -> None:
            rows = [
                ledger_row(
                    month + timedelta(days=27),
                    f"DN-{month:%y%m}-{n}",
                    payee,
                    category,
                    centre,
                    f"{category}, {month:%B}",
                    self.vary(Decimal(amount), 0.06),
                    "USD",
                )
                for n, (centre, category, payee, amount) in enumerate(DISTRO_OTHER, 1)
            ]
            self.files.drop("ledger", f"ledger-{month:%Y-%m}.csv", csv_bytes(rows))

        return drop

    def _requests(self) -> None:
        lead, manager = self.people["team-lead"], self.people["engineering-manager"]
        storage, compute = ("DISTRO", "PROD", "storage"), ("DISTRO", "STAGING", "aws")
        rising = "monthly_cost"
        spread(
            self.story,
            add_months(self.first, 4),
            [(manager, Want(rising, "Longer log retention", storage, Decimal("4.20"), monthly_increase=Decimal(4)))],
            self.asking,
        )
        spread(
            self.story,
            add_months(self.first, 7),
            [(lead, Want(rising, "Second staging task", compute, Decimal("52.00"), monthly_increase=Decimal(52)))],
            self.asking,
        )
        spread(
            self.story,
            add_months(self.first, 9),
            [
                (
                    lead,
                    Want(rising, "Analytics replica", compute, Decimal("80.00"), monthly_increase=Decimal(240), fate="rejected"),
                )
            ],
            self.asking,
        )
        want = Want(
            rising,
            "Warm standby in a second zone",
            compute,
            Decimal("64.00"),
            monthly_increase=Decimal(128),
            reason="Two outages in a quarter came from one zone.",
            fate="open",
        )
        self.story.at(working_days_before(self.story, 1, 11), lambda: self.asking.ask(lead, want))


class IntelliFlow(SmallCompany):
    def plan(self) -> None:
        """Plan eleven months of subscriptions."""
        for index in range(11):
            month = add_months(self.first, index)
            following = add_months(month, 1)
            self.story.on(following + timedelta(days=2), self._ledger(month), hour=13)
            self.story.on(following + timedelta(days=8), lambda month=month: self.close(month), hour=16)  # type: ignore[misc]
        line = ("INTELLIFLOW", "IF-PLATFORM", "ai-apis")
        spread(
            self.story,
            add_months(self.first, 6),
            [(self.people["team-lead"], Want("purchase", "Evaluation credits", line, Decimal("140.00")))],
            self.asking,
        )
        plan_parts(self.asking, self.people)

    def _ledger(self, month: date) -> Act:
        def drop() -> None:
            rows = [
                ledger_row(
                    month + timedelta(days=26),
                    f"IF-{month:%y%m}-{n}",
                    payee,
                    category,
                    "IF-PLATFORM",
                    f"{category}, {month:%B}",
                    self.vary(weekly * 52 / 12, 0.04),
                    "USD",
                )
                for n, (category, payee, weekly) in enumerate(INTELLIFLOW, 1)
            ]
            self.files.drop("ledger", f"ledger-{month:%Y-%m}.csv", csv_bytes(rows))

        return drop
