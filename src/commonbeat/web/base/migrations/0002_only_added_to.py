"""The audit log and what was said about consent are only ever added to: the database itself refuses to change or delete a line."""

from django.db import migrations

TABLES = ("base_entry", "tell_consent")
SENTENCE = "this table is only added to"


def guard(apps, editor):
    for table in TABLES:
        if editor.connection.vendor == "sqlite":
            for act in ("UPDATE", "DELETE"):
                editor.execute(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
                )
        elif editor.connection.vendor == "postgresql":
            editor.execute(
                "CREATE OR REPLACE FUNCTION commonbeat_only_added() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{SENTENCE}'; END $$"
            )
            editor.execute(
                f"CREATE TRIGGER {table}_only_added BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION commonbeat_only_added()"
            )


def unguard(apps, editor):
    for table in TABLES:
        if editor.connection.vendor == "sqlite":
            for act in ("update", "delete"):
                editor.execute(f"DROP TRIGGER {table}_no_{act}")
        elif editor.connection.vendor == "postgresql":
            editor.execute(f"DROP TRIGGER {table}_only_added ON {table}")


class Migration(migrations.Migration):
    dependencies = [("base", "0001_initial"), ("tell", "0001_initial")]
    operations = [migrations.RunPython(guard, unguard)]
