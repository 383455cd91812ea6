import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("log", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="post",
            name="named",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), blank=True, db_default=[], default=list, size=None
            ),
        ),
        migrations.AddIndex(
            model_name="post",
            index=django.contrib.postgres.indexes.BrinIndex(fields=["received_at"], name="log_post_by_time"),
        ),
        migrations.RemoveIndex(model_name="post", name="log_post_folded"),
        migrations.AddIndex(
            model_name="post",
            index=models.Index(
                condition=models.Q(("folded_at__isnull", True), ("lane", 0), ("quarantined_reason", "")),
                fields=["id"],
                name="log_post_unread_inbound",
            ),
        ),
        migrations.AddIndex(
            model_name="post",
            index=models.Index(
                condition=models.Q(("folded_at__isnull", True), ("lane", 1), ("quarantined_reason", "")),
                fields=["id"],
                name="log_post_unread_statuses",
            ),
        ),
        migrations.RemoveIndex(model_name="post", name="log_post_unread"),
    ]
