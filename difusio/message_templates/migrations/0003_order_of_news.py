from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("message_templates", "0002_template_changes"),
    ]

    operations = [
        migrations.AddField(
            model_name="template",
            name="category_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="template",
            name="quality_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
