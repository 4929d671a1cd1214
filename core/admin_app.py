"""Which site the admin is. A module of its own: an app's `apps` may hold one configuration only."""

from django.contrib.admin.apps import AdminConfig


class PurserAdminConfig(AdminConfig):
    default_site = "core.admin_site.PurserAdminSite"
