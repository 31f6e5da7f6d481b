"""A film on its way in, in pieces that can be sent again after any failure (the tus protocol, version 1.0.0).

The address itself is the permission: it was made at the desk for one film and one member of staff, and it is only ever
held as a hash. The number of bytes on the disk is the offset; an answer is given after they are on the disk (fsync).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError

from commonbeat.web.shell.replies import empty, plain

TUS = [(b"tus-resumable", b"1.0.0"), (b"tus-version", b"1.0.0"), (b"tus-extension", b"checksum,termination"),
       (b"tus-checksum-algorithm", b"sha1,sha256")]  # fmt: skip
CHUNK = 1 << 20
_NUMBER = re.compile(
    r"[0-9]{1,18}"
)  # int() also takes other alphabets' digits, and refuses very long ones its own way
PATIENCE = 30.0  #: seconds without a byte before an upload is let go; it can be taken up again


class Uploads:
    def __init__(self):
        self.busy: set[str] = set()
        self.disk = ThreadPoolExecutor(4, thread_name_prefix="upload")

    async def __call__(self, scope, receive, send):
        from commonbeat.web.media import allowed

        token, method = scope["path"].split("/")[2], scope["method"]
        try:
            upload = await sync_to_async(allowed.for_upload, thread_sensitive=False)(token)
        except (OperationalError, InterfaceError):
            return await plain(send, 503, "The record cannot be reached just now.\n", TUS)
        if method == "OPTIONS":
            return await empty(send, 204, TUS)
        if upload is None:
            return await plain(
                send, 404, "This upload is unknown, finished or too old. Begin a new one at the desk.\n", TUS
            )
        head = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        if head.get("tus-resumable", "1.0.0") != "1.0.0":
            return await plain(send, 412, "Only tus 1.0.0 is spoken here.\n", TUS)
        path = _file(upload)
        if method == "HEAD":
            return await empty(send, 200, [*TUS, *_where(path, upload)])
        if upload.done_at and method in ("PATCH", "DELETE"):  # sealing has begun: what arrived is evidence now
            return await plain(
                send, 403, "This film has arrived and is sealed. It is changed or deleted at the desk.\n", TUS
            )
        if method == "DELETE" and upload.pk not in self.busy:
            path.unlink(missing_ok=True)
            return await empty(send, 204, TUS)
        if method not in ("PATCH", "DELETE"):
            return await empty(send, 405, [*TUS, (b"allow", b"HEAD, PATCH, DELETE, OPTIONS")])
        if upload.pk in self.busy:
            return await plain(send, 423, "Another piece of this film is arriving just now.\n", TUS)
        self.busy.add(upload.pk)
        try:
            return await self.patch(upload, path, head, receive, send)
        finally:
            self.busy.discard(upload.pk)

    async def patch(self, upload, path, head, receive, send):
        refusal = _refusal(upload, path, head)
        if refusal:
            return await plain(send, *refusal, TUS)
        run, offset = asyncio.get_running_loop().run_in_executor, int(head["upload-offset"])
        digest = _digest(head)
        file = await run(self.disk, path.open, "ab")
        try:
            status = await self.receive(file, upload.size - offset, digest, receive, run)
            if status == 460 or status == 413:
                await run(self.disk, _cut, file, offset)
            else:
                await run(self.disk, _down, file)
        except OSError:
            await run(self.disk, _cut, file, offset)
            return await plain(
                send, 507, "There is no room left on our disk. Your film is safe with you; try again later.\n", TUS
            )
        finally:
            file.close()
        if status == 0:  # the line was cut: what came is kept
            return None
        if status != 204:
            return await plain(
                send,
                status,
                {460: "The piece arrived changed.\n", 413: "More bytes than were announced.\n"}[status],
                TUS,
            )
        if path.stat().st_size == upload.size:
            from commonbeat.web.media import allowed

            await sync_to_async(allowed.uploaded, thread_sensitive=False)(upload)
        return await empty(send, 204, [*TUS, *_where(path, upload)])

    async def receive(self, file, room: int, digest, receive, run) -> int:
        """Writes what arrives -> 204, 413 too much, 460 wrong checksum, 0 the line was cut."""
        held, size = [], 0
        while True:
            try:
                message = await asyncio.wait_for(receive(), PATIENCE)
            except TimeoutError:
                message = {"type": "http.disconnect"}
            body = message.get("body", b"")
            room -= len(body)
            if room < 0:
                return 413
            if digest:
                digest[0].update(body)
            held.append(body)
            size += len(body)
            over = message["type"] == "http.disconnect" or not message.get("more_body")
            if size >= CHUNK or over:
                await run(self.disk, file.writelines, held)
                held, size = [], 0
            if message["type"] == "http.disconnect":
                return 460 if digest else 0
            if over:
                return 460 if digest and digest[0].digest() != digest[1] else 204


def _file(upload) -> Path:
    from django.conf import settings

    return settings.SITE.uploads / upload.pk[:40]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _where(path: Path, upload):
    return [(b"upload-offset", str(_size(path)).encode()), (b"upload-length", str(upload.size).encode())]


def _refusal(upload, path: Path, head) -> tuple[int, str] | None:
    if head.get("content-type") != "application/offset+octet-stream":
        return 415, "A piece comes as application/offset+octet-stream.\n"
    if not _NUMBER.fullmatch(head.get("upload-offset", "")):
        return 400, "Where does this piece begin? Upload-Offset is missing.\n"
    if int(head["upload-offset"]) != _size(path):
        return 409, "This piece does not begin where the last one ended.\n"
    if _NUMBER.fullmatch(head.get("content-length", "")) and int(head["content-length"]) > upload.size - _size(path):
        return 413, "More bytes than were announced.\n"
    if "upload-checksum" in head and _digest(head) is None:
        return 400, "Upload-Checksum is sha1 or sha256 and base64.\n"
    return None


def _digest(head):
    """(running hash, wanted bytes) of Upload-Checksum, or None."""
    name, _, wanted = head.get("upload-checksum", "").partition(" ")
    if name not in ("sha1", "sha256"):
        return None
    try:
        return hashlib.new(name, usedforsecurity=False), base64.b64decode(wanted, validate=True)
    except ValueError:
        return None


def _down(file) -> None:
    file.flush()
    os.fsync(file.fileno())


def _cut(file, size: int) -> None:
    with contextlib.suppress(OSError):
        file.flush()
    os.ftruncate(file.fileno(), size)
    os.fsync(file.fileno())
