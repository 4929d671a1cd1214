"""Sources, files that came in, and their rows, as JSON."""

from rest_framework import serializers

from core.api.fields import AmountField, MomentField, MonthField, UploadField
from core.api.serializers import Given, Taken
from reconciliation.models import ImportFile, RawRow, Source
from reconciliation.rules.expecting import LONGEST_GRACE
from reconciliation.rules.outcome import STATUSES


class SourceSerializer(Given):
    """Where files come from, and how they are read."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    code = serializers.CharField()
    name = serializers.CharField()
    format = serializers.ChoiceField(Source.Format.choices)
    mapping = serializers.DictField(help_text="Which column says what.")
    system = serializers.ChoiceField(Source.System.choices, help_text="Which system its files come out of.")
    cadence = serializers.ChoiceField(Source.Cadence.choices, help_text="How often a file is expected.")
    grace_days = serializers.IntegerField(help_text="How many days it may be late before it counts as late.")
    keeper = serializers.CharField(source="keeper.email", allow_null=True, help_text="Whom to ask for it.")


class ExpectingSerializer(Taken):
    """What is expected of a source."""

    system = serializers.ChoiceField(Source.System.choices, help_text="One that has files of its format.")
    cadence = serializers.ChoiceField(Source.Cadence.choices)
    grace_days = serializers.IntegerField(min_value=0, max_value=LONGEST_GRACE, required=False, help_text="Left out: none.")
    keeper = serializers.EmailField(max_length=254, required=False, allow_blank=True, help_text="Left out: nobody is named.")


class ImportRowSerializer(Given):
    """A file that came in, with counts and totals that add up. Amounts are in its currency."""

    id = serializers.IntegerField(source="file.id")
    entity = serializers.CharField(source="file.source.entity.code")
    source_code = serializers.CharField(source="file.source.code")
    format = serializers.ChoiceField(Source.Format.choices, source="file.source.format")
    name = serializers.CharField(source="file.name")
    sha256 = serializers.CharField(source="file.sha256")
    size = serializers.IntegerField(source="file.size", help_text="Bytes.")
    state = serializers.ChoiceField(ImportFile.State.choices, source="file.state")
    refused = serializers.CharField(source="file.refused", help_text="Why the file as a whole was refused, and the remedy.")
    currency = serializers.CharField(source="file.currency")
    first_on = serializers.DateField(source="file.first_on", allow_null=True)
    last_on = serializers.DateField(source="file.last_on", allow_null=True)
    rows = serializers.IntegerField(source="file.rows")
    accepted = serializers.IntegerField(source="file.accepted")
    quarantined = serializers.IntegerField(source="file.quarantined")
    duplicate = serializers.IntegerField(source="file.duplicate")
    ignored = serializers.IntegerField(source="file.ignored")
    control_total = AmountField(source="file.control_total", help_text="Of every row with an amount.")
    accepted_total = AmountField(source="file.accepted_total")
    quarantined_total = AmountField(source="file.quarantined_total")
    duplicate_total = AmountField(source="file.duplicate_total")
    ignored_total = AmountField(source="file.ignored_total")
    job = serializers.IntegerField(source="file.job_id", allow_null=True)
    uploaded_by = serializers.CharField(source="file.uploaded_by.name", allow_null=True)
    received_at = MomentField(source="file.received_at")
    finished_at = MomentField(source="file.finished_at", allow_null=True)


class QuarantineSerializer(Given):
    """Rows that wait for one reason; `row` is the first of them, by which all are worked."""

    row = serializers.IntegerField(source="row_id")
    code = serializers.CharField()
    reason = serializers.CharField()
    remedy = serializers.CharField()
    rows = serializers.IntegerField()
    amount = AmountField()


class ImportFindingSerializer(Given):
    """Something that does not add up in a file."""

    code = serializers.CharField()
    where = serializers.CharField()
    amount = serializers.CharField()
    sentence = serializers.CharField()
    remedy = serializers.CharField()
    period = serializers.CharField(default="", help_text="The month of the bill that it is about, as 2026-06; blank for others.")


class ImportSerializer(ImportRowSerializer):
    """A file with what waits in it, by reason."""

    quarantine = QuarantineSerializer(many=True)
    findings = ImportFindingSerializer(many=True, source="file.findings")


class ReasonSerializer(Given):
    """Rows that end the same way for the same reason."""

    code = serializers.CharField()
    sentence = serializers.CharField()
    remedy = serializers.CharField()
    rows = serializers.IntegerField()
    is_example = serializers.BooleanField(help_text="Whether the sentences differ from row to row, and this is one of them.")


class EndSerializer(Given):
    """One of the four ways a row ends."""

    status = serializers.ChoiceField(STATUSES)
    rows = serializers.IntegerField()
    amount = AmountField()
    reasons = ReasonSerializer(many=True)


class OutcomeSerializer(Given):
    """What a file would do, or did: its rows by how they end, and how they stand to earlier files."""

    format = serializers.ChoiceField(Source.Format.choices)
    currency = serializers.CharField()
    rows = serializers.IntegerField()
    control_total = AmountField()
    new = serializers.IntegerField()
    known = serializers.IntegerField()
    changed = serializers.IntegerField()
    vanished = serializers.IntegerField()
    ends = EndSerializer(many=True)
    findings = ImportFindingSerializer(many=True)
    refused = serializers.CharField(allow_null=True, help_text="Why the file as a whole is refused.")


class UploadedSerializer(Given):
    """A file that was taken in, and what importing it would do; of one that was imported before, what it did."""

    id = serializers.IntegerField(source="file.id")
    state = serializers.ChoiceField(ImportFile.State.choices, source="file.state")
    sha256 = serializers.CharField(source="file.sha256")
    outcome = OutcomeSerializer()


class ImportUploadSerializer(Taken):
    """A file, and the source that it comes from."""

    from_source = serializers.IntegerField(min_value=1, max_value=2**53, help_text="The source's number.")
    file = UploadField()


class RetriedSerializer(Given):
    """How many rows were accepted, or left out."""

    rows = serializers.IntegerField()


class RawRowShortSerializer(Given):
    """A row, and how it ended."""

    id = serializers.IntegerField()
    number = serializers.IntegerField(help_text="Its number in the file.")
    status = serializers.ChoiceField(RawRow.Status.choices)
    reason_code = serializers.CharField()
    reason = serializers.CharField()
    remedy = serializers.CharField()
    gist = serializers.CharField(help_text="What it is about, in a line.")
    occurred_on = serializers.DateField(allow_null=True, help_text="The day by which it is posted.")
    document_on = serializers.DateField(allow_null=True, help_text="The document's own date, where the file states one besides.")
    amount = AmountField(allow_null=True)
    currency = serializers.CharField()


class RawRowSerializer(RawRowShortSerializer):
    """A row with what the file says, what was read from it, and what became of it."""

    file = serializers.IntegerField(source="import_file_id")
    payload = serializers.DictField(help_text="The cells as text, by column heading.")
    read = serializers.DictField(source="fields_read", help_text="What the mapping read from it.")
    fixes = serializers.DictField(help_text="What a person said instead.")
    fixed_by = serializers.CharField(source="fixed_by.name", allow_null=True)
    fixed_at = MomentField(allow_null=True)
    duplicate_of = serializers.IntegerField(source="duplicate_of_id", allow_null=True)
    replaces = serializers.IntegerField(source="replaces_id", allow_null=True)
    account = serializers.IntegerField(source="account_id", allow_null=True)
    month = MonthField(allow_null=True)
    produced = serializers.CharField(source="produced_type", help_text="journal, invoice or statement.")
    produced_id = serializers.IntegerField(allow_null=True)


class FixSerializer(Taken):
    """What a row in quarantine means: what is said stands for what the file says. Without anything it is tried again."""

    category = serializers.CharField(max_length=60, required=False, help_text="Its code; the source will remember.")
    cost_centre = serializers.CharField(max_length=40, required=False, help_text="Its code.")
    account = serializers.IntegerField(min_value=1, max_value=2**53, required=False, help_text="The budget line.")
    vendor = serializers.CharField(max_length=300, required=False)
    number = serializers.CharField(max_length=80, required=False, help_text="The document's number.")
    amount = AmountField(allow_negative=True, required=False)
    date = serializers.DateField(required=False)
    alike = serializers.BooleanField(required=False, help_text="For all rows of the file that wait for this reason.")


class FixedSerializer(Given):
    """How many rows were accepted, and the row as it is now."""

    accepted = serializers.IntegerField()
    row = RawRowSerializer()


class IgnoringSerializer(Taken):
    """Why a row is left out."""

    reason = serializers.CharField(max_length=300)
    alike = serializers.BooleanField(required=False, help_text="For all rows of the file that wait for this reason.")
