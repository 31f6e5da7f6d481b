"""The record of the demonstration: who works here, what happened, who agreed, what is told."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from commonbeat.web.base.log import note
from commonbeat.web.base.models import Setting, Staff
from commonbeat.web.base.secret import fresh_token, hashed
from commonbeat.web.demo import filling
from commonbeat.web.media import store
from commonbeat.web.record.models import Area, Encounter, ThankYou
from commonbeat.web.review.models import Clip
from commonbeat.web.talk.models import Conversation, Statement, Vote
from commonbeat.web.tell.models import Consent, ConsentLink, Copy, Story, Telling
from commonbeat.web.tell.wording import wording_hash

MOTHER = "demo.mother"
SAMPLE = "demo.sample"
TALK = "on-the-street"
ENCOUNTER = ("at", "place", "kind", "activity", "began_by", "free_to_leave_officer", "people", "children", "onlookers",
             "happened", "made_positive", "would_rather_not", "footage", "unit", "recorded_at", "simulated")  # fmt: skip


def hire() -> dict[str, Staff]:
    """One member of staff per role; no password would let anybody in."""
    crew = {}
    for role in ("officer", "press", "editor", "auditor", "analyst", "independent"):
        crew[role] = Staff.objects.create_user(f"demo-{role}", role, None, unit="team-1", demo=True)
    crew["other"] = Staff.objects.create_user("demo-another-officer", "officer", None, unit="team-2", demo=True)
    return crew


def fill(tables, clips, staff) -> None:
    for a in tables["areas"].iter_rows(named=True):
        Area.objects.create(area_id=a["area_id"], name=a["name"])
    told = tables["stories"].filter(pl.col("state").is_in(["published", "withdrawn"])).to_dicts()
    contacts = {c["contact_id"]: c for c in tables["contacts"].join(
        tables["stories"].select("contact_id"), on="contact_id", how="semi").iter_rows(named=True)}  # fmt: skip
    for row in told:
        met = encounter(contacts[row["contact_id"]], staff["other"])
        clip = film(met, clips[row["story_id"]], staff["press"]) if row["story_id"] in clips else None
        links = consents(tables, row, met, clip)
        story(row, met, clip, staff, links)
    sample(tables, contacts, clips, staff)
    conversation(tables)
    ThankYou.objects.create(
        to=staff["officer"], words="You waited with my father until the bus came. Thank you.", at=filling.long_ago(2)
    )


def encounter(c: dict, by: Staff) -> Encounter:
    held = {k: c[k] for k in ENCOUNTER if c.get(k) is not None}
    held = {
        k: str(v) if k in ("kind", "activity", "began_by", "free_to_leave_officer") else v for k, v in held.items()
    }
    held.setdefault("recorded_at", c["at"])
    met = Encounter.objects.create(contact_id=c["contact_id"], area_id=c["area_id"], recorded_by=by, **held)
    note("encounter.recorded", f"encounter:{met.pk}", actor=by, kind=met.kind, at=met.recorded_at)
    return met


def film(met: Encounter, clip, press: Staff, *, protected=True) -> Clip:
    """A drawn film: the original sealed, and (unless it is the sample to be protected by hand) the copy with its record."""
    made = Clip.objects.create(
        encounter=met, uploaded_by=press, uploaded_at=met.recorded_at, simulated=True, sound="keep",
        known_boxes={str(f): [list(b) for b in boxes] for f, boxes in clip.boxes.items()},
    )  # fmt: skip
    original = store.keep(Path(clip.original), "video/original")
    made.original, made.original_sha256 = original.blob, original.sha256
    if protected:
        record = dict(clip.record)
        leak = dict(record.get("leak") or {})
        # nobody looked at a drawn clip; its renderer knows every face, and all frames were compared with what it knows
        truth = clip.record.get("truth") or {}
        if truth.get("frames"):
            leak["upper"] = truth["frames_with_a_face_left"] / truth["frames"]
        made.record = record | {"leak": leak}
        made.protected = store.keep(Path(clip.protected), "video/mp4").blob
        made.poster = store.keep(Path(clip.poster), "image/jpeg").blob
        made.captions, made.audio_description = filling.captions(clip.kind), filling.SEEN[clip.kind]
        made.music_cleared, made.state = "cleared", Clip.State.RELEASED
        made.reviewed_by, made.reviewed_at = press, met.recorded_at
        note("footage.released", f"footage:{made.pk}", actor=press, upper=leak["upper"], at=met.recorded_at)
    made.save()
    return made


def consents(tables, row: dict, met: Encounter, clip) -> list[str]:
    """What the town's people said, with a private link for each. An end date in the town's calendar is not carried over."""
    tokens, seen = [], set()
    said = tables["consents"].filter((pl.col("story_id") == row["story_id"]) & (pl.col("role") != "the officer"))
    for c in said.sort("at").iter_rows(named=True):
        person = f"{c['role']} ({c['track'] + 1})" if c["track"] is not None else c["role"] or "somebody"
        if person not in seen:
            seen.add(person)
            token = fresh_token()
            ConsentLink.objects.create(
                hash=hashed(token),
                encounter=met,
                clip=clip,
                person=person,
                child=c["child"],
                guardian=c["guardian"],
                made_at=c["at"],
            )
            tokens.append(token)
        if str(c["event"]) in ("given", "refused", "withdrawn"):
            Consent.objects.create(
                encounter=met, clip=clip, person=person, event=str(c["event"]), purpose=str(c["purpose"]),
                channel=str(c["channel"] or ""), guardian=c["guardian"], child=c["child"], at=c["at"], ages_out=c["ages_out"],
                wording=wording_hash("ask", "en"), language=c["language"] or "en",
            )  # fmt: skip
    return tokens


def story(row: dict, met: Encounter, clip, staff, links) -> None:
    live = str(row["state"]) == "published"
    slug = row["story_id"] if row["story_id"] in ("stroller", "dance-off") else f"story-{row['story_id']}"
    made = Story.objects.create(
        story_id=row["story_id"], slug=slug, encounter=met, clip=clip, area_id=row["area_id"], state="published" if live else "withdrawn",
        written_by=staff["press"], approved_by=staff["editor"], approved_at=row["published_at"], published_at=row["published_at"],
        withdrawn_at=row["withdrawn_at"], made_at=met.recorded_at, changed_at=row["withdrawn_at"] or row["published_at"], simulated=True,
    )  # fmt: skip
    Telling.objects.create(story=made, language="en", title=row["title"], words=row["story"] or met.happened, alt_text=row["alt_text"] or "")  # fmt: skip
    if slug in SPANISH:
        title, words, alt = SPANISH[slug]
        Telling.objects.create(story=made, language="es", title=title, words=words, alt_text=alt)
    note(
        "story.approve",
        f"story:{made.pk}",
        actor=staff["editor"],
        was="second_approval",
        now="published",
        at=row["published_at"],
    )
    if slug == "stroller":
        Setting.objects.create(name=MOTHER, value=links[0])
        for where in (
            "A television station's evening programme (simulated)",
            "A video platform, 14 copies found (simulated)",
        ):
            Copy.objects.create(story=made, where=where, since=row["published_at"])


def sample(tables, contacts, clips, staff) -> None:
    """An encounter with a film that nobody has protected yet and a parent who agreed: for whoever walks through the desk."""
    free = tables["contacts"].filter(
        (pl.col("kind") == "positive") & (pl.col("free_to_leave_officer") == "yes") & pl.col("area_id").is_not_null()
        & ~pl.col("contact_id").is_in(list(contacts)) & (pl.col("free_to_leave_resident").is_null() | (pl.col("free_to_leave_resident") == "yes"))
    ).sort("at").tail(1).to_dicts()[0]  # fmt: skip
    met = encounter(free | {"activity": "dance", "would_rather_not": None, "footage": True,
                            "happened": "Children showed a passing officer a dance step at the corner, and he tried it."}, staff["other"])  # fmt: skip
    clip = film(met, clips["dance-off"], staff["press"], protected=False)
    token, agreed = fresh_token(), filling.long_ago(12)
    ConsentLink.objects.create(
        hash=hashed(token),
        encounter=met,
        clip=clip,
        person="the dancer in front",
        child=True,
        guardian=True,
        made_at=agreed,
    )
    for purpose in ("record", "keep", "publish"):
        Consent.objects.create(
            encounter=met, clip=clip, person="the dancer in front", event="given", purpose=purpose, guardian=True, child=True,
            at=agreed, wording=wording_hash("ask", "en"), language="en",
        )  # fmt: skip
    Setting.objects.create(name=SAMPLE, value=token)


def conversation(tables) -> None:
    """The town's conversation with everybody's votes; whoever visits adds their own."""
    if not tables["statements"].height:
        return
    began = tables["statements"]["at"].min()
    talk = Conversation.objects.create(
        slug=TALK,
        title="On the street",
        question="How should officers and residents treat one another here?",
        made_at=began,
    )
    Statement.objects.bulk_create(
        Statement(
            statement_id=s["statement_id"], conversation=talk, words=s["text"], at=s["at"] or began, moderated=str(s["moderated"]),
            proposed_by=str(s["proposed_by"] or "host"), attribute=s["attribute"], language=s["language"] or "en",
            reason="same" if str(s["moderated"]) == "rejected" else "",
        )
        for s in tables["statements"].iter_rows(named=True)
    )  # fmt: skip
    last = tables["votes"].sort("at").unique(("person", "statement_id"), keep="last", maintain_order=True)
    Vote.objects.bulk_create(
        (Vote(statement_id=v["statement_id"], person=v["person"], value=v["value"], day=v["at"].date(), known_group=v["known_group"] or "")
         for v in last.iter_rows(named=True)),
        batch_size=2_000,
    )  # fmt: skip


SPANISH = {
    "stroller": (
        "La bebé que se rio de una placa",
        "Una bebé miró la placa desde su cochecito. La agente se escondió detrás de las manos y volvió a salir. La bebé se rio, "
        "así que lo hizo otra vez. También se rio la madre. Dos personas en la parada dejaron de mirar el teléfono. Después "
        "cambió el semáforo y todos se fueron a casa.",
        "Una calle dibujada al atardecer. Una agente se asoma entre las manos ante un cochecito; una bebé se ríe; una madre sonríe.",
    ),
    "dance-off": (
        "Dos pasos y un giro",
        "El altavoz estaba en el bordillo. Las niñas y los niños enseñaron un paso; el agente lo intentó y casi perdió un zapato. "
        "Pidió verlo otra vez, despacio. Al tercer intento aplaudía toda la esquina. Ganaron las niñas y los niños, y lo dijeron.",
        "Una acera dibujada con banderines. Tres niñas y niños y un agente bailan en fila mientras los vecinos aplauden.",
    ),
}  # fmt: skip
