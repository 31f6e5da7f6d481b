"""A consent is taken back: what we do, and what we can only ask for."""

import pytest

from commonbeat import footage
from commonbeat.errors import BadInput
from commonbeat.footage import Decision, Placed

KEPT = Decision(keep=True, consent="c1")
PLACES = [
    Placed("clip-a", "the town's page", ours=True),
    Placed("clip-a", "a newspaper's site", ours=False, reach="desk@paper.example"),
    Placed("clip-b", "the town's page", ours=True),
]


def test_taking_back_the_face_writes_the_clip_again_and_names_where_the_old_one_still_is():
    said = footage.withdraw(
        {"clip-a": [3], "clip-b": [1]}, {"clip-a": {3: KEPT, 4: KEPT}}, PLACES, purpose="face_visible"
    )
    # in clip-b the person was never shown, so nothing changes there
    assert said.rewrite == ("clip-a",) and [p.clip for p in said.take_down] == ["clip-a"]
    assert [(p.where, p.reach) for p in said.ask] == [("a newspaper's site", "desk@paper.example")]
    assert said.decisions["clip-a"][3].withdrawn and not said.decisions["clip-a"][4].withdrawn
    assert said.to_dict()["ask"][0]["ours"] is False


def test_taking_back_the_story_touches_every_clip_the_person_is_in():
    said = footage.withdraw({"clip-a": [3], "clip-b": [1]}, {"clip-a": {3: KEPT}}, PLACES, purpose="publish")
    assert {p.clip for p in said.take_down} == {"clip-a", "clip-b"} and len(said.ask) == 1


def test_the_face_is_gone_from_the_copy_that_is_written_again(stage, done, tmp_path):
    said = footage.withdraw({"walk": [1]}, {"walk": {1: KEPT}}, [], purpose="face_visible")
    record = footage.rerender(
        stage.path, tmp_path / "again.mp4", done[1], said.decisions["walk"], check=False, threads=1
    )
    assert [(t.masked, t.reason) for t in record.tracks] == [(True, "withdrawn"), (True, "no_consent")]


def test_a_person_in_no_clip_and_another_purpose_are_refused():
    with pytest.raises(BadInput, match="in no track"):
        footage.withdraw({"clip-a": []}, {}, PLACES, purpose="publish")
    with pytest.raises(BadInput, match='not "everything"'):
        footage.withdraw({"clip-a": [1]}, {}, PLACES, purpose="everything")
