"""A month's chargeback in the story: usage is read, the month is drawn up, the managers answer, finance posts."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from budgets.models import ChargebackRun
from budgets.rules.readings import reading_of
from budgets.rules.safe_yaml import read
from budgets.services.chargeback_posting import post_chargeback
from budgets.services.chargebacks import draw_up, send_statements
from budgets.services.readings import state_readings
from budgets.services.rule_sets import state_rule_set
from budgets.services.statements import accept_statement, dispute_statement, resolve_dispute
from core.models import Entity, User
from demo.story.engine import Story

RULES = Path(__file__).parent.parent / "chargebacks"
# How often each department deployed in a month.
DEPLOYMENTS = {"ENGINEERING": 84, "PRODUCT": 31, "OPERATIONS": 12}


@dataclass
class ChargebackDesk:
    """Where finance charges a month back."""

    story: Story
    entity: Entity
    finance: User

    def state_rules(self, starts_on: date) -> None:
        """State the rules that the months go by, from a month on."""
        for path in sorted(RULES.glob(f"{self.entity.code}*.yaml")):
            document = read(path.read_bytes()) | {"starts_on": f"{starts_on:%Y-%m}"}
            state_rule_set(entity=self.entity, document=document, actor=self.finance)

    def charge(self, month: date, *, disputed: str = "") -> None:
        """Draw a month up and ask the managers; they answer within a day, and one of them may dispute."""
        self._read_usage(month)
        run = draw_up(entity=self.entity, month=month, rules_code="departments", actor=self.finance)
        send_statements(run_id=run.pk, actor=self.finance)
        self.story.after(5, lambda: self._answer(run, disputed))
        self.story.after(12, lambda: self._post(run))

    def show(self, month: date) -> None:
        """Draw a month up by project as well, to be looked at: the departments are charged."""
        draw_up(entity=self.entity, month=month, rules_code="projects", actor=self.finance)

    def _post(self, run: ChargebackRun) -> None:
        post_chargeback(run_id=run.pk, actor=self.finance)

    def _read_usage(self, month: date) -> None:
        rows = [
            reading_of(
                metric="deployments",
                month=f"{month:%Y-%m}",
                cost_centre=code,
                units=str(often + month.month % 5),
                source="Deployment log",
            )
            for code, often in DEPLOYMENTS.items()
        ]
        state_readings(entity=self.entity, readings=rows, actor=self.finance)

    def _answer(self, run: ChargebackRun, disputed: str) -> None:
        for statement in run.statements.select_related("manager", "receiver"):
            if statement.receiver.code != disputed:
                accept_statement(statement_id=statement.pk, actor=statement.manager)
                continue
            words = "Two of these deployments were tests of the platform itself."
            dispute = dispute_statement(statement_id=statement.pk, actor=statement.manager, words=words)
            self.story.after(4, lambda dispute=dispute: self._refuse(dispute.pk))  # type: ignore[misc]

    def _refuse(self, dispute_id: int) -> None:
        answer = "They ran in development and count as any other; from next month on they are marked."
        resolve_dispute(dispute_id=dispute_id, actor=self.finance, answer=answer)
