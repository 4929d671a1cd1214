"""Chargebacks, statements and disputes: drawn up, adjusted, sent, answered, posted, undone."""

from typing import Any

from django.db.models import QuerySet

from budgets.api import chargeback_serializers as shapes
from budgets.models import ChargebackDispute, ChargebackRun, ChargebackStatement, CostCentre
from budgets.selectors.budgets import READING
from budgets.selectors.chargeback_figures import ChargebackFigures, figures_of_chargebacks
from budgets.selectors.chargebacks import access_run_by_id, borne_in, levels_of, moved_by, runs_in_reach
from budgets.selectors.periods import access_entity_of_finance
from budgets.selectors.rule_sets import BOOKS as LOOKING
from budgets.selectors.rule_sets import access_entity_of_books
from budgets.selectors.statements import (
    StatementFigures,
    access_dispute_by_id,
    access_statement_by_id,
    disputes_in_reach,
    figures_of,
    statements_in_reach,
)
from budgets.services.chargeback_posting import post_chargeback, undo_chargeback
from budgets.services.chargebacks import AdjustmentData, adjust, draw_up, drop, send_statements
from budgets.services.statements import Shift, accept_statement, dispute_statement, resolve_dispute
from core.api.acts import read, write
from core.api.endpoint import NUMBER, Listed, Shown
from core.errors import InvalidInput
from core.models import Entity
from core.rules.rights import Right

KEEPING = frozenset({Right.BUDGET})
ANYBODY = frozenset(READING)


class Chargebacks(Listed[ChargebackRun], Shown[ChargebackRun]):
    """Months' chargebacks, the newest month first."""

    room = "budgets"
    model = ChargebackRun
    rights = frozenset(LOOKING)
    shows = shapes.ChargebackSerializer
    orderings = ("-id", "id")
    places = {"id": (NUMBER, "The chargeback's number.")}

    def rows(self) -> QuerySet[ChargebackRun]:
        return runs_in_reach(self.person)

    def one(self) -> ChargebackRun:
        run = access_run_by_id(self.person, self.number())
        if self.act.is_write:
            access_entity_of_finance(self.person, run.entity.code)
        return run

    @write(takes=shapes.DrawingSerializer, gives=shapes.ChargebackSerializer, status=201, rights=KEEPING)
    def create(self, data: dict[str, Any]) -> ChargebackRun:
        """Draw a month up: collect its spend and share it out. What the same rules drew up and is not posted is dropped."""
        entity = access_entity_of_finance(self.person, data["entity"])
        return draw_up(entity=entity, month=data["month"], rules_code=data["rules"], actor=self.person)

    @read(asks=shapes.AskedChargebackFiguresSerializer, gives=shapes.ChargebackFiguresSerializer, detail=False)
    def figures(self, asked: dict[str, Any]) -> ChargebackFigures:
        """Show how well an organization's chargebacks go: what goes to somebody, what is accepted, how long disputes take."""
        entity = access_entity_of_books(self.person, asked.get("entity", ""))
        return figures_of_chargebacks(entity, since=asked.get("since"))

    @read(gives=shapes.SharedOutSerializer)
    def borne(self, run: ChargebackRun) -> dict[str, Any]:
        """Show what each bears of each pool."""
        other = moved_by(run)
        said = {"chargeback": run.pk, "moved_by": other.pk if other else None, "currency": run.currency}
        return said | {"borne": borne_in(run), "levels": levels_of(run)}

    @write(takes=shapes.AdjustingSerializer, gives=shapes.ChargebackSerializer, rights=KEEPING)
    def adjust(self, run: ChargebackRun, data: dict[str, Any]) -> ChargebackRun:
        """Move an amount of a pool from one cost centre to another, before the managers are asked."""
        giver, taker = (_centre(run.entity, name, data[name]) for name in ("giver", "taker"))
        said = AdjustmentData(data["pool"], giver, taker, data["amount"], data["reason"], data["words"])
        adjust(run_id=run.pk, data=said, actor=self.person)
        return run

    @write(gives=shapes.ChargebackSerializer, rights=KEEPING)
    def send(self, run: ChargebackRun) -> ChargebackRun:
        """Ask the managers of those who bear it."""
        return send_statements(run_id=run.pk, actor=self.person)

    @write(gives=shapes.ChargebackSerializer, rights=KEEPING, path="post")
    def post_it(self, run: ChargebackRun) -> ChargebackRun:
        """Move the spend to those who bear it. A month's spend is moved once: not while another rule set's run is posted."""
        post_chargeback(run_id=run.pk, actor=self.person)
        return access_run_by_id(self.person, run.pk)

    @write(takes=shapes.BecauseSerializer, gives=shapes.ChargebackSerializer, rights=KEEPING)
    def undo(self, run: ChargebackRun, data: dict[str, Any]) -> ChargebackRun:
        """Move the spend back."""
        undo_chargeback(run_id=run.pk, actor=self.person, reason=data["reason"])
        return access_run_by_id(self.person, run.pk)

    @write(takes=shapes.BecauseSerializer, gives=shapes.ChargebackSerializer, rights=KEEPING)
    def drop(self, run: ChargebackRun, data: dict[str, Any]) -> ChargebackRun:
        """Leave a chargeback that is not posted."""
        drop(run_id=run.pk, actor=self.person, reason=data["reason"])
        return access_run_by_id(self.person, run.pk)


class Statements(Listed[ChargebackStatement], Shown[ChargebackStatement]):
    """Statements of the cost centres that one reads or answers for, the newest month first."""

    room = "budgets"
    model = ChargebackStatement
    rights = ANYBODY
    shows = shapes.StatementSerializer
    orderings = ("-id", "id")
    places = {"id": (NUMBER, "The statement's number.")}

    def rows(self) -> QuerySet[ChargebackStatement]:
        return statements_in_reach(self.person)

    def one(self) -> ChargebackStatement:
        return access_statement_by_id(self.person, self.number())

    @read(gives=shapes.StatementFiguresSerializer)
    def figures(self, statement: ChargebackStatement) -> StatementFigures:
        """Show what a statement says."""
        return figures_of(statement)

    @write(gives=shapes.StatementSerializer, rights=ANYBODY)
    def accept(self, statement: ChargebackStatement) -> ChargebackStatement:
        """Say that it is right."""
        accept_statement(statement_id=statement.pk, actor=self.person)
        return access_statement_by_id(self.person, statement.pk)

    @write(takes=shapes.DisputingSerializer, gives=shapes.DisputeSerializer, status=201, rights=ANYBODY)
    def dispute(self, statement: ChargebackStatement, data: dict[str, Any]) -> ChargebackDispute:
        """Say what is wrong with it."""
        return dispute_statement(statement_id=statement.pk, actor=self.person, words=data["words"], amount=data.get("amount"))


class Disputes(Listed[ChargebackDispute], Shown[ChargebackDispute]):
    """Disputes of the statements that one may see, the newest first."""

    room = "budgets"
    model = ChargebackDispute
    rights = ANYBODY
    shows = shapes.DisputeSerializer
    orderings = ("-id", "id", "due_at")
    places = {"id": (NUMBER, "The dispute's number.")}

    def rows(self) -> QuerySet[ChargebackDispute]:
        return disputes_in_reach(self.person)

    def one(self) -> ChargebackDispute:
        return access_dispute_by_id(self.person, self.number())

    @write(takes=shapes.ResolvingSerializer, gives=shapes.DisputeSerializer, rights=KEEPING)
    def resolve(self, dispute: ChargebackDispute, data: dict[str, Any]) -> ChargebackDispute:
        """End a dispute by an adjustment or a refusal."""
        return resolve_dispute(
            dispute_id=dispute.pk,
            actor=self.person,
            answer=data["answer"],
            shift=_shift(dispute.statement.run.entity, data),
        )


def _shift(entity: Entity, data: dict[str, Any]) -> Shift | None:
    said = {name: data[name] for name in ("pool", "taker", "amount", "reason") if name in data}
    if not said:
        return None
    if missing := {name for name in ("pool", "taker", "amount", "reason") if name not in said}:
        raise InvalidInput(
            "An adjustment names pool, taker, amount and reason.", details=dict.fromkeys(sorted(missing), "This is missing.")
        )
    return Shift(said["pool"], _centre(entity, "taker", said["taker"]), said["amount"], said["reason"])


def _centre(entity: Entity, name: str, code: str) -> CostCentre:
    found = CostCentre.objects.filter(entity=entity, code=code).first()
    if found is None:
        raise InvalidInput(f"There is no cost centre {code}.", details={name: "There is no such cost centre."})
    return found
