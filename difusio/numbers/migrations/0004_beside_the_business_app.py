from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("numbers", "0003_portfolio_rests"),
    ]

    operations = [
        migrations.AddField(
            model_name="number",
            name="is_on_business_app",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddConstraint(
            model_name="number",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_on_business_app", False), ("pace_per_s__lte", 20), _connector="OR"),
                name="numbers_pace_beside_the_app",
            ),
        ),
    ]
