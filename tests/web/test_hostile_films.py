"""A file that is no film, or a trap, ends in a sentence on the desk: bounded in time and memory, decoded behind the fence."""

import gzip
import struct
import time
import zlib

import pytest


def huge_png(side=60_000) -> bytes:
    """60,000 x 60,000 pixels in a few kilobytes."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes(200_000), 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    "trap",
    [huge_png(), gzip.compress(bytes(50_000_000)), PLAYLIST, b""],
    ids=["huge picture", "packed zeros", "playlist", "nothing"],
)
def test_a_trap_is_blocked_with_a_sentence(hire, tmp_path, trap):
    pytest.importorskip("commonbeat.footage")
    from django.utils import timezone

    from commonbeat.web.jobs import kinds  # noqa: F401
    from commonbeat.web.jobs.models import Job
    from commonbeat.web.jobs.queue import put, run_one
    from commonbeat.web.media import store
    from commonbeat.web.review.models import Clip

    press, desk = hire("press")
    film = tmp_path / "film"
    film.write_bytes(trap)
    clip = Clip.objects.create(
        original=store.keep(film, "video/original").blob,
        state="protecting",
        uploaded_by=press,
        uploaded_at=timezone.now(),
    )
    put("protect", "protect:trap", clip=clip.pk)
    began = time.monotonic()
    run_one()
    clip.refresh_from_db()
    assert clip.state == "blocked" and clip.trouble and clip.protected == "", Job.objects.get().trouble
    assert "Traceback" not in clip.trouble and "/tmp" not in clip.trouble
    assert b"root:" not in clip.trouble.encode() and time.monotonic() - began < 60
    assert desk.get(f"/desk/review/{clip.pk}/").status_code == 200
