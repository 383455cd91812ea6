"""Triggers that make a table append-only, for migrations."""

from typing import Any

from django.db import migrations

_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def append_only(table: str) -> Any:
    """Give the migration operation that refuses UPDATE and DELETE on ``table`` (design, invariant 9)."""
    trigger = f"{table}_append_only"
    return migrations.RunSQL(
        sql=[
            _FUNCTION,
            (
                f"CREATE TRIGGER {trigger} BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            ),
        ],
        reverse_sql=[f"DROP TRIGGER {trigger} ON {table}"],
    )
