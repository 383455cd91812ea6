from django.db import migrations, models


class Migration(migrations.Migration):
    """Keys begin with their second from now on; the old ones are no keys any more, and a repetition changes nothing."""

    dependencies = [("receiving", "0001_initial")]

    operations = [
        migrations.RunSQL("TRUNCATE receiving_seenevent", migrations.RunSQL.noop),
        migrations.AlterField(model_name="seenevent", name="at", field=models.DateTimeField()),
    ]
