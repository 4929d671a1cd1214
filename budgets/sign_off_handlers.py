"""Who is told that they own a budget, that a version of a budget is to be signed, and that it is."""

from django.urls import reverse

from budgets.events import OwnerNamed, VersionSigned, VersionToSign
from budgets.models import Budget, BudgetVersion
from budgets.selectors.sign_offs import Side, sign_offs_of, signers
from core.events import on
from core.models import User
from core.services.notices import notify, settle


@on(OwnerNamed)
def tell_owner(event: OwnerNamed) -> None:
    """Whoever was named hears of it, unless somebody else owns the budget by now."""
    budget = Budget.objects.select_related("entity", "owner").get(pk=event.budget_id)
    if budget.owner is None or budget.owner_id != event.person_id or not budget.owner.is_active:
        return
    notify(
        person=budget.owner,
        kind="budget.owner_named",
        subject=f"You own {budget.name} now",
        key=f"budget:{budget.pk}:owner:{event.at}",
        entity=budget.entity,
        body="You sign its versions beside finance, and are asked when spend goes over its limits.",
        url=reverse("budgets:budget", args=[budget.code]),
    )


@on(VersionToSign)
def ask_signers(event: VersionToSign) -> None:
    """Whoever may sign for a side that has not yet is asked, once."""
    version = _version(event.version_id)
    stand = sign_offs_of(version)
    people = {person.pk: person for side in stand.missing for person in signers(version, side)}
    for person in people.values():
        _tell(version, person, "to_sign", f"{version.budget.name}, version {version.number}, waits for your signature", "act")


@on(VersionSigned)
def settle_signers(event: VersionSigned) -> None:
    """Who has nothing left to sign is asked no more; once it is in force, whoever made it hears of it."""
    version = _version(event.version_id)
    stand = sign_offs_of(version)
    left = {person.pk for side in stand.missing for person in signers(version, side)}
    left -= {row.person_id for row in stand.signed}
    asked = {person.pk for side in Side for person in signers(version, side)}
    settle(people=sorted(asked - left), urls={_url(version)})
    if version.state == BudgetVersion.State.IN_FORCE and version.created_by is not None and version.created_by.is_active:
        words = f"{version.budget.name}, version {version.number}, is signed by both sides and in force"
        _tell(version, version.created_by, "signed", words, "info")


def _tell(version: BudgetVersion, person: User, what: str, words: str, level: str) -> None:
    notify(
        person=person,
        kind=f"budget_version.{what}",
        subject=words,
        key=f"version:{version.pk}:{what}",
        entity=version.budget.entity,
        body="It is in force once the budget's owner and finance have signed it." if level == "act" else "",
        url=_url(version),
        level=level,
    )


def _url(version: BudgetVersion) -> str:
    return reverse("budgets:version", args=[version.budget.code, version.number])


def _version(version_id: int) -> BudgetVersion:
    rows = BudgetVersion.objects.select_related("budget__entity", "budget__cost_centre", "budget__owner", "created_by")
    return rows.get(pk=version_id)
