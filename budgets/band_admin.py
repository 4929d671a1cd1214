"""Estimate bands in the admin, to look at: they are stated on the budget's page, in its file or by programs."""

from django.contrib import admin

from budgets.models import BandPart, BandTarget, EstimateBand
from core.admin import LookOnlyAdmin, ReadOnlyInline


class BandPartInline(ReadOnlyInline):
    model = BandPart


class BandTargetInline(ReadOnlyInline):
    model = BandTarget


@admin.register(EstimateBand)
class EstimateBandAdmin(LookOnlyAdmin):
    """What is stated of bands, with their parts and targets."""

    entity_path = "budget__entity"
    list_display = ("budget", "cost_centre", "number", "starts_on", "heading_low", "heading_high", "currency", "is_withdrawn")
    list_filter = ("budget", "is_withdrawn")
    search_fields = ("budget__code", "cost_centre__code")
    list_select_related = ("budget", "cost_centre")
    inlines = (BandPartInline, BandTargetInline)
