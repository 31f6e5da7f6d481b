"""A site saved under load comes back whole, or not at all."""

import os

import pytest
from web.test_publishing import told  # noqa: F401  (the fixture)


@pytest.fixture
def empty_database(site, monkeypatch):
    """Where a site is restored to: with PostgreSQL a second, empty database of the same server."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE IF EXISTS back")
            cursor.execute("CREATE DATABASE back TEMPLATE template0")

    def use():
        if connection.vendor == "postgresql":
            monkeypatch.setenv("DATABASE_URL", os.environ["DATABASE_URL"].rpartition("/")[0] + "/back")

    return use


def test_backup_under_load_comes_back_whole_and_one_changed_byte_is_refused(told, site, tmp_path, empty_database):  # noqa: F811
    import threading

    from django.db import connection

    from commonbeat.errors import BadInput, Broken
    from commonbeat.web.base.log import note
    from commonbeat.web.saving import restore, save

    stop = threading.Event()

    def write():
        while not stop.is_set():
            note("load", "thing")
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = save(site, tmp_path / "saved", keys=True)
    finally:
        stop.set()
        writer.join()
    empty_database()
    back = restore(tmp_path / "saved", tmp_path / "back")
    assert back["rows"] == made["rows"] and back["head"] == made["head"] and back["rows"]["tell_story"] == 1
    if connection.vendor == "postgresql":
        with pytest.raises(BadInput, match="is not empty"):
            restore(tmp_path / "saved", tmp_path / "again")
        assert not (tmp_path / "again").exists()
    assert (tmp_path / "back/media" / told["film"].blob[:2] / told["film"].blob).exists()
    film = tmp_path / "saved/media" / told["film"].blob[:2] / told["film"].blob
    held = bytearray(film.read_bytes())
    held[1_000] ^= 1
    film.write_bytes(held)
    with pytest.raises(Broken, match="was changed"):
        restore(tmp_path / "saved", tmp_path / "other")
    assert not (tmp_path / "other").exists()
    with pytest.raises(BadInput, match="not empty"):
        restore(tmp_path / "saved", tmp_path / "back")
