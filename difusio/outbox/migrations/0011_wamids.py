import django.db.models.deletion
from django.db import migrations, models

_MOVE = """
INSERT INTO outbox_wamid (hash, attempt_id)
SELECT wamid_hash, id FROM outbox_attempt WHERE wamid_hash IS NOT NULL ORDER BY id
ON CONFLICT DO NOTHING
"""
_MOVE_BACK = "UPDATE outbox_attempt t SET wamid_hash = w.hash FROM outbox_wamid w WHERE w.attempt_id = t.id"

# An attempt is written three times, by its intent, its answer and its echo: with room left on its page the later two
# touch no index.
_LEAVE_ROOM = "ALTER TABLE outbox_attempt SET (fillfactor = 50)"
_LEAVE_LESS = "ALTER TABLE outbox_attempt SET (fillfactor = 85)"


class Migration(migrations.Migration):
    """What Meta calls a message stands in a table of its own: decision 0018."""

    dependencies = [("outbox", "0010_kept_contacts")]

    operations = [
        migrations.CreateModel(
            name="Wamid",
            fields=[
                ("hash", models.BinaryField(primary_key=True, serialize=False)),
                (
                    "attempt",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="wamids",
                        to="outbox.attempt",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(_MOVE, _MOVE_BACK),
        migrations.RemoveIndex(model_name="attempt", name="outbox_attempt_by_wamid"),
        migrations.RemoveField(model_name="attempt", name="wamid_hash"),
        migrations.RunSQL(_LEAVE_ROOM, _LEAVE_LESS),
    ]
