"""Opens a site for work: settings found, database brought up to date, after a copy when it was behind."""

from __future__ import annotations

import os
from pathlib import Path

from commonbeat.errors import BookError
from commonbeat.web.folder import Site, default_folder, open_site

__all__ = ["prepare_django"]


def prepare_django(root: Path | None = None, *, migrate: bool = False) -> Site:
    """The opened site, with Django ready. A database written by a newer program is refused."""
    root = Path(root or default_folder()).absolute()
    site = open_site(root)
    os.environ["COMMONBEAT_SITE"] = str(root)
    os.environ["DJANGO_SETTINGS_MODULE"] = "commonbeat.web.settings"
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()
    from commonbeat.web.jobs import kinds  # noqa: F401  (names the kinds of job)

    if migrate:
        _bring_up_to_date(site)
    return site


def _bring_up_to_date(site: Site) -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    plan = MigrationExecutor(connection)
    unknown = [m for m in plan.loader.applied_migrations if m not in plan.loader.disk_migrations and not _foreign(m)]
    if unknown:
        raise BookError(
            f"This site was last run by a newer Commonbeat ({unknown[0][0]}.{unknown[0][1]} is unknown here). "
            "Upgrade the program; going back would lose what the newer one wrote."
        )
    if not plan.migration_plan(plan.loader.graph.leaf_nodes()):
        return
    if plan.loader.applied_migrations and connection.vendor == "sqlite":
        _copy_first(site, connection)
    call_command("migrate", interactive=False, verbosity=0)


def _foreign(migration: tuple[str, str]) -> bool:
    """Applied by a library at another version: its own affair."""
    from django.apps import apps

    config = apps.app_configs.get(migration[0])
    return config is None or not config.name.startswith("commonbeat.")


def _copy_first(site: Site, connection) -> None:
    target = site.root / "before-upgrade.sqlite3"
    target.unlink(missing_ok=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(target)])
