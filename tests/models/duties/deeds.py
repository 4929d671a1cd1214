"""What people do to requests, rightly and wrongly, each thing by every door that there is for it."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from django.db import DatabaseError

from approvals.models import Debt, Decision, Delegation, Question, Request, Stage
from approvals.selectors.people import may_be_added, may_take
from approvals.services import absences, bulk, debts, emergencies, hands, questions, timers, undoing
from approvals.services.decisions import approve_stage, reject_stage, send_back
from approvals.services.delegations import DelegationData, end_delegation, state_delegation
from approvals.services.requests import copy_request, save_draft, submit_request, withdraw_request
from core import clock
from core.errors import Refusal
from core.models import Role, RoleAssignment, User
from core.services.assignments import assign_role, take_role
from tests.factories.approvals import asked
from tests.factories.emergencies import word_of
from tests.factories.links import linked
from tests.models.duties.house import KINDS, House

T = TypeVar("T")
STEPS: dict[str, Callable[..., Decision]] = {"approve": approve_stage, "reject": reject_stage, "send_back": send_back}
# What is done is mostly right, as with people; a no ends a request, so there are fewer of them.
VERDICTS = ("approve", "approve", "approve", "approve", "approve", "reject", "send_back")


class Chance(Protocol):
    """Chance, as a search or a generator of random numbers draws it."""

    def pick(self, options: Sequence[T], /) -> T:
        """Return one of the options."""

    def whole(self, low: int, high: int, /) -> int:
        """Return a whole number between the two, both included."""


class Deeds:
    """Everything that may be done in a house. `answers` counts what came of it: a blank is a yes, else why not."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.answers: Counter[str] = Counter()
        self.faults: list[str] = []

    def do(self, name: str, chance: Chance) -> None:
        """Do one thing, a second after the last, and count what came of it: a refusal is an answer, a server's error a fault."""
        self.house.now += timedelta(seconds=1)
        with clock.at(self.house.now):
            try:
                code = getattr(self, name)(chance) or ""
            except Refusal as refusal:
                code = refusal.code
            except DatabaseError as error:
                code = f"database: {type(error).__name__}" if name.startswith("force") else self._fault(name, error)
        self.answers[f"{name} {code}".strip()] += 1

    def _fault(self, name: str, error: Any) -> str:
        self.faults.append(f"{name}: {error}"[:300])
        return "fault"

    def _said(self, name: str, response: Any) -> str:
        if response.status_code >= 500:
            return self._fault(name, f"{response.status_code} {response.content[:200]!r}")
        return "" if response.status_code < 400 else str(response.status_code)

    # Whom and what

    @staticmethod
    def _rarely(chance: Chance, times: int) -> bool:
        """Say, once in so many times, that something is to be as it should not be."""
        return chance.whole(1, times) == times

    def _person(self, chance: Chance) -> User:
        return self.house.anew(chance.pick(self.house.everybody))

    def _request(self, chance: Chance, *states: str) -> Request:
        rows = list(Request.objects.filter(state__in=states).order_by("-pk")[:8])
        return chance.pick(rows) if rows else self._nothing()

    def _stage(self, chance: Chance) -> Stage:
        """Return a stage: mostly one that waits for a decision, now and then one that does not."""
        rows = Stage.objects.select_related("request__entity")
        waiting = rows.filter(state=Stage.State.ASSIGNED)
        found = list((rows if self._rarely(chance, 10) else waiting).order_by("-pk")[:8])
        return chance.pick(found) if found else self._nothing()

    def _nothing(self) -> Any:
        raise Refusal("There is nothing to do it to.", code="nothing")

    def _decider(self, chance: Chance, stage: Stage) -> User:
        """Return who will try: whom it asks, or whoever must not, for each reason there is."""
        members = [member.person_id for member in stage.members.all()]
        decided = list(Decision.objects.filter(request=stage.request_id).values_list("person_id", flat=True))
        others = [stage.request.requester_id, *decided, *(person.pk for person in self.house.everybody)]
        return User.objects.get(pk=chance.pick(others if self._rarely(chance, 4) else members or [stage.owner_id]))

    def _seen(self, chance: Chance, request: Request) -> str:
        """Return the digest of what somebody saw: of what stands, or of an earlier round."""
        older = list(request.rounds.values_list("digest", flat=True))
        return chance.pick([request.digest] * 6 + older)

    # Asking

    def submit(self, chance: Chance) -> None:
        """Somebody asks for money, by themselves and not in advance."""
        person = self._person(chance)
        kind = chance.pick(KINDS)
        data = asked(chance.pick(self.house.accounts), chance.whole(1, 900), kind=kind)
        draft = save_draft(actor=person, entity=self.house.entity, data=data)
        submit_request(request_id=draft.pk, actor=person)

    def change_and_submit_again(self, chance: Chance) -> None:
        request = self._request(chance, "returned", "returned", "submitted", "approved")
        person = self._person(chance) if self._rarely(chance, 6) else request.requester
        data = asked(chance.pick(self.house.accounts), chance.whole(1, 900), kind=request.kind)
        save_draft(actor=person, entity=self.house.entity, data=data, request_id=request.pk)
        submit_request(request_id=request.pk, actor=person)

    def submit_again_unchanged(self, chance: Chance) -> None:
        request = self._request(chance, "returned", "draft")
        submit_request(request_id=request.pk, actor=request.requester)

    def withdraw(self, chance: Chance) -> None:
        request = self._request(chance, "submitted", "returned", "approved")
        withdraw_request(request_id=request.pk, actor=self._person(chance) if self._rarely(chance, 4) else request.requester)

    def copy(self, chance: Chance) -> None:
        request = self._request(chance, "approved", "rejected")
        copy_request(request_id=request.pk, actor=request.requester)

    # Deciding, by every door

    def decide(self, chance: Chance) -> None:
        stage = self._stage(chance)
        step = STEPS[chance.pick(VERDICTS)]
        step(
            stage_id=stage.pk,
            actor=self._decider(chance, stage),
            digest=self._seen(chance, stage.request),
            comment="As talked over.",
        )

    def decide_on_the_page(self, chance: Chance) -> str:
        stage = self._stage(chance)
        body = {"verdict": chance.pick(VERDICTS), "digest": self._seen(chance, stage.request), "comment": "On the page."}
        client = self.house.browser(self._decider(chance, stage))
        return self._said("decide_on_the_page", client.post(f"/queue/{stage.pk}/decide/", body))

    def decide_by_program(self, chance: Chance) -> str:
        stage = self._stage(chance)
        verdict = chance.pick(VERDICTS).replace("_", "-")
        body = {"digest": self._seen(chance, stage.request), "comment": "By program."}
        program = self.house.program(self._decider(chance, stage))
        return self._said("decide_by_program", program.post(f"queue/{stage.pk}/{verdict}", body))

    def decide_by_link(self, chance: Chance) -> str:
        """The link of a mail to whoever is asked, opened in that person's browser or in another's."""
        stage = self._stage(chance)
        members = list(stage.members.select_related("person"))
        if not members or stage.state != Stage.State.ASSIGNED:
            return "nothing"
        member = chance.pick(members)
        address = linked(stage, member.person, key=f"mail {Decision.objects.count()} {self.answers.total()}")
        body = {"verdict": chance.pick(VERDICTS), "digest": stage.request.digest, "comment": "By mail."}
        who = self._person(chance) if self._rarely(chance, 4) else member.person
        return self._said("decide_by_link", self.house.browser(who).post(address, body))

    def decide_many(self, chance: Chance) -> str:
        waiting = list(Stage.objects.filter(state=Stage.State.ASSIGNED).select_related("request").order_by("-pk")[:6])
        if not waiting:
            return "nothing"
        person = self._decider(chance, chance.pick(waiting))
        verdict = chance.pick(("approve", "approve", "reject"))
        if chance.whole(0, 1):
            picks = [f"{stage.pk}:{stage.request.digest}" for stage in waiting]
            body = {"pick": picks, "verdict": verdict, "comment": "All at once."}
            return self._said("decide_many", self.house.browser(person).post("/queue/answers/", body))
        answered = bulk.answer_many(
            picks=[bulk.Pick(stage.pk, stage.request.digest) for stage in waiting],
            actor=person,
            verdict=verdict,
            comment="All at once.",
        )
        return "" if any(each.counted for each in answered) else "none counted"

    def take_back(self, chance: Chance) -> None:
        said = list(Decision.objects.order_by("-pk").select_related("person")[:3])
        decision = chance.pick(said) if said else self._nothing()
        actor = self._person(chance) if self._rarely(chance, 5) else decision.decider
        undoing.take_back(decision_id=decision.pk, actor=actor)

    # Before deciding

    def ask(self, chance: Chance) -> None:
        stage = self._stage(chance)
        whom = chance.pick([stage.request.requester_id, *(person.pk for person in self.house.everybody)])
        questions.ask_question(stage_id=stage.pk, actor=self._decider(chance, stage), person_id=whom, text="Why now?")

    def answer(self, chance: Chance) -> None:
        question = self._question(chance)
        questions.answer_question(question_id=question.pk, actor=question.asked, text="The old one ends.")

    def withdraw_question(self, chance: Chance) -> None:
        question = self._question(chance)
        questions.withdraw_question(question_id=question.pk, actor=question.asked_by)

    def _question(self, chance: Chance) -> Question:
        rows = list(Question.objects.filter(state="open").select_related("asked", "asked_by").order_by("-pk")[:4])
        return chance.pick(rows) if rows else self._nothing()

    def hand_over(self, chance: Chance) -> None:
        stage = self._stage(chance)
        actor = self._decider(chance, stage)
        whom = self._successor(chance, may_take(stage.request, stage, giver=actor))
        hands.hand_over(stage_id=stage.pk, actor=actor, person_id=whom, reason="On leave.")

    def one_more(self, chance: Chance) -> None:
        stage = self._stage(chance)
        actor = self._decider(chance, stage)
        whom = self._successor(chance, may_be_added(stage.request, actor))
        hands.add_approver(stage_id=stage.pk, actor=actor, person_id=whom, reason="To be sure.")

    def _successor(self, chance: Chance, offered: Sequence[User]) -> int:
        """Return one of those whom the page offers, or anybody."""
        return int(chance.pick(offered if offered and not self._rarely(chance, 3) else self.house.everybody).pk)

    # People and time

    def delegate(self, chance: Chance) -> None:
        person = self._person(chance)
        other = chance.pick([None, *self.house.everybody])
        first = self.house.now.date()
        last = first + timedelta(days=chance.whole(0, 5))
        data = DelegationData(self.house.entity, person, other, first, last, reason="On leave.")
        state_delegation(data=data, actor=self.house.administrator if self._rarely(chance, 4) else person)

    def end_delegation(self, chance: Chance) -> None:
        rows = list(Delegation.objects.filter(ended_at__isnull=True).order_by("-pk")[:4])
        row = chance.pick(rows) if rows else self._nothing()
        end_delegation(delegation_id=row.pk, actor=row.person)

    def give_role(self, chance: Chance) -> None:
        role = Role.objects.get(code=chance.pick(("director", "finance", "executive", "project_manager")))
        limit = chance.pick((None, None, Decimal(500)))
        assign_role(person=self._person(chance), role=role, entity=self.house.entity, actor=self.house.administrator, limit=limit)

    def take_role(self, chance: Chance) -> None:
        rows = list(RoleAssignment.objects.filter(entity=self.house.entity).order_by("pk"))
        take_role(assignment_id=chance.pick(rows).pk, actor=self.house.administrator)

    def let_time_pass(self, chance: Chance) -> None:
        """Hours or days go by, the clocks that ran out ring, and who is away is stood in for."""
        self.house.pass_time(chance.pick((1, 3, 8, 24, 72)))
        with clock.at(self.house.now):
            timers.fire_due()
            debts.fire_debts()
            absences.attend()

    # What cannot wait

    def declare(self, chance: Chance) -> None:
        person = self._person(chance)
        data = asked(chance.pick(self.house.accounts), chance.whole(1, 900), kind=chance.pick(KINDS))
        draft = save_draft(actor=person, entity=self.house.entity, data=data)
        emergencies.declare_emergency(request_id=draft.pk, actor=person, data=word_of(self._person(chance)))

    def pay_debt(self, chance: Chance) -> None:
        rows = list(Debt.objects.filter(closed_at__isnull=True).select_related("owner").order_by("-pk")[:6])
        debt = chance.pick(rows) if rows else self._nothing()
        outcome = chance.pick(("confirmed", "denied") if debt.kind == Debt.Kind.WRITTEN else ("goes_on", "ends"))
        emergencies.pay_debt(debt_id=debt.pk, actor=self.house.anew(debt.owner), outcome=outcome, text="It was so.")
