"""Tables that are only ever added to: the database itself refuses to change, delete or empty them."""

from __future__ import annotations

from django.db import migrations

SENTENCE = "this table is only added to"
FUNCTION = (
    "CREATE OR REPLACE FUNCTION commonbeat_only_added() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{SENTENCE}'; END $$"
)

__all__ = ["only_added_to", "only_emptied_never"]


def only_added_to(*tables: str) -> migrations.RunPython:
    """The step of a migration that shuts these tables against UPDATE and DELETE."""

    def guard(_apps, editor):
        for table in tables:
            for sql in _guards(editor.connection.vendor, table):
                editor.execute(sql)

    def unguard(_apps, editor):
        for table in tables:
            for name in ("no_update", "no_delete") if editor.connection.vendor == "sqlite" else ("only_added",):
                on = "" if editor.connection.vendor == "sqlite" else f" ON {table}"
                editor.execute(f"DROP TRIGGER {table}_{name}{on}")

    return migrations.RunPython(guard, unguard)


def _guards(vendor: str, table: str) -> list[str]:
    if vendor == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
            for act in ("UPDATE", "DELETE")
        ]
    return [
        FUNCTION,
        f"CREATE TRIGGER {table}_only_added BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION commonbeat_only_added()",
    ]


def only_emptied_never(*tables: str) -> migrations.RunPython:
    """PostgreSQL empties a table without asking the guards of its rows: this one guards the table. SQLite has no such command."""

    def guard(_apps, editor):
        if editor.connection.vendor == "postgresql":
            for table in tables:
                editor.execute(
                    f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table} EXECUTE FUNCTION commonbeat_only_added()"
                )

    def unguard(_apps, editor):
        if editor.connection.vendor == "postgresql":
            for table in tables:
                editor.execute(f"DROP TRIGGER {table}_never_emptied ON {table}")

    return migrations.RunPython(guard, unguard)
