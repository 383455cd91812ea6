"""Which processes send, so that they share the numbers; and why a number's sender holds it back."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("outbox", "0002_recipients_list")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Sender",
            fields=[
                ("owner", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("seen_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="lease",
            name="held_back_for",
            field=models.CharField(blank=True, db_default="", default="", max_length=32),
        ),
        migrations.AddField(
            model_name="lease",
            name="held_back_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
