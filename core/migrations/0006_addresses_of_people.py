"""The addresses by which people sign in and get a new password, for those who were here before there were such rows."""

from django.db import migrations


def keep_addresses(apps, schema_editor):
    User = apps.get_model("core", "User")
    EmailAddress = apps.get_model("account", "EmailAddress")
    known = set(EmailAddress.objects.values_list("user_id", flat=True))
    people = User.objects.exclude(email__endswith=".invalid").exclude(pk__in=known)
    EmailAddress.objects.bulk_create(
        EmailAddress(user_id=pk, email=email.lower(), verified=True, primary=True)
        for pk, email in people.values_list("pk", "email").iterator()
    )


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0005_sign_in"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [migrations.RunPython(keep_addresses, migrations.RunPython.noop)]
