import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A look-up less for each row of a freeze, where another key says the same (decision 0012)."""

    dependencies = [
        ("consent", "0002_append_only"),
        ("outbox", "0006_fewer_indexes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="batch",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deliveries",
                to="outbox.batch",
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="allowed_by",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deliveries",
                to="consent.entry",
            ),
        ),
    ]
