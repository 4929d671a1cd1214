"""Who is told of amendments of budgets."""

from django.urls import reverse

from approvals.events import AmendmentInForce, AmendmentStuck
from approvals.models import Amendment
from approvals.selectors.advances import notes_of_advances
from approvals.selectors.amendments import is_rebaseline
from budgets.models import BudgetVersion
from budgets.selectors.notes import notes_by
from core.access import people_with
from core.events import on
from core.models import User
from core.rules.rights import Right
from core.services.notices import notify


@on(AmendmentInForce)
def tell_of_amendment(event: AmendmentInForce) -> None:
    """Its requester hears of it; of a new baseline everybody who reads the budget, its stakeholders."""
    related = ("version__budget__entity", "version__budget__cost_centre", "version__budget__owner", "request__requester")
    amendment = Amendment.objects.select_related(*related).get(request_id=event.request_id)
    version = amendment.version
    if version.state != BudgetVersion.State.IN_FORCE:
        return
    budget = version.budget
    people: list[User] = [amendment.request.requester]
    words = f"{budget.name}, version {version.number}, is in force"
    if is_rebaseline(amendment.size):
        words = f"{budget.name} has a new baseline: version {version.number} is in force"
        people += people_with(Right.REPORT, entity=budget.entity, path=budget.cost_centre.path)
        people += [budget.owner] if budget.owner else []
    for person in dict.fromkeys(people):
        notify(
            person=person,
            kind="approvals.amended",
            subject=words,
            key=f"amendment:{version.pk}:in-force:{event.at}",
            entity=budget.entity,
            body=amendment.why,
            url=reverse("budgets:versions", args=[budget.code]),
        )


@on(AmendmentStuck)
def tell_of_stuck(event: AmendmentStuck) -> None:
    """Who keeps the budget hears once a day that an approved version could not be put in force, and why."""
    version = BudgetVersion.objects.select_related("budget__entity", "budget__cost_centre").get(pk=event.version_id)
    budget = version.budget
    if version.state != BudgetVersion.State.SCHEDULED:
        return
    for person in people_with(Right.BUDGET, entity=budget.entity, path=budget.cost_centre.path):
        notify(
            person=person,
            kind="approvals.amendment_stuck",
            subject=f"{budget.name}, version {version.number}, was approved and could not be put in force",
            key=f"amendment:{version.pk}:stuck:{event.at[:10]}",
            entity=budget.entity,
            body=event.why,
            url=reverse("budgets:versions", args=[budget.code]),
            level="act",
        )


notes_by(notes_of_advances)
