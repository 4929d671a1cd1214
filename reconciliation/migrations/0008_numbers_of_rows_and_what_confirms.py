from django.db import migrations

# As reconciliation.rules.references.number_key has it; a number longer than an invoice's may be is none.
NUMBERS = """
UPDATE reconciliation_rawrow AS row SET number_key = said.key
  FROM (SELECT id, regexp_replace(replace(lower(normalize(coalesce(fixes ->> 'number', fields ->> 'number'), NFKC)), 'ß', 'ss'),
                                  '[^0-9a-z]+', '', 'g') AS key
          FROM reconciliation_rawrow) AS said
 WHERE said.id = row.id AND said.key <> '' AND length(said.key) <= 80
"""
# Rows that came after their invoice and were found to be it.
CONFIRMED = """
INSERT INTO reconciliation_confirmation (row_id, invoice_id, rule, why, made_at)
SELECT r.id, r.produced_id, 'same_document', 'It has the vendor, the number and the amount of the invoice.', now()
  FROM reconciliation_rawrow r
 WHERE r.status = 'accepted' AND r.reason_code = 'confirms' AND r.produced_type = 'invoice' AND r.gone_with_id IS NULL
   AND EXISTS (SELECT FROM reconciliation_invoiceline l WHERE l.invoice_id = r.produced_id AND l.account_id IS NOT NULL)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('reconciliation', '0007_rows_that_invoices_confirm'),
    ]

    operations = [
        migrations.RunSQL(NUMBERS, migrations.RunSQL.noop),
        migrations.RunSQL(CONFIRMED, migrations.RunSQL.noop),
    ]
