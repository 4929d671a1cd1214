"""What somebody with the app's login tries past every service: plain SQL, and the admin's pages."""

from collections.abc import Mapping

from django.db import connection, transaction

from approvals.models import Decision, Request
from core import clock
from core.models import User
from reconciliation.models import Allocation, Invoice, Payment
from tests.models.duties.deeds import Chance
from tests.models.duties.money import MoneyDeeds

ADMIN = ("decision", "stage", "stagemember", "request", "timer")
# What would leave an item without an owner, and a clock without an end. Each is a planted bug once its wall is down.
OWNERS: Mapping[str, str] = {
    "nobody is named": "UPDATE approvals_stage SET owner_id = NULL WHERE id = %(stage)s",
    "the members are deleted": "DELETE FROM approvals_stagemember WHERE stage_id = %(stage)s",
    "everybody leaves": "UPDATE approvals_stagemember SET left_at = now() WHERE stage_id = %(stage)s AND left_at IS NULL",
    "the owner leaves": """
        UPDATE approvals_stagemember m SET left_at = now() FROM approvals_stage s
        WHERE s.id = m.stage_id AND s.id = %(stage)s AND m.person_id = s.owner_id AND m.left_at IS NULL""",
    "whoever asked owns it": "UPDATE approvals_stage SET owner_id = %(asker)s WHERE id = %(stage)s",
    "the stages are skipped": """
        UPDATE approvals_stage SET state = 'skipped' WHERE state IN ('waiting', 'assigned')
        AND request_id = (SELECT request_id FROM approvals_stage WHERE id = %(stage)s);
        UPDATE approvals_timer t SET state = 'cancelled' FROM approvals_stage s
        WHERE s.id = t.stage_id AND s.state = 'skipped' AND t.state IN ('pending', 'paused')""",
}
CLOCKS: Mapping[str, str] = {
    "a deadline is deleted": "DELETE FROM approvals_timer WHERE stage_id = %(stage)s AND kind = 'breach'",
    "a deadline is cancelled": """
        UPDATE approvals_timer SET state = 'cancelled'
        WHERE stage_id = %(stage)s AND kind = 'breach' AND state IN ('pending', 'paused')""",
    "a deadline fires without effect": """
        UPDATE approvals_timer SET state = 'fired', fired_at = due_at
        WHERE stage_id = %(stage)s AND kind = 'breach' AND state = 'pending'""",
    "a deadline is never": "UPDATE approvals_timer SET due_at = 'infinity' WHERE stage_id = %(stage)s AND kind = 'breach'",
    "a clock stands for nothing": """
        UPDATE approvals_timer SET state = 'paused' WHERE stage_id = %(stage)s AND kind = 'breach' AND state = 'pending'""",
    "a stage begins anew": "UPDATE approvals_stage SET assigned_at = now() WHERE id = %(stage)s",
    "a stage is due another time": "UPDATE approvals_stage SET due_at = due_at + interval '9 years' WHERE id = %(stage)s",
    "the end of a pause is deleted": """
        DELETE FROM approvals_timer t USING approvals_question q WHERE q.id = t.question_id AND q.state = 'open'""",
    "a question is closed alone": """
        UPDATE approvals_question SET state = 'ended', closed_at = now() WHERE state = 'open' AND pauses""",
}
# Every wall behind them: those of whole rows, and those that look at what belongs together.
WALLS = (
    *("stage_has_owner_and_clocks", "stages_stay", "members_stay", "somebody_stays", "request_is_before_somebody"),
    *("timer_has_its_effect", "timer_moves_for_a_reason", "timers_stay", "timer_has_an_end"),
    "question_stops_no_clock_for_good",
)


class ForcedDeeds(MoneyDeeds):
    """Everything that may be done, by force too. What is forced must be refused, or change nothing that is promised.

    `only` names the one way of owners and clocks that is tried; blank is any.
    """

    only = ""

    def force_a_decision(self, chance: Chance) -> None:
        """Write a decision as a row: of whoever asked, has decided or is not asked, in somebody's place, or on something else.

        One that is right in every respect is not forced: it would be that person's own, and no program could tell.
        """
        stage = self._stage(chance)
        members = [member.person_id for member in stage.members.all()]
        decided = list(stage.request.decisions.filter(round=stage.round).values_list("person_id", flat=True))
        strangers = [person.pk for person in self.house.everybody if person.pk not in members]
        person = chance.pick([stage.request.requester_id, *decided, *strangers, stage.owner_id])
        place = stage.owner_id if person != stage.owner_id and self._rarely(chance, 3) else None
        fits = person in members and person != stage.request.requester_id and person not in decided
        Decision.objects.create(
            request=stage.request,
            round=stage.round,
            stage=stage,
            slot=chance.whole(1, 3),
            person_id=person,
            on_behalf_of_id=place,
            verdict="approve",
            digest="0" * 64 if fits else stage.request.digest,
            decided_at=clock.now(),
        )

    def force_another_asker(self, chance: Chance) -> None:
        """Make whoever decided the one who asked."""
        decision = Decision.objects.order_by("-pk").first() or self._nothing()
        self._sql("UPDATE approvals_request SET requester_id = %s WHERE id = %s", decision.decider.pk, decision.request_id)

    def force_other_content(self, chance: Chance) -> None:
        """Change what was decided on: its lines, its sum, its digest."""
        request = self._request(chance, "submitted", "approved")
        statement = chance.pick(
            (
                "UPDATE approvals_requestline SET net = net + 1 WHERE request_id = %s",
                "UPDATE approvals_request SET amount = amount + 1 WHERE id = %s",
                "UPDATE approvals_request SET digest = repeat('0', 64) WHERE id = %s",
                "UPDATE approvals_decision SET digest = repeat('0', 64) WHERE request_id = %s",
                "UPDATE approvals_request SET state = 'draft' WHERE id = %s",
            )
        )
        self._sql(statement, request.pk)

    def force_an_approval(self, chance: Chance) -> None:
        """Say of a stage, or of a whole request, that it is approved."""
        stage = self._stage(chance)
        if chance.whole(0, 1):
            self._sql("UPDATE approvals_stage SET state = 'approved' WHERE id = %s", stage.pk)
            return
        self._sql("UPDATE approvals_request SET state = 'approved', decided_at = now() WHERE id = %s", stage.request_id)

    def force_out_the_owner(self, chance: Chance) -> None:
        """Take a stage from its owner, or a request from everybody."""
        self._force(chance, OWNERS)

    def force_a_clock(self, chance: Chance) -> None:
        """Let a clock of a stage have no end, or no effect."""
        self._force(chance, CLOCKS)

    def _force(self, chance: Chance, statements: Mapping[str, str]) -> None:
        stage = self._stage(chance)
        values = {"stage": stage.pk, "asker": stage.request.requester_id}
        named = self.only if self.only in statements else chance.pick(list(statements))
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements[named].split(";"):
                cursor.execute(statement, values)

    def force_a_settlement(self, chance: Chance) -> None:
        invoice = Invoice.objects.order_by("-pk").first() or self._nothing()
        payment = Payment.objects.filter(amount=invoice.gross).first() or self._nothing()
        told = {"rule": chance.pick(("person", "invoice_number")), "why": "By force.", "made_at": clock.now()}
        person: User = self._payer(chance)
        Allocation.objects.create(payment=payment, invoice=invoice, amount=invoice.gross, made_by=person, **told)

    def force_by_the_admin(self, chance: Chance) -> str:
        """A superuser without a role here tries to write by the admin's pages."""
        root = User.objects.filter(is_superuser=True).first()
        if root is None:
            root = User.objects.create_superuser(email="root@duties.example.org", password=None, name="Root")
        model, row = chance.pick(ADMIN), Request.objects.order_by("-pk").first() or self._nothing()
        address = chance.pick((f"/admin/approvals/{model}/add/", f"/admin/approvals/{model}/{row.pk}/change/"))
        body = {"state": "approved", "person": root.pk, "verdict": "approve"}
        return self._said("force_by_the_admin", self.house.browser(root).post(address, body))

    def _sql(self, statement: str, *values: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
