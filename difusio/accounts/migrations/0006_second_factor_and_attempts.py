"""A workspace may ask for a second factor; attempts to sign in are counted where every process sees them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_restraint")]
    operations = [
        migrations.AddField("workspace", "requires_second_factor", models.BooleanField(default=False)),
        # As Django's createcachetable makes it; unlogged, since a crash may forget attempts.
        migrations.RunSQL(
            "CREATE UNLOGGED TABLE accounts_attempts ("
            " cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL)",
            "DROP TABLE accounts_attempts",
        ),
        migrations.RunSQL(
            "CREATE INDEX accounts_attempts_expires ON accounts_attempts (expires)",
            migrations.RunSQL.noop,
        ),
    ]
