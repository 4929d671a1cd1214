"""Invoices, payments, and what ties them to each other and to requests, as JSON."""

from rest_framework import serializers

from budgets.api.attribute_fields import AttributesField
from core.api.fields import AmountField, MomentField, MonthField
from core.api.serializers import Given, Taken
from core.api.shapes import JobSerializer
from reconciliation.models import ExceptionItem, Invoice, Payment, Suggestion

NUMBER = 2**53


class InvoiceRowSerializer(Given):
    """What a vendor asks for. A credit note is negative."""

    id = serializers.IntegerField(source="invoice.id")
    entity = serializers.CharField(source="invoice.entity.code")
    number = serializers.CharField(source="invoice.number")
    vendor = serializers.CharField(source="invoice.vendor.name")
    issued_on = serializers.DateField(source="invoice.issued_on")
    due_on = serializers.DateField(source="invoice.due_on", allow_null=True)
    currency = serializers.CharField(source="invoice.currency")
    net = AmountField(source="invoice.net")
    vat = AmountField(source="invoice.vat")
    recoverable_vat = AmountField(source="invoice.recoverable_vat")
    gross = AmountField(source="invoice.gross")
    paid = AmountField(source="invoice.paid")
    open_amount = AmountField(source="invoice.open_amount", help_text="Gross less paid.")
    reference = serializers.CharField(source="invoice.reference", help_text="The buyer's: a request or order number.")
    document_state = serializers.ChoiceField(Invoice.DocumentState.choices, source="invoice.document_state")
    match_state = serializers.ChoiceField(Invoice.MatchState.choices, source="invoice.match_state")
    money_state = serializers.ChoiceField(Invoice.MoneyState.choices, source="invoice.money_state")
    suspected_of = serializers.IntegerField(
        source="invoice.suspected_of_id", allow_null=True, help_text="It may be this one again, and is held."
    )
    attributes = AttributesField(source="invoice.kept_attributes")


class UndoableSerializer(Given):
    """A link that someone or a rule made."""

    id = serializers.IntegerField()
    amount = AmountField()
    rule = serializers.CharField()
    why = serializers.CharField()
    made_at = MomentField()
    made_by = serializers.CharField(source="made_by.name", allow_null=True)
    undone_at = MomentField(allow_null=True)
    undone_by = serializers.CharField(source="undone_by.name", allow_null=True)


class MatchSerializer(UndoableSerializer):
    """An invoice line that answers a request line."""

    invoice_line = serializers.IntegerField(source="invoice_line_id")
    request_line = serializers.IntegerField(source="request_line_id")
    request = serializers.CharField(source="request_line.request.number")
    liquidated = AmountField(help_text="What of the commitment it took.")
    beyond = AmountField(help_text="What the invoice costs above the commitment.")
    codes_line = serializers.BooleanField(help_text="Whether it coded the line as well.")


class AllocationSerializer(UndoableSerializer):
    """A payment, or a part of it, that settles an invoice. Signed as the payment is."""

    payment = serializers.IntegerField(source="payment_id")
    invoice = serializers.IntegerField(source="invoice_id")
    invoice_number = serializers.CharField(source="invoice.number")
    booked_on = serializers.DateField(source="payment.booked_on")


class InvoiceLineSerializer(Given):
    """A line of an invoice: where it is spent, and which requests it answers."""

    id = serializers.IntegerField(source="line.id")
    invoice = serializers.IntegerField(source="line.invoice_id")
    number = serializers.IntegerField(source="line.number")
    description = serializers.CharField(source="line.description")
    net = AmountField(source="line.net")
    vat = AmountField(source="line.vat")
    recoverable = AmountField(source="line.recoverable", help_text="VAT that comes back.")
    amount = AmountField(source="line.amount", help_text="What it costs the budget.")
    service_month = serializers.DateField(source="line.service_month", allow_null=True)
    account = serializers.IntegerField(source="line.account_id", allow_null=True, help_text="The budget line it is spent on.")
    month = MonthField(source="line.month", allow_null=True)
    journal = serializers.IntegerField(source="line.journal_id", allow_null=True)
    matches = MatchSerializer(many=True, help_text="Those that hold.")


class NamingRowSerializer(Given):
    """A row of a ledger or of a card that names the invoice."""

    row = serializers.IntegerField(source="pk")
    file = serializers.IntegerField(source="import_file_id")
    source_code = serializers.CharField(source="import_file.source.code")
    number = serializers.IntegerField(help_text="Its number in its file.")
    amount = AmountField()


class ConfirmationSerializer(Given):
    """A row that is the same document, and is not spent besides the invoice."""

    row = serializers.IntegerField(source="row_id")
    file = serializers.IntegerField(source="row.import_file_id")
    source_code = serializers.CharField(source="row.import_file.source.code")
    number = serializers.IntegerField(source="row.number", help_text="Its number in its file.")
    amount = AmountField(source="row.amount")
    rule = serializers.CharField(help_text="same_document, or person: that one may be released.")
    why = serializers.CharField()
    made_at = MomentField()
    made_by = serializers.CharField(source="made_by.name", allow_null=True)
    journal = serializers.IntegerField(
        source="journal_id", allow_null=True, help_text="What took its spend back; null where it was never spent."
    )


class EventSerializer(Given):
    """Something that was said about it."""

    at = MomentField()
    code = serializers.CharField()
    words = serializers.CharField()
    told_by = serializers.CharField()
    actor = serializers.CharField(source="actor.name", allow_null=True)
    note = serializers.CharField()


class InvoiceSerializer(InvoiceRowSerializer):
    """An invoice with its lines, its payments, and everything that was said about it."""

    lines = InvoiceLineSerializer(many=True)
    allocations = AllocationSerializer(many=True)
    confirmed_by = ConfirmationSerializer(many=True)
    counted_besides = NamingRowSerializer(many=True, help_text="Rows that are spent: besides it, once a line of it is coded.")
    suggestions = serializers.ListField(child=serializers.IntegerField(), help_text="Matches that may be right.")
    events = EventSerializer(many=True, help_text="The latest first.")


class RowTakenSerializer(Taken):
    """A row of a ledger or of a card that names the invoice."""

    row = serializers.IntegerField(min_value=1, max_value=NUMBER)


class VoidingSerializer(Taken):
    """Why an invoice is void."""

    reason = serializers.CharField(max_length=300)


class CodingSerializer(Taken):
    """On which budget line and in which month an invoice line is spent."""

    account = serializers.IntegerField(min_value=1, max_value=NUMBER, help_text="One of its choices.")
    month = MonthField()


class MatchingSerializer(Taken):
    """Which request line an invoice line answers."""

    request_line = serializers.IntegerField(min_value=1, max_value=NUMBER, help_text="A line of an approved request.")


class AccountChoiceSerializer(Given):
    """A budget line that an invoice line may be spent on."""

    id = serializers.IntegerField()
    budget = serializers.CharField(source="budget.code")
    cost_centre = serializers.CharField(source="cost_centre.code")
    name = serializers.CharField()


class RequestChoiceSerializer(Given):
    """A request line that an invoice line may answer."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField(source="label")
    remaining = AmountField(help_text="What is left of its commitment.")


class ChoicesSerializer(Given):
    """What a line may be coded or matched to."""

    accounts = AccountChoiceSerializer(many=True)
    months = serializers.ListField(child=MonthField())
    requests = RequestChoiceSerializer(many=True)


class PaymentRowSerializer(Given):
    """Money that moved. Positive was paid out."""

    id = serializers.IntegerField(source="payment.id")
    entity = serializers.CharField(source="payment.entity.code")
    booked_on = serializers.DateField(source="payment.booked_on")
    amount = AmountField(source="payment.amount")
    currency = serializers.CharField(source="payment.currency")
    allocated = AmountField(source="payment.allocated")
    open_amount = AmountField(source="payment.open_amount", help_text="Amount less allocated.")
    counterparty_name = serializers.CharField(source="payment.counterparty_name")
    counterparty_iban = serializers.CharField(source="payment.counterparty_iban")
    end_to_end_id = serializers.CharField(source="payment.end_to_end_id")
    structured_reference = serializers.CharField(source="payment.structured_reference")
    remittance = serializers.CharField(source="payment.remittance")
    is_return = serializers.BooleanField(source="payment.is_return")
    state = serializers.ChoiceField(Payment.State.choices, source="payment.state")
    match_state = serializers.ChoiceField(Payment.MatchState.choices, source="payment.match_state")


class PaymentSerializer(PaymentRowSerializer):
    """A payment with what it settles, and everything that was said about it."""

    statement = serializers.CharField(source="payment.entry.statement.identification")
    bank_account = serializers.CharField(source="payment.entry.statement.bank_account.iban")
    allocations = AllocationSerializer(many=True)
    suggestions = serializers.ListField(child=serializers.IntegerField(), help_text="Matches that may be right.")
    events = EventSerializer(many=True, help_text="The latest first.")


class AllocatingSerializer(Taken):
    """Which invoice a payment settles, and how much of it."""

    invoice = serializers.IntegerField(min_value=1, max_value=NUMBER, help_text="The invoice's number among all.")
    amount = AmountField(allow_negative=True, help_text="Signed as the payment is.")


class SuggestionSerializer(Given):
    """A match that may be right. A person accepts or dismisses it."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    kind = serializers.ChoiceField(Suggestion.Kind.choices)
    invoice = serializers.IntegerField(source="invoice_id")
    payment = serializers.IntegerField(source="payment_id", allow_null=True)
    invoice_line = serializers.IntegerField(source="invoice_line_id", allow_null=True)
    request_line = serializers.IntegerField(source="request_line_id", allow_null=True)
    amount = AmountField()
    score = serializers.IntegerField(min_value=0, max_value=100)
    reasons = serializers.ListField(child=serializers.CharField(), help_text="The strongest first.")
    state = serializers.ChoiceField(Suggestion.State.choices)
    made_at = MomentField()
    decided_at = MomentField(allow_null=True)
    decided_by = serializers.CharField(source="decided_by.name", allow_null=True)


class ExceptionSerializer(Given):
    """Something that needs a person."""

    id = serializers.IntegerField()
    entity = serializers.CharField(source="entity.code")
    code = serializers.CharField(help_text="Its kind.")
    subject_type = serializers.CharField()
    subject_id = serializers.CharField()
    sentence = serializers.CharField()
    remedy = serializers.CharField()
    amount = AmountField(allow_null=True)
    currency = serializers.CharField()
    owner = serializers.CharField(source="owner.name", allow_null=True)
    opened_at = MomentField()
    closed_at = MomentField(allow_null=True)
    closed_by = serializers.CharField(source="closed_by.name", allow_null=True)
    closing_note = serializers.CharField()


class ClosingSerializer(Taken):
    """Why an exception needs nothing more."""

    note = serializers.CharField(max_length=ExceptionItem._meta.get_field("closing_note").max_length)


class LookingSerializer(Taken):
    """Where to look for matches."""

    entity = serializers.CharField(max_length=40, required=False, help_text="Left out: wherever one reconciles.")


class ForeseenSerializer(Given):
    """A match that a run would make: of an invoice and a payment, or of an invoice's line and a request."""

    invoice_id = serializers.IntegerField()
    invoice_number = serializers.CharField()
    payment_id = serializers.IntegerField(allow_null=True)
    request_number = serializers.CharField(help_text="Blank of a payment.")
    amount = AmountField()
    currency = serializers.CharField()


class StartedSerializer(Given):
    """Jobs that were started, one an organization."""

    jobs = JobSerializer(many=True)
    would_match = ForeseenSerializer(many=True, help_text="In a dry run: what the jobs would match by themselves.")
