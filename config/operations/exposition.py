"""What `/metrics` says: the counts of all web processes, and figures read from the database just then. Nothing of any person."""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from config.operations.figures import FIGURES, Figure
from core import clock

logger = logging.getLogger(__name__)
CONTENT_TYPE = CONTENT_TYPE_LATEST
PATIENCE = "5s"


def exposition() -> bytes:
    """Return everything in the text format that Prometheus reads."""
    house = CollectorRegistry(auto_describe=False)
    house.register(HouseCollector())
    return _counts() + generate_latest(house)


def _counts() -> bytes:
    """Return what the processes count: of all of them where they share a folder, else of this one."""
    if not settings.METRICS_FOLDER:
        return generate_latest(REGISTRY)
    together = CollectorRegistry()
    MultiProcessCollector(together, path=settings.METRICS_FOLDER)  # type: ignore[no-untyped-call]
    return generate_latest(together)


class HouseCollector(Collector):
    """Reads each figure from the database when it is asked. `purser_up` is 0 where the database does not answer in time."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            families = [_family(figure, rows) for figure, rows in _read(clock.now())]
        except DatabaseError:
            logger.exception("The figures for monitoring could not be read.")
            families = []
        up = GaugeMetricFamily("purser_up", "1 when the figures could be read from the database.")
        up.add_metric([], 1 if families else 0)
        yield up
        yield from families


def _read(now: datetime) -> Iterator[tuple[Figure, list[tuple[Any, ...]]]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [PATIENCE])
        for figure in FIGURES:
            cursor.execute(figure.query, {"now": now})
            yield figure, cursor.fetchall()


def _family(figure: Figure, rows: list[tuple[Any, ...]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(figure.name, figure.help, labels=figure.labels)
    for row in rows:
        family.add_metric([str(each) for each in row[:-1]], float(row[-1] or 0))
    return family
