from django.db import migrations, models


class Migration(migrations.Migration):
    """One index where two served the same, none that an echo has to touch, and room for the echo beside its attempt."""

    dependencies = [("outbox", "0005_parked_deliveries")]

    operations = [
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("contact", "batch", "confirms"), name="outbox_delivery_once", nulls_distinct=False
            ),
        ),
        migrations.RemoveConstraint(model_name="delivery", name="outbox_delivery_once_a_batch"),
        migrations.RemoveIndex(model_name="delivery", name="outbox_delivery_of_contact"),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(fields=["number", "intended_at"], name="outbox_attempt_by_time"),
        ),
        migrations.RemoveIndex(model_name="attempt", name="outbox_attempt_unanswered"),
        migrations.RunSQL(
            "ALTER TABLE outbox_attempt SET (fillfactor = 85)",
            "ALTER TABLE outbox_attempt RESET (fillfactor)",
        ),
    ]
