"""Who waits for an answer, in a table of its own: a list of conversations never reads the messages."""

import django.db.models.deletion
from django.db import migrations, models

# Nobody could answer before: whoever wrote something other than a leaving word waits.
_FILL = """
INSERT INTO inbox_conversation (workspace_id, contact_id, number_id, last_wrote_at, waiting_since)
SELECT m.workspace_id, m.contact_id, (array_agg(m.number_id ORDER BY m.at DESC, m.id DESC))[1], max(m.at),
    min(m.at) FILTER (WHERE NOT m.is_leaving AND m.kind <> 'reaction')
FROM inbox_message m GROUP BY m.workspace_id, m.contact_id
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="Conversation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("last_wrote_at", models.DateTimeField()),
                ("waiting_since", models.DateTimeField(blank=True, null=True)),
                ("answered_once", models.UUIDField(blank=True, null=True)),
                (
                    "contact",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="conversation",
                        to="contacts.contact",
                    ),
                ),
                (
                    "number",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="conversations",
                        to="numbers.number",
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="conversations",
                        to="accounts.workspace",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["workspace", "waiting_since", "id"],
                        name="inbox_waiting",
                        condition=models.Q(waiting_since__isnull=False),
                    ),
                    models.Index(fields=["workspace", "-last_wrote_at", "-id"], name="inbox_last_wrote"),
                ],
            },
        ),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
    ]
