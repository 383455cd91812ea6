from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("numbers", "0004_beside_the_business_app"),
    ]

    operations = [
        migrations.AddField(
            model_name="number",
            name="went_on_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
