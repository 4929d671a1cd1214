"""A ledger with many accounts, postings that go on, and anchors that are taken meanwhile."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random

from django.db import connection

from budgets.models import FundsAccount
from budgets.services.accounts import ensure_account
from budgets.services.anchors import take_anchor
from budgets.services.ledger import Posting, post
from core.models import Entity
from tests.factories.budgets import BudgetFactory, CategoryFactory, CostCentreFactory, open_year
from tests.factories.core import EntityFactory

CATEGORIES = 16
ANCHORS = 4
SEED = 1010
MEMOS = ("", "plain", 'quotes " and \\ and | and \n\t', "ünï – 漢字 🧾")
KINDS = (("spent", "spend"), ("reserved", "reserve"), ("committed", "commit"), ("paid", "paid"))


@dataclass(frozen=True)
class Books:
    """What was made: an entity, its accounts, and how many journals were posted to them."""

    entity: Entity
    accounts: Sequence[FundsAccount]
    journals: int


def open_books(*, accounts: int, rounds: int) -> Books:
    """Make accounts and post to each in rounds. Anchors are taken in the middle of rounds, while postings go on.

    The last round comes after the last anchor.
    """
    entity: Entity = EntityFactory.create()
    open_year(entity)
    made = list(_accounts(entity, accounts))
    journals = _post_all(_allotments(entity, made))
    random = Random(SEED)
    for number in range(rounds):
        work = list(_round(entity, made, number, random))
        half = len(work) // 2
        journals += _post_all(work[:half])
        with ThreadPoolExecutor(1) as meanwhile:
            posting = meanwhile.submit(_post_all_apart, work[half:])
            if number >= rounds - 1 - ANCHORS and number < rounds - 1:
                take_anchor()
            journals += posting.result()
    return Books(entity, made, journals)


Work = tuple[Entity, str, str, list[Posting], str]


def _accounts(entity: Entity, count: int) -> Iterator[FundsAccount]:
    top = CostCentreFactory.create(entity=entity, code="TOP")
    budget = BudgetFactory.create(entity=entity, cost_centre=top)
    categories = [CategoryFactory.create(entity=entity) for _ in range(CATEGORIES)]
    for number in range(count):
        if number % CATEGORIES == 0:
            centre = CostCentreFactory.create(entity=entity, parent=top)
        yield ensure_account(budget=budget, cost_centre=centre, category=categories[number % CATEGORIES])


def _allotments(entity: Entity, accounts: Sequence[FundsAccount]) -> Iterator[Work]:
    for account in accounts:
        posting = Posting(account.pk, date(2026, 1, 1), "allotted", Decimal(1_000_000))
        yield entity, f"allot-{account.pk}", "allot", [posting], ""


def _round(entity: Entity, accounts: Sequence[FundsAccount], number: int, random: Random) -> Iterator[Work]:
    """One journal for each account; a tenth of the accounts have theirs together with two others of that tenth."""
    bucket, kind = KINDS[number % len(KINDS)]
    tenth = list(accounts[::10])
    for place, account in enumerate(accounts):
        others = random.sample(tenth, 2) if place % 10 == 0 else []
        postings = [_posting(each, bucket, random) for each in dict.fromkeys([account, *others])]
        yield entity, f"{kind}-{number}-{account.pk}", kind, postings, random.choice(MEMOS)


def _posting(account: FundsAccount, bucket: str, random: Random) -> Posting:
    month = date(2026, random.randint(1, 12), 1)
    return Posting(account.pk, month, bucket, Decimal(random.randint(1, 9999)) / 100, f"t:{account.pk}", random.choice(MEMOS))


def _post_all(work: Sequence[Work] | Iterator[Work]) -> int:
    done = 0
    for entity, key, kind, postings, memo in work:
        post(key=key, kind=kind, entity=entity, postings=postings, actor=None, source=("r10", key), is_fact=True, memo=memo)
        done += 1
    return done


def _post_all_apart(work: Sequence[Work]) -> int:
    """Post in a thread, over a connection of its own."""
    try:
        return _post_all(work)
    finally:
        connection.close()
