"""How a story is told: acts at moments, in order, with the clock standing at each, and the clocks of the product running."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from random import Random

from approvals.services.debts import fire_debts
from approvals.services.draw_reports import remind_of_reports
from approvals.services.promises import reckon_paces
from approvals.services.timers import fire_due
from budgets.services.watching import watch_chargebacks
from core import clock
from core.errors import Refusal
from core.rules.worktime import Calendar, add_working_time, next_working_moment
from core.services import jobs, outbox

Act = Callable[[], None]


@dataclass(order=True)
class _Planned:
    moment: datetime
    order: int
    act: Act = field(compare=False)


class Story:
    """Acts wait in a heap; each is played with the clock at its moment, after whatever fell due before it.

    `ends` is the present: nothing later is played. A seeded `chance` makes every telling the same.
    """

    def __init__(self, *, ends: datetime, calendar: Calendar, seed: int) -> None:
        self.ends = ends
        self.calendar = calendar
        self.chance = Random(seed)  # noqa: S311  a story needs to be the same each time, not secret
        self.refusals: list[str] = []
        self._planned: list[_Planned] = []
        self._order = count()

    def at(self, moment: datetime, act: Act) -> None:
        """Plan `act` for the first working moment from `moment` on; leave it out where that lies in the future."""
        moment = next_working_moment(self.calendar, moment)
        if moment <= self.ends:
            heapq.heappush(self._planned, _Planned(moment, next(self._order), act))

    def on(self, day: date, act: Act, *, hour: int = 9, minute: int | None = None) -> None:
        """Plan `act` for a day, at some minute of an hour, or for the next working day."""
        minute = self.chance.randrange(60) if minute is None else minute
        local = datetime(day.year, day.month, day.day, hour, minute, self.chance.randrange(60), tzinfo=self.calendar.zone)
        self.at(local, act)

    def after(self, hours: float, act: Act) -> None:
        """Plan `act` for some working hours from now."""
        self.at(add_working_time(self.calendar, clock.now(), timedelta(hours=hours)), act)

    def tell(self) -> int:
        """Play every act up to the present; return how many were played."""
        played = 0
        while self._planned:
            planned = heapq.heappop(self._planned)
            with clock.at(planned.moment):
                self._catch_up()
                self._play(planned.act)
            played += 1
        with clock.at(self.ends):
            self._catch_up()
            reckon_paces()
        return played

    def _play(self, act: Act) -> None:
        """Play an act; a refusal belongs to the story as much as anything else."""
        try:
            act()
        except Refusal as refusal:
            self.refusals.append(f"{clock.now():%Y-%m-%d %H:%M} {refusal}")

    @staticmethod
    def _catch_up() -> None:
        fire_due()
        fire_debts()
        remind_of_reports()
        watch_chargebacks()
        while outbox.drain() + jobs.run_waiting_jobs():
            """Each may cause more of the other."""
