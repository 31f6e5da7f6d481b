"""An entry cannot be changed, moved, removed or cut off without somebody outside being able to tell."""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from commonbeat import audit
from commonbeat.errors import BadInput, Broken

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def chain_of(n):
    entries = []
    for i in range(n):
        last = entries[-1] if entries else None
        entries.append(audit.entry_after(last, "story.published", who="editor", about={"story": f"s{i}"}, at=NOON))
    return entries


def test_the_first_entry_starts_from_nothing_and_the_second_from_the_first():
    one, two = chain_of(2)
    assert (one.n, one.before) == (1, audit.START)
    assert (two.n, two.before) == (2, one.hash)
    assert audit.verify([one, two]).whole


def test_the_hash_is_what_any_other_program_would_compute():
    (one,) = chain_of(1)
    text = (
        '{"about":{"story":"s0"},"at":"2026-03-01T12:00:00.000000+00:00","before":"' + "0" * 64 + '","n":1,'
        '"what":"story.published","who":"editor"}'
    )
    told = subprocess.run(["sha256sum"], input=text.encode(), capture_output=True, check=True)
    assert told.stdout.split()[0].decode() == one.hash


@given(data=st.data(), n=st.integers(2, 12))
@settings(max_examples=60, deadline=None)
def test_the_first_broken_entry_is_named(data, n):
    entries = chain_of(n)
    k = data.draw(st.integers(0, n - 1))
    how = data.draw(st.sampled_from(["change", "remove", "swap", "forge"]))
    if how == "change":
        entries[k] = replace(entries[k], about={"story": "another"})
    elif how == "forge":  # changed, and its own hash made to fit: then the next one no longer follows
        body = replace(entries[k], about={"story": "another"})
        last = entries[k - 1] if k else None
        entries[k] = audit.entry_after(last, body.what, who=body.who, about=body.about, at=NOON)
        k += 1
    elif how == "remove":
        del entries[k]
    elif k + 1 < n:
        entries[k], entries[k + 1] = entries[k + 1], entries[k]
    verdict = audit.verify(entries)
    unseen = k == n or (how in ("remove", "swap") and k == n - 1)  # the last entry has nobody after it
    assert verdict.first_broken == (None if unseen else k + 1)


def test_a_cut_end_is_caught_by_a_head_kept_outside_and_by_nothing_else():
    entries = chain_of(5)
    head = audit.verify(entries).head
    assert audit.verify(entries[:3]).whole  # the chain alone cannot know
    verdict = audit.verify(entries[:3], head)
    assert (verdict.first_broken, verdict.entries) == (4, 3)
    assert "cut off" in verdict.why


def test_a_chain_made_anew_is_caught_by_a_head_kept_outside():
    head = audit.verify(chain_of(3)).head
    anew = []
    for _ in range(4):
        anew.append(audit.entry_after(anew[-1] if anew else None, "nothing.happened", who="editor", at=NOON))
    assert audit.verify(anew).whole
    assert audit.verify(anew, head).first_broken == 3


def test_an_empty_chain_is_whole_until_somebody_saw_more():
    assert audit.verify([]).whole
    assert audit.verify([], audit.Head(1, "a" * 64, "")).first_broken == 1


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(BadInput, match="zone"):
        audit.entry_after(None, "x", who="y", at=datetime(2026, 1, 1))


def test_a_file_keeps_its_entries_and_finds_its_head_without_reading_all(tmp_path):
    chain = audit.Chain(tmp_path / "audit.jsonl")
    assert chain.head() is None
    for i in range(30):
        entry = chain.append("seal", who="analyst", about={"plan": "p" * 300, "i": i}, at=NOON)
    assert chain.head() == audit.Head(30, entry.hash, entry.at)
    assert chain.verify().entries == 30
    assert [e.about["i"] for e in chain] == list(range(30))


def test_every_changed_byte_of_the_file_is_found(tmp_path):
    chain = audit.Chain(tmp_path / "audit.jsonl")
    for i in range(3):
        chain.append("seal", who="analyst", about={"i": i}, at=NOON)
    head, whole = chain.head(), chain.path.read_bytes()
    lines = whole.split(b"\n")
    for where in range(0, len(whole) - 1, 7):
        changed = bytearray(whole)
        changed[where] ^= 1
        chain.path.write_bytes(bytes(changed))
        entry = whole[:where].count(b"\n") + 1
        assert chain.verify(head).first_broken == entry, (where, lines[entry - 1])


def test_a_line_torn_by_a_power_failure_is_set_aside_and_work_goes_on(tmp_path):
    chain = audit.Chain(tmp_path / "audit.jsonl")
    chain.append("seal", who="analyst", at=NOON)
    with chain.path.open("ab") as file:
        file.write(b'{"about":{},"at"')
    assert chain.append("seal", who="analyst", at=NOON).n == 2
    assert chain.verify().entries == 2
    assert (tmp_path / "audit.jsonl.torn").read_bytes() == b'{"about":{},"at"'


def test_two_programs_that_append_at_once_make_one_chain(tmp_path):
    code = (
        "import sys; from commonbeat.audit import Chain; c = Chain(sys.argv[1])\n"
        "for _ in range(40): c.append('seen', who='worker')"
    )
    path = tmp_path / "audit.jsonl"
    both = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for _ in range(2)]
    assert [p.wait(60) for p in both] == [0, 0]
    assert audit.Chain(path).verify().entries == 2 * 40


def test_a_signed_head_holds_for_its_key_only(tmp_path):
    audit.new_key(tmp_path / "key.pem")
    signed = audit.sign(audit.verify(chain_of(2)).head, audit.read_private(tmp_path / "key.pem"))
    (tmp_path / "head.json").write_text(json.dumps(signed.to_dict()))
    back = audit.read_signed(tmp_path / "head.json")
    assert audit.check_signed(back, audit.read_public(tmp_path / "key.pem.pub")).n == 2
    with pytest.raises(Broken, match="not signed with this key"):
        audit.check_signed(back, Ed25519PrivateKey.generate().public_key())
    with pytest.raises(Broken):
        later = replace(back, head=replace(back.head, n=1))
        audit.check_signed(later, audit.read_public(tmp_path / "key.pem.pub"))


def test_a_key_is_never_overwritten_and_only_its_owner_may_read_it(tmp_path):
    audit.new_key(tmp_path / "key.pem")
    assert (tmp_path / "key.pem").stat().st_mode & 0o077 == 0
    with pytest.raises(BadInput, match="never overwritten"):
        audit.new_key(tmp_path / "key.pem")
    with pytest.raises(BadInput, match="not a key"):
        audit.read_public(tmp_path / "key.pem")
