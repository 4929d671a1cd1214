"""The tables of all rooms."""

from tests.doors.tables import (
    account,
    admin,
    api,
    api_committees,
    api_reports,
    api_rooms,
    approvals,
    attributes,
    budgets,
    core,
    demo,
    operations,
    orders,
    rate_card,
    reconciliation,
    reporting,
    reserves,
    retention,
    tags,
)
from tests.doors.words import Door

ROOMS = {
    "core": [*core.DOORS, *retention.DOORS],
    "account": account.DOORS,
    "operations": operations.DOORS,
    "budgets": [*budgets.DOORS, *tags.DOORS, *attributes.DOORS, *rate_card.DOORS],
    "approvals": [*approvals.DOORS, *reserves.DOORS, *orders.DOORS],
    "reconciliation": reconciliation.DOORS,
    "reporting": reporting.DOORS,
    "admin": admin.DOORS,
    "api": [
        *api.DOORS,
        *api_rooms.DOORS,
        *api_reports.DOORS,
        *api_committees.DOORS,
        *tags.API,
        *attributes.API,
        *rate_card.API,
        *orders.API,
        *reserves.API,
        *retention.API,
    ],
    "demo": demo.DOORS,
}


def doors() -> list[Door]:
    return [door for table in ROOMS.values() for door in table]
