import django.db.models.deletion
from django.db import migrations, models

# What a foreign key would do, at the other end: nobody with deliveries is deleted.  The lock waits for whoever freezes or
# answers at this moment, so that what they write is seen, and lets nobody begin before the deletion is decided.
_KEEP = """
CREATE FUNCTION outbox_keep_contacts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE outbox_delivery IN SHARE MODE;
    IF EXISTS (SELECT 1 FROM gone JOIN outbox_delivery d ON d.contact_id = gone.id) THEN
        RAISE EXCEPTION 'Somebody with deliveries is not deleted.' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER outbox_keep_contacts AFTER DELETE ON contacts_contact REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_keep_contacts();
"""
_LET_GO = """
DROP TRIGGER outbox_keep_contacts ON contacts_contact;
DROP FUNCTION outbox_keep_contacts();
"""


class Migration(migrations.Migration):
    """A freeze looks no contact up that it has just read: decision 0012."""

    dependencies = [
        ("contacts", "0001_initial"),
        ("outbox", "0009_attempts_of_moved_rows"),
    ]

    operations = [
        migrations.AlterField(
            model_name="delivery",
            name="contact",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deliveries",
                to="contacts.contact",
            ),
        ),
        migrations.RunSQL(_KEEP, _LET_GO),
    ]
