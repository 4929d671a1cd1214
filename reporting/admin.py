"""Packs in the admin: to look at. They are issued by services, and written once."""

from django.contrib import admin

from core.admin import LookOnlyAdmin
from reporting.models import Pack, PackFile


@admin.register(Pack)
class PackAdmin(LookOnlyAdmin):
    """What was issued, with its hashes."""

    entity_path = "budget__entity"
    list_display = ("budget", "month", "issue", "is_final", "snapshot_sha256", "issued_at", "issued_by")
    list_filter = ("budget", "is_final")
    list_select_related = ("budget", "issued_by")


@admin.register(PackFile)
class PackFileAdmin(LookOnlyAdmin):
    """The PDFs as they were issued; the bytes are downloaded from the pack's page."""

    entity_path = "pack__budget__entity"
    list_display = ("pack", "sha256", "size", "pages", "renderer", "rendered_at")
    list_select_related = ("pack__budget",)
    exclude = ("content",)
