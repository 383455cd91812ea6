import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A delivery's last key: for every row of a freeze it was queued and looked at, empty as it was (decision 0012)."""

    dependencies = [
        ("consent", "0002_append_only"),
        ("outbox", "0010_kept_contacts"),
    ]

    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="confirms",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="confirmations",
                to="consent.entry",
            ),
        ),
    ]
