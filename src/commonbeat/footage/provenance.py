"""What was done to this copy, by which program, and has a byte of it changed since?

Two papers say it: a detached record (JSON, outlives uploads that strip metadata) and Content Credentials
inside the file
(C2PA, signed offline). Neither holds a face, a name or a path.
"""

from __future__ import annotations

import io
import json
import os
from dataclasses import dataclass, replace
from hashlib import file_digest
from pathlib import Path

from commonbeat import __version__
from commonbeat.errors import BadInput, Broken, Missing
from commonbeat.estimate import plain
from commonbeat.footage.record import FootageRecord

__all__ = ["Verified", "sign", "statement", "verify", "write_statement"]

KIND = "commonbeat footage record"
ASSERTION = "org.commonbeat.redaction"
MIME = {".mp4": "video/mp4", ".m4v": "video/mp4", ".webm": "video/webm"}


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of a copy against its record found.

    same_bytes : the copy's sha256 is the record's; credentials: None (none inside), "valid", "trusted" or "invalid"
    original, reviewers, upper, problems : the original's sha256, who looked, the bound, and sentences about
    what is wrong
    """

    same_bytes: bool
    credentials: str | None
    original: str
    reviewers: tuple[str, ...]
    upper: float | None
    problems: tuple[str, ...]

    @property
    def whole(self) -> bool:
        return not self.problems

    def to_dict(self) -> dict:
        return plain(
            {
                "whole": self.whole,
                "same_bytes": self.same_bytes,
                "credentials": self.credentials,
                "original_sha256": self.original,
                "reviewers": self.reviewers,
                "upper": self.upper,
                "problems": self.problems,
            }
        )


def statement(record: FootageRecord) -> dict:
    """The detached record: hashes, numbers, reason codes, versions. Safe to publish beside the copy."""
    return plain(
        {
            "kind": KIND,
            "version": 1,
            "original_sha256": record.original,
            "output_sha256": record.output,
            "style": record.style,
            "sound": record.sound,
            "regions": record.regions,
            "extra_boxes": record.extra,
            "smallest_face": record.leak.smallest_face,
            "cautions": record.cautions,
            "reviewers": record.reviewers,
            "footage": record.to_dict(),
        }
    )


def write_statement(record: FootageRecord, path: str | Path) -> None:
    """Writes the detached record whole or not at all."""
    part = Path(path).with_name(f".{Path(path).name}.part")
    part.write_text(json.dumps(statement(record), indent=2, allow_nan=False) + "\n", encoding="utf-8")
    os.replace(part, path)


def sign(copy: str | Path, record: FootageRecord, certificate: str | Path, key: str | Path) -> FootageRecord:
    """Puts signed Content Credentials into the copy, without any network; gives the record with the new hash.

    certificate : PEM chain, leaf first; key: its PEM private key (P-256, ES256). No time stamp service is
    asked, so the
    time is only claimed. The original is named by its sha256 alone: its own manifest or thumbnail could show a face.
    Raises BadInput when certificate and key are not usable.
    """
    c2pa = _c2pa()
    copy = Path(copy)
    signed = copy.with_name(f".{copy.name}.signed{copy.suffix}")
    try:
        info = c2pa.C2paSignerInfo(
            alg=c2pa.C2paSigningAlg.ES256,
            sign_cert=Path(certificate).read_bytes(),
            private_key=Path(key).read_bytes(),
            ta_url=None,
        )
        with c2pa.Signer.from_info(info) as signer, c2pa.Builder(_manifest(record)) as builder:
            builder.add_ingredient(
                {"title": "protected copy", "relationship": "parentOf", "label": "copy"},
                MIME[copy.suffix.lower()],
                io.BytesIO(copy.read_bytes()),
            )
            builder.sign_file(copy, signed, signer)
    except OSError as error:
        raise BadInput(
            f"The certificate or key cannot be read ({error}). Give two PEM files: the chain, leaf first, and the "
            "private key."
        ) from None
    except c2pa.C2paError as error:
        signed.unlink(missing_ok=True)
        raise BadInput(
            f"Signing failed ({error}). A P-256 key and a certificate for digital signatures with its chain are "
            "needed, both PEM. The copy itself is there, unsigned."
        ) from None
    os.replace(signed, copy)
    return replace(record, output=_sha256(copy))


def _manifest(record: FootageRecord) -> dict:
    said = {name: value for name, value in statement(record).items() if name != "output_sha256"}
    actions = [
        {"action": "c2pa.opened", "parameters": {"ingredientIds": ["copy"]}},
        {"action": "c2pa.edited", "parameters": {"description": "People masked before publication."}},
    ]
    return {
        "claim_generator_info": [{"name": "Commonbeat", "version": __version__}],
        "title": "protected copy",
        "assertions": [{"label": "c2pa.actions", "data": {"actions": actions}}, {"label": ASSERTION, "data": said}],
    }


def verify(copy: str | Path, record: str | Path, *, trust: str | Path | None = None) -> Verified:
    """Is this copy the one the record speaks of, unchanged?

    record : the detached record; trust : PEM of a root that must stand behind the credentials inside the file
    Raises BadInput when either file is not readable as what it should be.
    """
    copy, said = Path(copy), _read(Path(record))
    if not copy.is_file():
        raise BadInput(f"{copy.name}: there is no such file. Give the protected copy.")
    same = _sha256(copy) == said["output_sha256"]
    state, inside = _credentials(copy, trust)
    problems = []
    if not same:
        problems.append(f"{copy.name} is not the file the record was written for: its sha256 differs.")
    if state == "invalid":
        problems.append("The Content Credentials inside the file do not fit it: it was changed after it was signed.")
    if trust and state != "trusted":
        problems.append("No credentials signed under the given root are inside the file.")
    if inside is not None and inside.get("original_sha256") != said["original_sha256"]:
        problems.append("The credentials inside the file speak of another original than the record.")
    leak = said["footage"]["leak"]
    return Verified(same, state, said["original_sha256"], tuple(said["reviewers"]), leak["upper"], tuple(problems))


def or_raise(found: Verified) -> Verified:
    """The same, or Broken with the sentences."""
    if not found.whole:
        raise Broken(" ".join(found.problems))
    return found


def _read(record: Path) -> dict:
    try:
        said = json.loads(record.read_text(encoding="utf-8"))
        if said["kind"] != KIND:
            raise KeyError(said["kind"])
        said["output_sha256"], said["original_sha256"], said["reviewers"], said["footage"]["leak"]["upper"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(
            f"{record.name}: this is not a record written by `commonbeat protect --record` ({error})."
        ) from None
    return said


def _credentials(copy: Path, trust) -> tuple[str | None, dict | None]:
    try:
        c2pa = _c2pa()
    except Missing:
        return None, None
    context = None
    if trust:
        context = c2pa.Context(
            c2pa.Settings.from_dict(
                {"verify": {"verify_trust": True}, "trust": {"trust_anchors": Path(trust).read_text()}}
            )
        )
    try:
        reader = c2pa.Reader.try_create(str(copy), context=context)
    except c2pa.C2paError:
        return "invalid", None
    if reader is None:
        return None, None
    with reader:
        state = (reader.get_validation_state() or "invalid").lower()
        active = reader.get_active_manifest() or {}
    inside = next((a["data"] for a in active.get("assertions", []) if a["label"].startswith(ASSERTION)), None)
    return state if state in ("valid", "trusted") else "invalid", inside


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _c2pa():
    try:
        import c2pa
    except ImportError:
        raise Missing("Content Credentials need the c2pa library: pip install c2pa-python") from None
    return c2pa
