"""The ledger's rows are never changed and never deleted."""

from django.db import migrations

from difusio.common.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_initial")]
    operations = [append_only("consent_block"), append_only("consent_entry")]
