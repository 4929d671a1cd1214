"""Company cards: small purchases, a file each week. The last two weeks' files did not come."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from demo.story.desks import FileDesk
from demo.story.engine import Act, Story
from demo.story.papers import Cell, csv_bytes

MERCHANTS = (
    ("Blue Rail Travel", "Rail", "PRODUCT", (18, 74)),
    ("Harbour Hotel", "Hotels", "DATA", (96, 148)),
    ("Ledgerly Analytics", "Digital goods", "DATA", (12, 39)),
    ("Pixelboard", "Digital goods", "PRODUCT", (9, 29)),
    ("Data Days", "Conferences", "DATA", (45, 120)),
)
SILENT = timedelta(days=15)
# One merchant sells what no category here is called by; finance has not said yet what it is.
GIFTS = ("Flowers & Co", "Client gifts", "PRODUCT", (64, 64))


class CardDesk:
    """The bank that issues the cards. It draws its own chances, so that the rest of the year stays as it was."""

    def __init__(self, story: Story, files: FileDesk) -> None:
        self.story, self.files = story, files
        self.chance = Random("cards")  # noqa: S311  a story, and the same each time
        self.number = 4100

    def plan(self, first: date) -> None:
        """Plan a file each Monday, with what was posted in the week before."""
        day = first + timedelta(days=13)
        day += timedelta(days=-day.weekday() % 7)
        last = self.story.ends.date() - SILENT
        monday = day
        while monday <= last:
            content = self._week(monday, is_last=monday + timedelta(days=7) > last)
            self.story.on(monday, self._dropping(monday, content), hour=7, minute=20)
            monday += timedelta(days=7)

    def _dropping(self, monday: date, content: bytes) -> Act:
        return lambda: self.files.drop("cards", f"cards-{monday:%Y-%m-%d}.csv", content)

    def _week(self, monday: date, *, is_last: bool) -> bytes:
        bought = self.chance.sample(MERCHANTS, k=self.chance.choice((1, 2, 2)))
        return csv_bytes([self._row(monday, each) for each in (*bought, *((GIFTS,) if is_last else ()))])

    def _row(self, monday: date, of: tuple[str, str, str, tuple[int, int]]) -> dict[str, Cell]:
        merchant, category, centre, (least, most) = of
        posted = monday - timedelta(days=self.chance.randrange(1, 7))
        self.number += self.chance.randrange(1, 9)
        return {
            "Posted": posted,
            "Purchased": posted - timedelta(days=self.chance.randrange(1, 4)),
            "Reference": f"CC-{self.number}",
            "Merchant": merchant,
            "Merchant category": category,
            "Cost centre": centre,
            "Holder": "Product team" if centre == "PRODUCT" else "Data team",
            "Amount": Decimal(self.chance.randrange(least * 100, most * 100 + 1)) / 100,
            "Currency": self.files.entity.currency,
        }
