"""P1: submitting through the services, held against the same rows and the same function by bare statements."""

from functools import partial
from typing import Any

from config.runtime.logins import Login
from tests.bench import lines as world
from tests.bench.lines import Lines
from tests.bench.slots import median_rate, median_ratio, rates_in_turn
from tests.bench.submitting import by_bare_statements, through_services, whole_submission
from tests.factories.budgets import DECEMBER, JANUARY
from tests.measures.harness import Figure, Setting

ID = "P1"
NAME = "submit through the services, 4 processes of 4 threads"
PER_SECOND = "a second"


def run(setting: Setting) -> list[Figure]:
    timing = {"seconds": setting.pick(small=1.5, full=4.0), "pairs": setting.pick(small=3, full=5)}
    with setting.database("p01") as login:
        rooted, free = _make(setting.owner(login))
        return [
            _against_bare("over 1,000 lines", login, rooted, hot=False, goal=">= 0.5", timing=timing),
            _against_bare("one hot line", login, rooted, hot=True, goal=">= 0.6", timing=timing),
            _shared_root(login, rooted, free, timing=timing),
            _whole(login, rooted, timing=timing),
        ]


def _make(owner: Login) -> tuple[Lines, Lines]:
    """Return the lines of two budgets alike, but for the control on the whole, which in the second one only tracks."""
    house = world.make_house(first=JANUARY, last=DECEMBER)
    world.give_policy(house)
    budgets = [world.make_budget(house, code, first=JANUARY, last=DECEMBER) for code in ("ROOTED", "FREE")]
    with owner.connect() as database:
        untied = database.execute(
            "UPDATE budgets_control SET mode = 'track' WHERE budget_id = %s"
            " AND account_id IS NULL AND cost_centre_id IS NULL AND category_id IS NULL",
            [budgets[1].pk],
        )
        assert untied.rowcount == 1
        made = [world.give_money(house, budget) for budget in budgets]
        database.execute("VACUUM ANALYZE")
    return made[0], made[1]


def _against_bare(name: str, login: Login, lines: Lines, *, hot: bool, goal: str, timing: dict[str, Any]) -> Figure:
    sides = [partial(side, lines=lines, hot=hot) for side in (through_services, by_bare_statements)]
    rates = rates_in_turn(login, sides, **timing)
    return _figure(f"submit, {name}, against bare psycopg", rates, goal, timing)


def _shared_root(login: Login, rooted: Lines, free: Lines, *, timing: dict[str, Any]) -> Figure:
    sides = [partial(through_services, lines=lines, hot=False) for lines in (rooted, free)]
    rates = rates_in_turn(login, sides, **timing)
    return _figure("submit, under a shared stop, against the same root at track", rates, ">= 0.5", timing)


def _whole(login: Login, lines: Lines, *, timing: dict[str, Any]) -> Figure:
    """The whole of submitting does more than P1 speaks of. Its figure stands beside, so that nobody takes one for the other."""
    drafts = int(8 * timing["seconds"] * timing["pairs"])
    sides = [partial(whole_submission, lines=lines, drafts=drafts), partial(by_bare_statements, lines=lines, hot=False)]
    rates = rates_in_turn(login, sides, **timing)
    return _figure("for information: a request submitted, with routing, stages and timers", rates, ">= 0", timing)


def _figure(name: str, rates: list[tuple[float, ...]], goal: str, timing: dict[str, Any]) -> Figure:
    value, limit = median_rate(rates, 0), median_rate(rates, 1)
    done = round(sum(map(sum, rates)) * timing["seconds"])
    return Figure(ID, name, value, limit, median_ratio(rates, 0, 1), PER_SECOND, done, goal)
