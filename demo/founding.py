"""The demo's organizations as they stand before anything happens: budgets, people, policies, sources.

Everything is read from the files of `demo/` and goes through the services. The files speak of the twelve months to
November 2026; every month in them is moved so that the last of the twelve is the present one.
"""

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from approvals.selectors.committees import today_of
from approvals.services.committees import CommitteeData, state_committee
from approvals.services.emergencies import LimitData, state_terms
from approvals.services.owners import state_manager
from approvals.services.policies import load_policy
from approvals.services.reserves import TermsData, make_reserve
from budgets.models import Budget, BudgetAttribute, CostCentre, FundsAccount
from budgets.rules.months import add_months
from budgets.rules.safe_yaml import read
from budgets.services.attributes import AttributeData, define_attribute, set_attributes
from budgets.services.budgets import load_document
from budgets.services.projections import PartData, ProjectionData, state_projection
from budgets.services.tag_files import load_tags
from core.models import Entity, Role, User
from core.services.assignments import assign_role
from core.services.people import add_person, ensure_role
from reconciliation.models import Source
from reconciliation.rules.source_files import parse_sources
from reconciliation.services.source_files import load_sources
from reconciliation.services.sources import ExpectedData, expect_of_source

HERE = Path(__file__).parent
LAST_MONTH = date(2026, 11, 1)
BUDGETS = ("kafka", "operations", "distro", "distro-reserves", "intelliflow")
POLICIES = {"kafka": "meridian", "distro": "distro-nation", "intelliflow": "intelliflow"}
SOURCES = ("ledger", "invoices", "bank", "aws-bill")
CARDS = "cards"


@dataclass(frozen=True)
class Cast:
    """Who and what the demo consists of, by the keys that its files use."""

    people: dict[str, User]
    entities: dict[str, Entity]


def months_since(present: date) -> int:
    """Return by how many months the files must be moved for their last month to be that of `present`."""
    return (present.year - LAST_MONTH.year) * 12 + present.month - LAST_MONTH.month


def found(*, present: date) -> Cast:
    """Make the demo's organizations as of the month of `present`."""
    roles, people = _people()
    for name in BUDGETS:
        document = moved(read((HERE / "budgets" / f"{name}.yaml").read_bytes()), months_since(present))
        load_document(document=document, actor=people["administrator"], source_name=f"{name}.yaml")
    entities = {entity.code: entity for entity in Entity.objects.all()}
    _assign(roles, people, entities)
    _policies(entities, people["administrator"])
    # Read anew: what a person may do is read once, and it was before the roles were given.
    anew = User.objects.get(pk=people["administrator"].pk)
    _emergencies(entities, roles, anew)
    state_manager(entity=entities["meridian"], person=people["tech-lead"], manager=people["director"], actor=anew)
    _projections(entities, people["administrator"], months_since(present))
    _committees(entities, people)
    first = add_months(present.replace(day=1), -11)
    _reserves(entities, people["finance"], first)
    _tags(entities, people["administrator"], first)
    _attributes(entities, anew, first)
    for name in SOURCES:
        document = parse_sources((HERE / "sources" / f"{name}.yaml").read_text())
        for entity in entities.values():
            load_sources(document=document, entity=entity, actor=people["administrator"])
    _cards_and_what_is_expected(entities, people)
    return Cast(people=people, entities=entities)


def _cards_and_what_is_expected(entities: dict[str, Entity], people: dict[str, User]) -> None:
    actor = people["administrator"]
    document = parse_sources((HERE / "sources" / f"{CARDS}.yaml").read_text())
    load_sources(document=document, entity=entities[document.entity], actor=actor)
    for code, sources in yaml.safe_load((HERE / "expected.yaml").read_text()).items():
        for source, said in sources.items():
            found = Source.objects.get(entity=entities[code], code=source)
            data = ExpectedData(**said | {"keeper": people[said["keeper"]]})
            expect_of_source(source_id=found.pk, data=data, actor=actor)


def _reserves(entities: dict[str, Entity], finance: User, first: date) -> None:
    # Read anew: what a person may do is read once.
    actor = User.objects.get(pk=finance.pk)
    for code, stated in yaml.safe_load((HERE / "reserves.yaml").read_text()).items():
        for each in stated:
            account = FundsAccount.objects.select_related("entity").get(
                entity=entities[code], category__code=each.pop("line"), budget__code__endswith="-RESERVES"
            )
            budget = each.pop("budget", "")
            named: dict[str, Any] = {"budget": Budget.objects.get(entity=entities[code], code=budget)} if budget else {}
            name, short = each.pop("name"), each.pop("code")
            terms = TermsData(starts_on=first, share_pct=Decimal(each.pop("share_pct")), **named, **each)
            make_reserve(account=account, code=short, name=name, terms=terms, actor=actor)


def _tags(entities: dict[str, Entity], actor: User, first: date) -> None:
    for path in sorted((HERE / "tags").glob("*.yaml")):
        document = {"starts_on": f"{first:%Y-%m}"} | read(path.read_bytes())
        load_tags(entity=entities[path.stem], document=document, actor=actor)


def _attributes(entities: dict[str, Entity], actor: User, first: date) -> None:
    for code, kinds in yaml.safe_load((HERE / "attributes.yaml").read_text()).items():
        for kind, asked in kinds.items():
            for each in asked:
                budgets = each.pop("of", {})
                data = AttributeData(starts_on=first, kind=kind, **each | {"choices": tuple(each.get("choices", ()))})
                define_attribute(entity=entities[code], data=data, actor=actor)
                for budget, value in budgets.items():
                    subject = Budget.objects.get(entity=entities[code], code=budget)
                    values = {data.code: value}
                    set_attributes(model=BudgetAttribute, kind=kind, subject=subject, values=values, actor=actor)


def moved(value: Any, months: int) -> Any:
    """Return a document with every month and day in it moved by some months. Days past the end of a month stay in it."""
    if isinstance(value, dict):
        return {key: moved(part, months) for key, part in value.items()}
    if isinstance(value, list):
        return [moved(part, months) for part in value]
    if isinstance(value, date):
        return add_months(value.replace(day=1), months).replace(day=min(value.day, 28))
    if isinstance(value, str) and len(value) == len("2026-11") and value[:4].isdigit() and value[4] == "-":
        return f"{add_months(date.fromisoformat(f'{value}-01'), months):%Y-%m}"
    return value


def _cast() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((HERE / "cast.yaml").read_text())
    return document


def _people() -> tuple[dict[str, Role], dict[str, User]]:
    cast = _cast()
    roles = {each["code"]: ensure_role(**each, actor=None) for each in cast["roles"]}
    people = {
        each["key"]: add_person(
            email=f"{each['key']}@demo.example",
            name=each["name"],
            title=each["name"],
            is_staff=each.get("is_staff", False),
            actor=None,
        )
        for each in cast["people"]
    }
    return roles, people


def _assign(roles: dict[str, Role], people: dict[str, User], entities: dict[str, Entity]) -> None:
    for each in _cast()["people"]:
        for held in each["holds"]:
            for code in held["in"]:
                entity = entities[code]
                at = held.get("at")
                centre = CostCentre.objects.get(entity=entity, code=at) if at else None
                assign_role(
                    person=people[each["key"]],
                    role=roles[held["role"]],
                    entity=entity,
                    cost_centre=centre,
                    actor=None,
                )


def _policies(entities: dict[str, Entity], actor: User) -> None:
    for name, code in POLICIES.items():
        document = yaml.safe_load((HERE / "policies" / f"{name}.yaml").read_text())
        load_policy(document=document, entity=entities[code], actor=actor)


def plan_next_policy(entity: Entity, actor: User, *, present: date) -> None:
    """Let one organization's next policy be scheduled: from the first of the month after next, its backups are asked sooner."""
    document = yaml.safe_load((HERE / "policies/distro.yaml").read_text()) | {"escalate_after": "2 business days"}
    day = add_months(present.replace(day=1), 2)
    load_policy(document=document, entity=entity, actor=actor, effective_from=day)


def _emergencies(entities: dict[str, Entity], roles: dict[str, Role], actor: User) -> None:
    document = yaml.safe_load((HERE / "emergencies.yaml").read_text())
    for code, said in document.items():
        limits = [LimitData(roles[role], Decimal(limit["amount"]), limit["per"]) for role, limit in said["limits"].items()]
        state_terms(entity=entities[code], criteria=said["criteria"], limits=limits, actor=actor)


def _projections(entities: dict[str, Entity], actor: User, months: int) -> None:
    document = moved(yaml.safe_load((HERE / "projections.yaml").read_text()), months)
    for code, stated in document.items():
        for each in stated:
            parts = [
                PartData(part["name"], Decimal(part["base"]), None, _share(part, "growth"), _share(part, "reduction"))
                for part in each["parts"]
            ]
            data = ProjectionData(
                name=each["name"],
                base_month=date.fromisoformat(f"{each['base_month']}-01"),
                horizon_months=each["horizon_months"],
                buffer_pct=Decimal(each["buffer_pct"]),
                parts=parts,
                reasons=each["reasons"],
            )
            state_projection(entity=entities[code], data=data, actor=actor)


def _share(part: dict[str, str], name: str) -> Decimal | None:
    return Decimal(part[name]) if name in part else None


def _committees(entities: dict[str, Entity], people: dict[str, User]) -> None:
    document = yaml.safe_load((HERE / "committees.yaml").read_text())
    for code, said in document.items():
        entity = entities[code]
        chair, members, as_needed = said.pop("chair"), said.pop("members"), said.pop("as_needed")
        data = CommitteeData(
            chair=people[chair],
            members=[people[key] for key in members],
            as_needed=[people[key] for key in as_needed],
            valid_from=today_of(entity),
            begins_at=time.fromisoformat(said.pop("begins_at")),
            **said,
        )
        state_committee(entity=entity, data=data, actor=None)
