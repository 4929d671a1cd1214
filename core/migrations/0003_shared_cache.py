"""The table of Django's database cache. What is in it may be lost, so the log of the server need not carry it."""

from django.db import migrations

MAKE = """
CREATE UNLOGGED TABLE core_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value text NOT NULL,
    expires timestamp with time zone NOT NULL
);
CREATE INDEX core_cache_expires ON core_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_audit_is_append_only"),
    ]

    operations = [migrations.RunSQL(MAKE, "DROP TABLE core_cache")]
