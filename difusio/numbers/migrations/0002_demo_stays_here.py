"""A demo workspace can never be pointed at the real Meta: the store itself refuses its numbers unless simulated."""

from django.db import migrations

_MAKE = """
CREATE FUNCTION numbers_demo_stays_here() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT NEW.is_simulated AND (SELECT is_demo FROM accounts_workspace WHERE id = NEW.workspace_id) THEN
        RAISE EXCEPTION 'a demo workspace only has numbers of the simulator'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'numbers_demo_stays_here';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER numbers_demo_stays_here BEFORE INSERT OR UPDATE ON numbers_number
    FOR EACH ROW EXECUTE FUNCTION numbers_demo_stays_here();
CREATE FUNCTION accounts_demo_is_for_ever() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a demo workspace stays one: its people are made up'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'accounts_demo_is_for_ever';
END $$;
CREATE TRIGGER accounts_demo_is_for_ever BEFORE UPDATE OF is_demo ON accounts_workspace
    FOR EACH ROW WHEN (OLD.is_demo IS DISTINCT FROM NEW.is_demo) EXECUTE FUNCTION accounts_demo_is_for_ever();
"""
_UNDO = """
DROP TRIGGER numbers_demo_stays_here ON numbers_number;
DROP FUNCTION numbers_demo_stays_here();
DROP TRIGGER accounts_demo_is_for_ever ON accounts_workspace;
DROP FUNCTION accounts_demo_is_for_ever();
"""


class Migration(migrations.Migration):
    dependencies = [("numbers", "0001_initial"), ("accounts", "0002_append_only")]
    operations = [migrations.RunSQL(_MAKE, _UNDO)]
