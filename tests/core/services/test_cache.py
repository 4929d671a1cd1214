"""The cache that all processes share, used as the app role."""

import pytest
from django.core.cache import cache
from django.db import connection


@pytest.mark.django_db
def test_the_app_keeps_counts_and_forgets_in_the_shared_table() -> None:
    cache.set("tests", 1, timeout=60)
    cache.incr("tests")
    assert cache.get("tests") == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM core_cache WHERE cache_key LIKE '%%tests'")
        assert cursor.fetchone() == (1,)
    cache.delete("tests")
    assert cache.get("tests") is None
