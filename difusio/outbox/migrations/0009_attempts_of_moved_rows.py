import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """An attempt is written from its delivery's own row: decision 0012."""

    dependencies = [("outbox", "0008_held_batches")]

    operations = [
        migrations.AlterField(
            model_name="attempt",
            name="delivery",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="attempts",
                to="outbox.delivery",
            ),
        ),
    ]
