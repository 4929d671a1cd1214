"""Invoices of what was approved, and their settlement by hand, in either order and by either door."""

from decimal import Decimal

from core.models import User
from reconciliation.models import Allocation, CommitmentMatch, Invoice, Payment
from reconciliation.selectors.work import open_suggestions
from reconciliation.services.answers import accept_suggestion
from reconciliation.services.commitments import match_to_request, unmatch
from reconciliation.services.payments import allocate, undo_allocation
from tests.factories.reconciliation import Detail, an_invoice, pay
from tests.models.duties.deeds import Chance, Deeds


class MoneyDeeds(Deeds):
    """What is done with money that was approved, beside everything else."""

    def _payer(self, chance: Chance) -> User:
        """Return who settles: people of finance, and now and then anybody."""
        names = ("controller", "accountant", "first director", "third director")
        return self._person(chance) if self._rarely(chance, 8) else self.house.anew(self.house.people[chance.pick(names)])

    def invoice(self, chance: Chance) -> None:
        """An invoice comes for what was approved, and its payment with it."""
        self._request(chance, "approved")
        number = Invoice.objects.count() + 1
        net = f"{chance.whole(1, 400)}.{number % 100:02}"
        an_invoice(self.house.entity, None, f"INV-{number}", net)
        pay(self.house.entity, None, Detail(net))

    def match(self, chance: Chance) -> None:
        request = self._request(chance, "approved")
        line = self._open_invoice(chance).lines.get()
        match_to_request(invoice_line_id=line.pk, request_line_id=chance.pick(list(request.lines.all())).pk, actor=None)

    def unmatch(self, chance: Chance) -> None:
        rows = list(CommitmentMatch.objects.filter(undone_at__isnull=True).order_by("-pk")[:6])
        match = chance.pick(rows) if rows else self._nothing()
        unmatch(match_id=match.pk, actor=self._payer(chance))

    def settle(self, chance: Chance) -> str:
        invoice = self._open_invoice(chance)
        payment = Payment.objects.filter(open_amount=invoice.gross).order_by("pk").first() or self._nothing()
        person = self._payer(chance)
        door = chance.whole(0, 2)
        if door == 0:
            body = {"invoice_number": invoice.number, "amount": str(invoice.gross)}
            answer = self.house.browser(person).post(f"/reconciliation/payments/{payment.pk}/allocate/", body)
            return self._said("settle", answer)
        if door == 1:
            asked = {"invoice": invoice.pk, "amount": str(invoice.gross)}
            return self._said("settle", self.house.program(person).post(f"payments/{payment.pk}/allocate", asked))
        told = {"rule": "person", "why": "Chosen by a person."}
        allocate(payment_id=payment.pk, invoice_id=invoice.pk, amount=Decimal(invoice.gross), actor=person, **told)
        return ""

    def take_suggestion(self, chance: Chance) -> None:
        rows = list(open_suggestions([self.house.entity])[:6])
        suggestion = chance.pick(rows) if rows else self._nothing()
        accept_suggestion(suggestion_id=suggestion.pk, actor=self._payer(chance))

    def take_payment_off(self, chance: Chance) -> None:
        rows = list(Allocation.objects.filter(undone_at__isnull=True).order_by("-pk")[:6])
        allocation = chance.pick(rows) if rows else self._nothing()
        undo_allocation(allocation_id=allocation.pk, actor=self._payer(chance))

    def _open_invoice(self, chance: Chance) -> Invoice:
        rows = list(Invoice.objects.order_by("-pk")[:8])
        return chance.pick(rows) if rows else self._nothing()
