from django.db import migrations

# Django knows no foreign keys over two columns; the database does. A stage or a decision without its round cannot be.
FORWARD = """
ALTER TABLE approvals_stage ADD CONSTRAINT stage_belongs_to_a_round
    FOREIGN KEY (request_id, round) REFERENCES approvals_round (request_id, number);
ALTER TABLE approvals_decision ADD CONSTRAINT decision_belongs_to_a_round
    FOREIGN KEY (request_id, round) REFERENCES approvals_round (request_id, number);
"""
REVERSE = """
ALTER TABLE approvals_decision DROP CONSTRAINT decision_belongs_to_a_round;
ALTER TABLE approvals_stage DROP CONSTRAINT stage_belongs_to_a_round;
"""


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_first")]
    operations = [migrations.RunSQL(FORWARD, REVERSE)]
