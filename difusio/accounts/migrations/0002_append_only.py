"""The audit log's rows are never changed and never deleted."""

from django.db import migrations

from difusio.common.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [append_only("accounts_auditentry")]
