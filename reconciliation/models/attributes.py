"""What invoices have of attributes of an organization's own."""

from django.db import models

from budgets.models.attributes import AttributeValue, by_value, fits, once


class InvoiceAttribute(AttributeValue):
    """What an invoice has of an attribute."""

    subject = models.ForeignKey("reconciliation.Invoice", on_delete=models.PROTECT, related_name="attribute_values")

    class Meta:
        constraints = once("invoice_attribute")
        indexes = by_value("invoice_attributes")
        triggers = fits("invoice", "reconciliation_invoice")
