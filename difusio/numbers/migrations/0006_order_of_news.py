from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("numbers", "0005_went_on"),
    ]

    operations = [
        migrations.AddField(
            model_name="number",
            name="pace_told_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="portfolio",
            name="limit_told_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
