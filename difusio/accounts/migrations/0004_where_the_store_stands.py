"""A store knows where it stands, so that it is held when it came out of a backup; who is here already may send."""

from django.db import migrations, models

from difusio.accounts.hold import PLACE


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_invitation")]
    operations = [
        migrations.AddField(
            "installation",
            "released_place",
            models.CharField(max_length=64, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            "installation", "set_back_place", models.CharField(blank=True, default="", max_length=64)
        ),
        migrations.RunSQL(
            f"UPDATE accounts_installation SET released_place = {PLACE}", migrations.RunSQL.noop
        ),
    ]
