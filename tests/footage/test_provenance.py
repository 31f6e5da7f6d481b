"""A copy and its papers: what fits, what was changed, what is no paper at all; and the commands that say so."""

import datetime as dt
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from commonbeat import footage
from commonbeat.cli.main import main
from commonbeat.errors import BadInput
from commonbeat.footage.provenance import write_statement


def named(common):
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test town"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def usage(**true):
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: true.get(name, False) for name in names})


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    """A root, a leaf signed by it, and the leaf's key, as PEM files."""
    folder, now = tmp_path_factory.mktemp("papers"), dt.datetime.now(dt.UTC)
    root_key, leaf_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())

    def certificate(common, key, serial):
        return (
            x509.CertificateBuilder()
            .subject_name(named(common))
            .issuer_name(named("root"))
            .public_key(key.public_key())
            .serial_number(serial)
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=30))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), False)
        )

    root = (
        certificate("root", root_key, 1)
        .add_extension(x509.BasicConstraints(True, None), True)
        .add_extension(usage(key_cert_sign=True, crl_sign=True), True)
        .sign(root_key, hashes.SHA256())
    )
    leaf = (
        certificate("press office", leaf_key, 2)
        .add_extension(x509.BasicConstraints(False, None), True)
        .add_extension(usage(digital_signature=True), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "root.pem").write_bytes(root.public_bytes(pem))
    (folder / "chain.pem").write_bytes(leaf.public_bytes(pem) + root.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        leaf_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder


@pytest.fixture
def copy(done, tmp_path):
    """A copy of the protected clip of one's own, with its record."""
    path = tmp_path / "copy.mp4"
    path.write_bytes(done[0].read_bytes())
    write_statement(done[1], tmp_path / "record.json")
    return path, tmp_path / "record.json"


def test_an_unchanged_copy_fits_its_record_and_one_changed_byte_does_not(copy):
    assert footage.verify(*copy).whole and footage.verify(*copy).credentials is None
    data = bytearray(copy[0].read_bytes())
    data[len(data) // 2] ^= 1
    copy[0].write_bytes(data)
    found = footage.verify(*copy)
    assert not found.whole and not found.same_bytes and "sha256 differs" in found.problems[0]


def test_credentials_are_valid_trusted_under_their_root_and_broken_by_a_byte(copy, done, papers):
    signed = footage.sign(copy[0], done[1], papers / "chain.pem", papers / "key.pem")
    assert signed.output != done[1].output
    write_statement(signed, copy[1])
    assert footage.verify(*copy).credentials == "valid"
    trusted = footage.verify(*copy, trust=papers / "root.pem")
    assert trusted.credentials == "trusted" and trusted.whole
    data = bytearray(copy[0].read_bytes())
    data[data.index(b"mdat") + 5000] ^= 1
    copy[0].write_bytes(data)
    found = footage.verify(*copy)
    assert found.credentials == "invalid" and len(found.problems) == 2


def test_a_root_that_signed_nothing_here_is_not_trusted(copy, papers):
    assert (
        "No credentials signed under the given root" in footage.verify(*copy, trust=papers / "root.pem").problems[0]
    )


def test_a_key_that_is_none_is_refused_and_the_copy_stays(copy, done, papers):
    before = copy[0].read_bytes()
    with pytest.raises(BadInput, match=r"Signing failed|cannot be read"):
        footage.sign(copy[0], done[1], papers / "chain.pem", papers / "root.pem")
    assert copy[0].read_bytes() == before and len(list(copy[0].parent.iterdir())) == 2


def test_a_file_that_is_no_record_is_refused(copy, tmp_path):
    (tmp_path / "x.json").write_text('{"kind": "something"}')
    with pytest.raises(BadInput, match="not a record written by"):
        footage.verify(copy[0], tmp_path / "x.json")


def run(capsys, *argv):
    with pytest.raises(SystemExit) as ended:
        main([str(a) for a in argv])
    said = capsys.readouterr()
    return ended.value.code, said.out, said.err


def test_the_commands_protect_verify_and_say_what_is_missing(stage, tmp_path, capsys):
    out, record, plan = tmp_path / "a.mp4", tmp_path / "a.json", tmp_path / "a.plan"
    code, said, _ = run(
        capsys, "protect", stage.path, out, "--no-check", "--json", "--record", record, "--plan", plan
    )
    answer = json.loads(said)
    assert code == 0 and answer["frames"] == 24 and len(answer["tracks"]) == 2
    assert plan.stat().st_mode & 0o077 == 0
    code, said, _ = run(capsys, "protect", stage.path, out, "--plan", plan, "--keep", "2", "--no-check")
    assert code == 0 and "track 2 is shown" in said and "Nobody has looked yet" in said
    code, _, err = run(capsys, "verify-footage", out, record)
    assert code == 6 and "sha256 differs" in err
    code, _, err = run(capsys, "protect", stage.path, out, "--plan", plan, "--keep", "7")
    assert code == 2 and "There is no track 7" in err


def test_a_folder_is_protected_one_by_one_and_the_second_run_does_only_the_rest(stage, tmp_path, capsys):
    source, out = tmp_path / "in", tmp_path / "out"
    (source / "may").mkdir(parents=True)
    stage.scene.write(source / "may" / "a.mp4", stage.pictures[:3])
    (source / "b.mp4").write_bytes(b"no video at all")
    code, said, err = run(capsys, "protect", source, out, "--no-check", "--json")
    rows = {row["file"]: row for row in json.loads(said)["files"]}
    assert code == 1 and "1 of 2 videos" in err and "not a video file" in rows["b.mp4"]["error"]
    assert rows["may/a.mp4"]["record"]["frames"] == 3 and (out / "may" / "a.record.json").exists()
    _, said, _ = run(capsys, "protect", source, out, "--no-check", "--json")
    assert {r["file"]: r["skipped"] for r in json.loads(said)["files"]} == {"b.mp4": False, "may/a.mp4": True}
    code, _, err = run(capsys, "protect", source, source / "x")
    assert code == 2 and "lies inside the folder of originals" in err
    code, _, err = run(capsys, "protect", source, out, "--keep", "1")
    assert code == 2 and "--keep: this speaks of one video" in err
