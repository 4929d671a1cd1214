"""Payments look for their invoices. Only an exact reference with the exact amount, unique both ways, is applied by itself."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from core.errors import Refusal
from core.models import Entity, User
from core.services.outbox import publish
from reconciliation.events import PaymentMatchFound
from reconciliation.models import Invoice, Payment
from reconciliation.rules.pairing import unique_both_ways
from reconciliation.rules.scores import LEAST_SCORE, score
from reconciliation.selectors.candidates import (
    invoice_facts,
    invoices_of_amounts,
    invoices_referred_to,
    open_payments,
    payment_facts,
    rivals_of,
    rule_between,
)
from reconciliation.services.findings import raise_unmatched
from reconciliation.services.paid import post_waiting_paid
from reconciliation.services.payments import allocate
from reconciliation.services.suggesting import Scored, suggest_payments

BATCH = 200
MOST_SUGGESTIONS = 5
RULES = {
    "end_to_end_id": "Its end-to-end id is the invoice's reference",
    "structured_reference": "It carries the invoice's payment reference",
    "invoice_number": "It names the invoice's number",
}


Act = Callable[[Payment, Invoice], bool]


@dataclass(slots=True)
class MatchRun:
    """How many payments were applied, how many got suggestions, how many found nothing."""

    applied: int = 0
    suggested: int = 0
    unmatched: int = 0


def match_payments(*, entity: Entity, actor: User | None, payment_ids: Sequence[int] | None = None) -> MatchRun:
    """Match open payments, or those given, to open invoices; the rest become suggestions and exceptions.

    Work goes in batches by indexed lookups, so that one more payment never waits for a rescan. Safe twice. Call it outside
    a transaction where it is to apply many: each is one of its own.
    """
    if payment_ids is None:
        post_waiting_paid(entity, actor=actor)
    return _run(entity, payment_ids, partial(_allocate, actor=actor))


def announce_matches(*, entity: Entity, payment_ids: Sequence[int]) -> MatchRun:
    """Find what `match_payments` would apply and announce each, so that each is applied in a transaction of its own.

    A transaction that posted many journals would hold many accounts, in no order: a deadlock with whoever asks for money.
    """
    return _run(entity, payment_ids, _announce)


def foreseen_payments(*, entity: Entity) -> list[tuple[Payment, Invoice]]:
    """Return what `match_payments` would apply now, each payment with what is open of it. Changes nothing.

    What is refused when it is applied, a closed month for one, is left to a person then.
    """
    found: list[tuple[Payment, Invoice]] = []

    def note(payment: Payment, invoice: Invoice) -> bool:
        found.append((payment, invoice))
        return True

    for some in _batches(list(open_payments(entity).values_list("pk", flat=True))):
        payments = list(open_payments(entity, some))
        _apply(entity, payments, _referred_to(entity, payments), note)
    return found


def _referred_to(entity: Entity, payments: Iterable[Payment]) -> list[Invoice]:
    return invoices_referred_to(entity, [key for payment in payments for key in payment_facts(payment).keys])


def _run(entity: Entity, payment_ids: Sequence[int] | None, act: Act) -> MatchRun:
    run = MatchRun()
    ids = list(open_payments(entity, payment_ids).values_list("pk", flat=True))
    for some in _batches(ids):
        payments = list(open_payments(entity, some))
        applied = _apply(entity, payments, _referred_to(entity, payments), act)
        run.applied += len(applied)
        _suggest(entity, [payment for payment in payments if payment.pk not in applied], run)
    return run


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


def _apply(entity: Entity, payments: Sequence[Payment], referred: Sequence[Invoice], act: Act) -> set[int]:
    """Apply what is unique both ways, rivals outside this batch included; return the payments that were."""
    here = {payment.pk: payment for payment in payments}
    invoices = {invoice.pk: invoice for invoice in referred}
    rivals = rivals_of(entity, referred, here)
    pairing = unique_both_ways(_pairs([*payments, *rivals], referred))
    return {
        payment_id
        for payment_id, invoice_id in pairing.sure
        if payment_id in here and act(here[payment_id], invoices[invoice_id])
    }


def _pairs(payments: Iterable[Payment], invoices: Sequence[Invoice]) -> Iterator[tuple[int, int]]:
    """Yield the pairs in which the payment names the invoice and its amount is exactly what is open."""
    by_amount: dict[tuple[object, str], list[Invoice]] = {}
    for invoice in invoices:
        by_amount.setdefault((invoice.open_amount, invoice.currency), []).append(invoice)
    for payment in payments:
        for invoice in by_amount.get((payment.open_amount, payment.currency), []):
            if rule_between(payment, invoice):
                yield payment.pk, invoice.pk


def _announce(payment: Payment, invoice: Invoice) -> bool:
    publish(PaymentMatchFound(payment_id=payment.pk))
    return True


def _allocate(payment: Payment, invoice: Invoice, *, actor: User | None) -> bool:
    rule = rule_between(payment, invoice)
    why = f"{RULES[rule]} ({invoice.number}), and the amount is exactly what is open. No other payment or invoice fits."
    try:
        allocate(payment_id=payment.pk, invoice_id=invoice.pk, amount=payment.open_amount, actor=actor, rule=rule, why=why)
    except Refusal:
        # Somebody settled one of the two meanwhile, or its month is closed: a person sees it among the exceptions.
        return False
    return True


def _suggest(entity: Entity, payments: Sequence[Payment], run: MatchRun) -> None:
    scored = _scored(entity, payments)
    suggest_payments(entity, scored)
    helped = {each.payment.pk for each in scored}
    for payment in payments:
        raise_unmatched(payment)
        run.suggested += payment.pk in helped
        run.unmatched += payment.pk not in helped


def _scored(entity: Entity, payments: Sequence[Payment]) -> list[Scored]:
    facts = {payment.pk: payment_facts(payment) for payment in payments}
    by_amount = invoices_of_amounts(entity, [payment.open_amount for payment in payments])
    by_key = invoices_referred_to(entity, [key for fact in facts.values() for key in fact.keys])
    candidates = {invoice.pk: (invoice, invoice_facts(invoice)) for invoice in [*by_key, *by_amount]}.values()
    found: list[Scored] = []
    for payment in payments:
        mine = [
            Scored(payment, invoice, score(facts[payment.pk], fact))
            for invoice, fact in candidates
            if invoice.currency == payment.currency
            and invoice.open_amount * payment.open_amount > 0
            and (invoice.open_amount == payment.open_amount or _is_named(facts[payment.pk].keys, invoice))
        ]
        mine.sort(key=lambda each: (-each.score.points, each.invoice.pk))
        found += [each for each in mine if each.score.points >= LEAST_SCORE][:MOST_SUGGESTIONS]
    return found


def _is_named(keys: frozenset[str], invoice: Invoice) -> bool:
    return invoice.number_key in keys or (bool(invoice.payment_key) and invoice.payment_key in keys)
