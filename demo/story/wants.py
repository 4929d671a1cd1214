"""What the people of Meridian Logistics ask for: month by month, the odd ones out, and what lies on desks today."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from random import Random

Line = tuple[str, str, str]

CONSULTANTS: Line = ("KAFKA", "ARCH", "vendors")
TUNING: Line = ("KAFKA", "ENG-BACKEND", "vendors")
SECURITY: Line = ("KAFKA", "SEC", "vendors")
CLOUD: Line = ("KAFKA", "ENG-DEVOPS", "infra-training")
LICENCES: Line = ("KAFKA", "ENG", "infra-training")
TRAINING: Line = ("KAFKA", "PMO", "infra-training")
EQUIPMENT: Line = ("KAFKA", "OPS", "infra-training")
PRODUCT_TOOLS: Line = ("RUNNING", "PRODUCT", "saas")
DATA_TOOLS: Line = ("RUNNING", "DATA", "saas")
PRODUCT_CONTRACTORS: Line = ("RUNNING", "PRODUCT", "contractors")
DATA_CONTRACTORS: Line = ("RUNNING", "DATA", "contractors")
PRODUCT_TRAVEL: Line = ("RUNNING", "PRODUCT", "travel")
DATA_TRAVEL: Line = ("RUNNING", "DATA", "travel")

MANAGER, OTHER = "manager", "second-manager"
TUNING_ASKED = (8900, 8600, 7400, 4500, 300)


@dataclass(frozen=True)
class Want:
    """A request as somebody means to make it, and what shall become of it. `net` is in US dollars.

    `fate`: approved, rejected, returned (sent back and asked for again, smaller), withdrawn, draft, open (nobody decides),
    first (the first stage approves, then nobody decides). `line` is (budget, cost centre, category). `billed` says that its
    vendor sends an invoice, `invoiced` for what share of the amount.
    """

    kind: str
    title: str
    line: Line
    net: Decimal
    vendor: str = ""
    reason: str = ""
    fate: str = "approved"
    monthly_increase: Decimal | None = None
    billed: bool = True
    invoiced: Decimal = Decimal(1)
    mentions_order: bool = True


EMERGENCY = Want(
    kind="team_expense",
    title="Train and hotel for the on-call team",
    line=PRODUCT_TRAVEL,
    net=Decimal(420),
    reason="Two of three brokers are down, and somebody must be in the data centre tonight.",
    billed=False,
)

Asked = tuple[str, Want]


def near(chance: Random, amount: int, by: float = 0.03) -> Decimal:
    """Return an amount within a share of a round one."""
    return (Decimal(amount) * Decimal(str(1 + chance.uniform(-by, by)))).quantize(Decimal("0.01"))


def of_month(index: int, name: str, chance: Random) -> Iterator[Asked]:
    """Yield what is asked for in the month `index` (0 is the first of twelve), by whom."""
    yield from _migration(index, name, chance)
    yield from _running(index, name, chance)
    if index in ODD:
        yield ODD[index]


def _migration(index: int, name: str, chance: Random) -> Iterator[Asked]:
    if index >= 2:
        net = near(chance, 14670, 0.004) if index < 11 else Decimal(11200)
        yield MANAGER, Want("vendor_payment", f"Kafka consultants, {name}", CONSULTANTS, net, "Streamline Consulting")
    if index >= 7:
        net = Decimal(TUNING_ASKED[index - 7])
        yield MANAGER, Want("vendor_payment", f"Throughput tuning, {name}", TUNING, net, "Tuning Works")
    if 3 <= index <= 10:
        title = f"Security review, part {index - 2}"
        yield MANAGER, Want("vendor_payment", title, SECURITY, Decimal(2500), "Safeharbor Security")
    title, says_so = f"Cloud capacity, {name}", index % 4 != 2
    yield MANAGER, Want("infrastructure", title, CLOUD, near(chance, 9200), "Northern Cloud", mentions_order=says_so)
    if index % 2 == 0:
        title = f"Broker licences, {name} and the month after"
        yield MANAGER, Want("infrastructure", title, LICENCES, near(chance, 6300), "Broker Software")
    if 2 <= index <= 8:
        fate = "returned" if index == 4 else "approved"
        yield (
            MANAGER,
            Want("team_expense", f"Kafka training, {name}", TRAINING, near(chance, 3380), "Streaming Academy", fate=fate),
        )
    if index <= 5:
        title = f"Workstations, batch {index + 1}"
        yield MANAGER, Want("infrastructure", title, EQUIPMENT, near(chance, 2380), "Desk & Rack Supplies")


def _running(index: int, name: str, chance: Random) -> Iterator[Asked]:
    title = f"Contract developers, {name}"
    yield OTHER, Want("vendor_payment", title, PRODUCT_CONTRACTORS, near(chance, 4800), "Two Rivers Contracting")
    yield (
        OTHER,
        Want("vendor_payment", f"Data contractor, {name}", DATA_CONTRACTORS, near(chance, 2850), "Two Rivers Contracting"),
    )
    yield OTHER, Want("vendor_payment", f"Product tools, {name}", PRODUCT_TOOLS, near(chance, 2930, 0.01), "Ledgerly Analytics")
    yield OTHER, Want("vendor_payment", f"Data catalogue, {name}", DATA_TOOLS, near(chance, 2410, 0.01), "Ledgerly Analytics")
    if index % 2 == 1:
        yield (
            OTHER,
            Want("team_expense", f"Customer visits, {name}", PRODUCT_TRAVEL, near(chance, 1950, 0.15), "Blue Rail Travel"),
        )
    if index % 3 == 2:
        yield OTHER, Want("team_expense", f"Data meetups, {name}", DATA_TRAVEL, near(chance, 2100, 0.1), "Blue Rail Travel")


# The requests that do not go through smoothly, by month.
ODD: dict[int, Asked] = {
    1: (OTHER, Want("team_expense", "Conference passes for four", DATA_TRAVEL, Decimal(1480), fate="rejected")),
    3: (
        MANAGER,
        Want("vendor_payment", "Second monitoring product", LICENCES, Decimal(9800), "Ledgerly Analytics", fate="rejected"),
    ),
    5: (MANAGER, Want("scope_change", "Schema registry in release one", CONSULTANTS, Decimal(4200), "Streamline Consulting")),
    6: (OTHER, Want("team_expense", "Team offsite", PRODUCT_TRAVEL, Decimal(2900), fate="withdrawn")),
    7: (
        OTHER,
        Want("vendor_payment", "Data contractor, extra month", DATA_CONTRACTORS, Decimal(14000), "Two Rivers Contracting"),
    ),
    8: (MANAGER, Want("infrastructure", "Load test cluster", CLOUD, Decimal(3950), "Northern Cloud", invoiced=Decimal("1.08"))),
    9: (
        MANAGER,
        Want(
            "scope_change", "Dead letter queues for orders", CONSULTANTS, Decimal(3100), "Streamline Consulting", fate="rejected"
        ),
    ),
}


def today() -> Iterator[tuple[int, int, Asked]]:
    """Yield what was asked for lately: how many working days ago, at what hour, what. Fresh, late, half decided, ordered."""
    ordered = "Ordered; the invoice comes after delivery."
    yield (
        6,
        10,
        (
            MANAGER,
            Want("infrastructure", "Disks for the archive tier", CLOUD, Decimal(640), "Northern Cloud", ordered, billed=False),
        ),
    )
    yield (
        5,
        14,
        (
            OTHER,
            Want("vendor_payment", "Data quality audit", DATA_TOOLS, Decimal(880), "Ledgerly Analytics", ordered, billed=False),
        ),
    )
    why = "Two people on call while the last topics move."
    yield (
        4,
        9,
        (
            MANAGER,
            Want(
                "vendor_payment", "Cutover support, weekend two", CONSULTANTS, Decimal(1450), "Streamline Consulting", why, "open"
            ),
        ),
    )
    why = "Orders double in December; the cluster must not."
    yield (
        1,
        10,
        (MANAGER, Want("infrastructure", "Standby brokers for the peak", CLOUD, Decimal(2900), "Northern Cloud", why, "open")),
    )
    why = "The checkout team takes over."
    yield (
        1,
        14,
        (
            OTHER,
            Want("vendor_payment", "Handover week", PRODUCT_CONTRACTORS, Decimal(1900), "Two Rivers Contracting", why, "open"),
        ),
    )
    why = "Two connectors leave the trial."
    yield (
        2,
        11,
        (
            MANAGER,
            Want("infrastructure", "Connector licences, 12 months", LICENCES, Decimal(1180), "Broker Software", why, "first"),
        ),
    )
    why = "Three days, two people."
    yield 1, 16, (OTHER, Want("team_expense", "Trade fair travel", DATA_TRAVEL, Decimal(860), "Blue Rail Travel", why, "open"))
    why = "Support asks for it after each incident."
    yield (
        1,
        15,
        (
            MANAGER,
            Want("scope_change", "Replay tool for support", CONSULTANTS, Decimal(640), "Streamline Consulting", why, "open"),
        ),
    )
    yield (
        3,
        13,
        (MANAGER, Want("vendor_payment", "Retest of two findings", TUNING, Decimal(250), "Tuning Works", fate="withdrawn")),
    )
    yield 1, 12, (MANAGER, Want("team_expense", "Runbook workshop", TRAINING, Decimal(640), "Streaming Academy", fate="draft"))
