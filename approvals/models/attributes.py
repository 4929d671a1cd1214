"""What requests have of attributes of an organization's own."""

from django.db import models

from budgets.models.attributes import AttributeValue, by_value, fits, once


class RequestAttribute(AttributeValue):
    """What a request has of an attribute."""

    subject = models.ForeignKey("approvals.Request", on_delete=models.PROTECT, related_name="attribute_values")

    class Meta:
        constraints = once("request_attribute")
        indexes = by_value("request_attributes")
        triggers = fits("request", "approvals_request")
