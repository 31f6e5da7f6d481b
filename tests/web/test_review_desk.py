"""The review desk: a film is protected, looked at by a person, answered for, and only then released."""

import importlib.util
import sys
from pathlib import Path

import pytest


def _scene():
    path = Path(__file__).parents[1] / "footage" / "scene.py"
    spec = importlib.util.spec_from_file_location("footage_scene", path)
    module = sys.modules.setdefault("footage_scene", importlib.util.module_from_spec(spec))
    if not hasattr(module, "walk"):
        spec.loader.exec_module(module)
    return module


@pytest.fixture
def film(hire, tmp_path):
    """A drawn film of two people, arrived and protected by the worker: (its row, the press officer's client)."""
    from django.utils import timezone
    from web.test_reliability import encounter

    from commonbeat.web.media import store
    from commonbeat.web.review import acts
    from commonbeat.web.review.models import Clip

    officer, _ = hire("officer")
    press, desk = hire("press")
    scene = _scene()
    pictures, _truth = scene.walk(frames=12)
    scene.write(tmp_path / "walk.mp4", pictures)
    row = store.keep(tmp_path / "walk.mp4", "video/original")
    clip = Clip.objects.create(
        encounter=encounter(officer), uploaded_at=timezone.now(), uploaded_by=press, original=row.blob,
        audio_description="A street.", captions="WEBVTT\n\n00:00:00.000 --> 00:00:00.400\n[steps]\n", music_cleared="none",
    )  # fmt: skip
    acts.protect_again(clip, press)
    return work(clip), desk


def work(clip):
    from commonbeat.web.jobs.queue import run_one

    while run_one() is not None:
        pass
    clip.refresh_from_db()
    return clip


def test_a_film_is_looked_at_by_a_person_and_only_then_released(film):
    from commonbeat.web.base.models import Entry

    clip, desk = film
    home = f"/desk/review/{clip.pk}/"
    assert clip.state == "review" and len(clip.record["tracks"]) == 2 and clip.record["leak"]["upper"] is None
    assert "plan" not in clip.record  # where people are is sealed
    page = desk.get(home).content.decode()
    assert "Nobody has looked yet" in page and "disabled" in page[page.index("Release</h2>") :]
    desk.post(home + "release/")
    clip.refresh_from_db()
    assert clip.state == "review"

    look = desk.get(home + "looked/").content.decode()
    assert look.count('name="seen"') == 12  # all frames: fewer than a hundred
    jpeg = desk.get(f"{home}frame/3.jpg")
    assert jpeg["Content-Type"] == "image/jpeg" and jpeg.content[:2] == b"\xff\xd8"
    assert desk.get(f"{home}frame/99.jpg").status_code == 404
    assert desk.post(home + "looked/", {"seen": []}).status_code == 422  # not said that every picture was looked at
    desk.post(home + "looked/", {"every": "on"})
    clip.refresh_from_db()
    # all 12 of 12 frames were looked at and clean: the finite population leaves nothing unseen
    assert clip.record["leak"]["upper"] == 0 and Entry.objects.filter(what="footage.looked_at").exists()
    desk.post(home + "release/")
    clip.refresh_from_db()
    assert clip.state == "released"


def test_what_a_person_saw_blocks_the_film(film):
    clip, desk = film
    desk.post(f"/desk/review/{clip.pk}/looked/", {"every": "on", "seen": ["2", "3", "5"]})
    clip.refresh_from_db()
    assert clip.state == "blocked" and clip.record["leak"]["upper"] == 3 / 12
    page = desk.get(f"/desk/review/{clip.pk}/").content.decode()
    assert "up to 25.0% of frames may show a face" in page


def test_every_track_is_served_and_boxes_only_to_the_press_officer_with_a_line_in_the_log(film, hire):
    from commonbeat.web.base.models import Entry

    clip, desk = film
    page = desk.get(f"/desk/review/{clip.pk}/").content.decode()
    assert page.count("Frames of track") == 2 and f"/desk/review/{clip.pk}/frame/0.jpg" in page
    boxes = desk.get(f"/desk/review/{clip.pk}/boxes.json").json()
    assert boxes.keys() == {"1", "2"} and len(boxes["1"]["boxes"]) == 12
    assert Entry.objects.filter(what="footage.boxes_viewed").count() == 1
    assert hire("editor")[1].get(f"/desk/review/{clip.pk}/boxes.json").status_code == 403


def test_a_missed_face_is_followed_and_the_film_written_anew_without_a_new_search(film, monkeypatch):
    from commonbeat.web.media import store

    clip, desk = film
    first, before = clip.protected, clip.record
    drawn = {"kind": "face", "at": 0.2, "start": 0, "until": 0.4, "x0": 20, "y0": 180, "x1": 60, "y1": 220}
    desk.post(f"/desk/review/{clip.pk}/region/", drawn)
    clip.refresh_from_db()
    assert clip.state == "protecting"
    clip = work(clip)
    assert clip.state == "review" and clip.protected != first and clip.record["regions"] == 1
    assert [t["first"] for t in clip.record["tracks"]] == [t["first"] for t in before["tracks"]]
    assert not store.Blob.objects.filter(pk=first).exists()
    refused = desk.post(f"/desk/review/{clip.pk}/region/", {**drawn, "at": 3}, follow=True).content.decode()
    assert "lies between from and until" in refused


def test_a_place_the_second_look_points_at_is_a_face_or_none(film):
    clip, desk = film
    leak = {**clip.record["leak"], "estimate": 2 / 26, "longest_run": 2}
    clip.record = {**clip.record, "leak": leak, "visible": [[3, 100, 100, 120, 120], [4, 100, 100, 120, 120]]}
    clip.save()
    page = desk.get(f"/desk/review/{clip.pk}/").content.decode()
    assert page.count("No face</button>") == 2 and "Something like a face can be seen in frame 3, 4" in page
    desk.post(f"/desk/review/{clip.pk}/none/0/")
    clip.refresh_from_db()
    assert clip.record["visible"] == [[4, 100, 100, 120, 120]] and clip.record["leak"]["longest_run"] == 1
    desk.post(f"/desk/review/{clip.pk}/face/0/")
    clip.refresh_from_db()
    (region,) = clip.extra_boxes
    assert clip.state == "protecting" and region["kind"] == "face" and region["at"] == pytest.approx(4 / 25)


def test_one_person_is_shown_with_consent_and_hidden_again_by_a_button(film):
    clip, desk = film
    refused = desk.post(f"/desk/review/{clip.pk}/show/1/", follow=True).content.decode()
    assert "Nobody was asked about track 1" in refused
    clip.looked = {"visible": [1]}
    clip.save()
    assert "mask/1/" in desk.get(f"/desk/review/{clip.pk}/").content.decode()
    desk.post(f"/desk/review/{clip.pk}/mask/1/")
    clip.refresh_from_db()
    assert clip.looked["visible"] == [] and clip.state == "protecting"


def shown(clip, desk, **said):
    """The person of track 1 agreed three days ago to be seen; the film is written with their face."""
    from datetime import timedelta

    from django.utils import timezone

    from commonbeat.web.tell import acts

    staff = clip.uploaded_by
    token = acts.invite(clip.encounter, staff, person="person-1", track=1, child=False, guardian=False, clip=clip)
    link = acts.link_of(token)
    acts.answer(link, says="yes_visible", language="en", now=timezone.now() - timedelta(days=3), **said)
    desk.post(f"/desk/review/{clip.pk}/show/1/")
    clip = work(clip)
    assert [(t["masked"], t["reason"]) for t in clip.record["tracks"]] == [(False, "consent"), (True, "no_consent")]
    type(clip).objects.filter(pk=clip.pk).update(state="released")
    return link


def test_a_consent_taken_back_hides_the_face_again_and_asks_whoever_holds_a_copy(film):
    from django.utils import timezone

    from commonbeat.web.base.models import Entry
    from commonbeat.web.media import store
    from commonbeat.web.tell import state
    from commonbeat.web.tell.models import Copy, Story

    clip, desk = film
    link = shown(clip, desk)
    now = timezone.now()
    down = Story.objects.create(
        encounter=clip.encounter, clip=clip, slug="s", state="withdrawn", made_at=now, changed_at=now
    )
    Copy.objects.create(story=down, where="a broadcaster", since=now)
    clip.refresh_from_db()
    old = clip.protected
    state.withdraw(link, purposes=("face_visible",))
    clip.refresh_from_db()
    # from this moment nobody is given the old copy: a film is served only while it is released
    assert clip.state == "protecting" and clip.looked["visible"] == []
    assert Copy.objects.get().asked_at is not None and Entry.objects.filter(what="footage.taken_back").count() == 1
    clip = work(clip)
    assert clip.state == "review" and clip.protected != old and not store.Blob.objects.filter(pk=old).exists()
    assert [(t["masked"], t["reason"]) for t in clip.record["tracks"]] == [(True, "withdrawn"), (True, "no_consent")]


def test_who_agreed_to_be_seen_and_now_agrees_to_be_hidden_is_hidden_at_once_and_for_good(film):
    from datetime import timedelta

    from django.utils import timezone

    from commonbeat import consent
    from commonbeat.web.tell import acts
    from commonbeat.web.tell.state import events_of

    clip, desk = film
    link, now = shown(clip, desk), timezone.now()
    acts.answer(link, says="yes_hidden", language="en", now=now)
    clip.refresh_from_db()
    assert clip.state == "protecting" and clip.looked["visible"] == []
    acts.answer(link, says="no", language="en", now=now + timedelta(days=1))
    acts.answer(link, says="yes_hidden", language="en", now=now + timedelta(days=2))
    later = now + timedelta(days=30)  # a later yes to being shown hidden brings the old one to life no more
    events = events_of(clip.encounter_id)
    assert consent.may_show(events, link.person, "publish", "site", later)[0]
    assert not consent.may_show(events, link.person, "face_visible", "site", later)[0]


def test_where_the_film_as_it_was_filmed_is_gone_the_copy_that_shows_the_face_is_erased(film):
    from commonbeat.web.media import store
    from commonbeat.web.tell import state

    clip, desk = film
    link = shown(clip, desk)
    clip.refresh_from_db()
    old = clip.protected
    store.erase(clip.original)
    state.withdraw(link)
    clip.refresh_from_db()
    assert clip.state == "blocked" and clip.protected == "" and not store.Blob.objects.filter(pk=old).exists()


def test_a_consent_that_ended_by_itself_hides_the_face_on_that_day(film):
    from datetime import timedelta

    from django.utils import timezone

    from commonbeat.web.review.taken_back import hide_taken_back

    clip, desk = film
    day = (timezone.now() + timedelta(days=10)).date()
    shown(clip, desk, until=day)
    assert hide_taken_back(clip.encounter_id, timezone.now()) is None
    said = hide_taken_back(clip.encounter_id, timezone.now() + timedelta(days=11))
    assert said.rewrite == (clip.pk,) and work(clip).record["tracks"][0]["masked"]


def told_with(clip):
    from django.utils import timezone

    from commonbeat.web.tell.models import Story, Telling

    now = timezone.now()
    story = Story.objects.create(slug="walk", encounter=clip.encounter, clip=clip, state="published", published_at=now, made_at=now, changed_at=now)  # fmt: skip
    Telling.objects.create(
        story=story, language="en", title="A walk", words="Two people walked.", alt_text="A street"
    )
    clip.state = "released"
    clip.save()
    return story


@pytest.mark.parametrize(
    "said, shares",
    [
        ({"second": "0.2", "place": "2 0"}, (2 / 3, 0, 1, 1 / 3)),  # without a script
        ({"second": "0.2", "x": "0.5", "y": "0.02", "place": ""}, (0.42, 0, 0.58, 0.10)),  # tapped, cut at the edge
    ],
)
def test_somebody_points_into_the_film_and_the_desk_hides_what_they_pointed_at(film, client, said, shares):
    from commonbeat.web.review.hiding import plan_of
    from commonbeat.web.tell.models import Takedown

    clip, desk = film
    told_with(clip)
    assert client.post("/stories/walk/this-is-me/", {"asks": "mask"} | said).status_code == 200
    request = Takedown.objects.get()
    assert [request.where[k] for k in ("x0", "y0", "x1", "y1")] == pytest.approx(shares)
    home = f"/desk/review/{clip.pk}/"
    assert "Somebody asks to be hidden here" in desk.get(home).content.decode()
    assert home in desk.get("/desk/tell/requests/").content.decode()
    width, height = plan_of(clip)["size"]
    desk.post(f"{home}pointed/{request.pk}/")
    clip = work(clip)
    box = clip.extra_boxes[-1]
    assert [box[k] for k in ("x0", "y0", "x1", "y1")] == pytest.approx(
        [shares[0] * width, shares[1] * height, shares[2] * width, shares[3] * height]
    )
    assert (
        clip.record["regions"] == 1 and clip.state == "review"
    )  # a new copy, looked at anew before it is shown again


def test_pointing_nowhere_elsewhere_or_too_late_hides_nothing(film, client):
    from commonbeat.web.tell.models import Takedown

    clip, desk = film
    told_with(clip)
    address = "/stories/walk/this-is-me/"
    for said in ({"second": "1"}, {"place": "1 1"}, {"second": "1", "place": "1 1", "asks": "show"}):
        assert client.post(address, {"asks": "mask"} | said).status_code == 200
    assert [t.where for t in Takedown.objects.all()] == [{}, {}, {}]
    for bad in (
        {"second": "-1"},
        {"second": "nan"},
        {"second": "1", "x": "2", "y": "0"},
        {"second": "1", "place": "9 9"},
    ):
        assert client.post(address, {"asks": "mask"} | bad).status_code == 422
    client.post(address, {"asks": "mask", "second": "0.1", "place": "1 1"})
    asked = Takedown.objects.order_by("pk").last()
    nothing_pointed = Takedown.objects.order_by("pk").first()
    rounds = clip.looked.get("round")
    for which in (nothing_pointed.pk, asked.pk + 1):
        assert "no such place" in desk.post(f"/desk/review/{clip.pk}/pointed/{which}/", follow=True).content.decode()
    desk.post(f"/desk/tell/requests/{asked.pk}/", {"state": "refused", "outcome": "Nobody is there."})
    assert "no such place" in desk.post(f"/desk/review/{clip.pk}/pointed/{asked.pk}/", follow=True).content.decode()
    clip.refresh_from_db()
    assert clip.looked.get("round") == rounds and clip.extra_boxes == []
