from django.db import migrations

# As reconciliation.services.bill_gaps has the key: the source, the month that the bill ends in, the group. Of what two files
# said of one group the newest stays open.
BY_MONTH = """
WITH gaps AS (
    SELECT e.id, left('bill:' || f.source_id || ':' || to_char(f.last_on, 'YYYY-MM') || ':'
                      || substr(e.key, length('import:' || f.id || ':unexplained:') + 1), 200) AS key
      FROM reconciliation_exceptionitem e
      JOIN reconciliation_importfile f ON e.key LIKE 'import:' || f.id || ':unexplained:%'
     WHERE e.code = 'unexplained' AND e.closed_at IS NULL AND f.last_on IS NOT NULL
), closed AS (
    UPDATE reconciliation_exceptionitem e
       SET closed_at = now(), closing_note = 'A later file says so again.'
      FROM gaps g
     WHERE g.id = e.id AND EXISTS (SELECT FROM gaps later WHERE later.key = g.key AND later.id > g.id)
)
UPDATE reconciliation_exceptionitem e
   SET key = g.key
  FROM gaps g
 WHERE g.id = e.id AND NOT EXISTS (SELECT FROM gaps later WHERE later.key = g.key AND later.id > g.id)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('reconciliation', '0008_numbers_of_rows_and_what_confirms'),
    ]

    operations = [
        migrations.RunSQL(BY_MONTH, migrations.RunSQL.noop),
    ]
