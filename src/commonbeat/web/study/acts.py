"""A trial sealed, people drawn one by one, answers kept, the trial closed and its seed shown."""

from __future__ import annotations

import secrets
from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from commonbeat import studies
from commonbeat.errors import Refused
from commonbeat.web.base.log import note
from commonbeat.web.base.secret import fresh_code, fresh_token, hashed, hashed_code
from commonbeat.web.study.models import Joined, Trial, Wave

ITEMS = ("respect", "fairness", "voice")  #: of the pulse: what a story could move
WAVES = (0, 3, 21, 90)
ARMS = ("story", "neutral", "context", "statement", "before")
#: how long a later wave stays open: too early is another wave, too late is no longer this one
OPEN_FOR = {0: 0, 3: 6, 21: 14, 90: 30}


def plan_of(*, plan_id: str, title: str, question: str, arms, smallest: float, commitment: str) -> studies.Plan:
    """The plan as it is sealed: the story against the neutral one, at once; every other arm and wave named beforehand too."""
    return studies.Plan.from_dict({
        "plan_id": plan_id, "title": title, "question": question, "design": "story_experiment", "arms": list(arms),
        "outcome": {"name": "trust", "items": list(ITEMS), "questionnaire": "pulse-1", "unit": "points, 0-100"},
        "primary": {"ring": "viewer", "wave": 0, "treated": "story", "control": "neutral"}, "waves": list(WAVES),
        "rings": {"viewer": {"how": "randomised"}}, "groups": ["prior_trust", "recent_enforcement"], "estimator": "anytime",
        "robustness": ["difference_in_means"], "units": "visitors who agreed", "smallest_effect": smallest, "block": "", "cluster": "",
        "stopping": "open: shown every day by a confidence sequence", "seed_commitment": commitment,
    })  # fmt: skip


@transaction.atomic
def seal(
    staff,
    story,
    *,
    title: str,
    question: str,
    arms,
    neutral_title: str,
    neutral_words: str,
    statement: str,
    smallest: float,
) -> Trial:
    """Seals a new trial about a live story -> the trial. Refused while another one runs on it."""
    if not story.live:
        raise Refused(_("Only a published story can be studied."))
    if story.trials.filter(closed_at=None).exists():
        raise Refused(_("A study of this story is running; close it first."))
    seed = studies.new_seed()
    plan_id = f"{story.slug[:40]}-{secrets.token_hex(3)}"
    plan = plan_of(
        plan_id=plan_id,
        title=title,
        question=question,
        arms=arms,
        smallest=smallest,
        commitment=studies.commitment(seed),
    )
    now = timezone.now()
    entry = note(
        "plan.sealed",
        f"plan:{plan_id}",
        actor=staff,
        at=now,
        plan_id=plan_id,
        plan_hash=plan.hash,
        plan=plan.to_dict(),
        amends=None,
        changed=[],
        after_data=Joined.objects.filter(
            trial_id=plan_id
        ).exists(),  # nobody can have: the name is new; said all the same
    )
    return Trial.objects.create(
        plan_id=plan_id, plan=plan.to_dict(), plan_hash=plan.hash, seed=seed, story=story, neutral_title=neutral_title,
        neutral_words=neutral_words, statement=statement, sealed_at=now, sealed_entry=entry.n,
    )  # fmt: skip


@transaction.atomic
def close(trial: Trial, staff) -> None:
    """Nobody new is drawn; the seed is shown, so that anybody can repeat every draw. Later waves still come in."""
    held = Trial.objects.select_for_update().get(pk=trial.pk)
    if held.closed_at:
        return
    held.closed_at = timezone.now()
    held.save(update_fields=["closed_at"])
    note("plan.closed", f"plan:{held.pk}", actor=staff, plan_id=held.pk, seed=held.seed, drawn=held.joined.count())


@transaction.atomic
def join(trial: Trial, *, prior_trust: float | None, recent_contact: bool | None, language: str, today: date) -> str:
    """Draws the next person's arm, into the log before anybody is told -> the private address of their visit."""
    held = Trial.objects.select_for_update().get(pk=trial.pk)
    if held.closed_at or not held.story.live:
        raise Refused(_("This study takes nobody new."))
    plan, token = studies.Plan.from_dict(held.plan), fresh_token()
    arrived = held.joined.count()
    arm = studies.next_arm(plan, seed=held.seed, stratum="site", arrived=arrived)
    note(
        "plan.drawn",
        f"plan:{held.pk}",
        actor="resident",
        plan_id=held.pk,
        plan_hash=held.plan_hash,
        stratum="site",
        arrived=arrived,
        arm=arm,
    )
    Joined.objects.create(
        trial=held, arrived=arrived, arm=arm, key=hashed(token), person=secrets.token_hex(16), day=today, prior_trust=prior_trust,
        recent_contact=recent_contact, language=language,
    )  # fmt: skip
    return token


def visitor(token: str) -> Joined | None:
    return Joined.objects.select_related("trial__story").filter(key=hashed(token)).first()


@transaction.atomic
def answer(joined: Joined, wave: int, answers: dict, *, today: date) -> str:
    """Keeps the answers of one wave -> the code with which this person, and nobody else, may come back."""
    try:
        with transaction.atomic():
            Wave.objects.create(
                joined=joined, wave=wave, day=today, answers={k: int(v) for k, v in answers.items() if v}
            )
    except IntegrityError:
        raise Refused(_("This was answered already.")) from None
    code = fresh_code()
    joined.key = hashed_code(code)  # the address of the visit ends here; only the code leads back
    joined.save(update_fields=["key"])
    return code


def due(joined: Joined, today: date) -> tuple[int | None, date | None]:
    """Which wave may this person answer today, and when is the next?"""
    answered = set(joined.waves.values_list("wave", flat=True))
    for wave in WAVES[1:]:
        opens = joined.day + timedelta(days=wave)
        if wave in answered or today > opens + timedelta(days=OPEN_FOR[wave]):
            continue
        return (wave, opens) if today >= opens else (None, opens)
    return None, None


def returning(code: str) -> Joined | None:
    return Joined.objects.select_related("trial__story").filter(key=hashed_code(code)).first()


def seed_shown(trial: Trial) -> str:
    """The seed, once nobody new is drawn; before that its commitment only."""
    return trial.seed if trial.closed_at else ""


def draws_follow(trial: Trial, drawn: list[str]) -> bool:
    """Do these arms, in order of arrival, follow from the seed? For whoever checks."""
    plan = studies.Plan.from_dict(trial.plan)
    return all(
        studies.next_arm(plan, seed=trial.seed, stratum="site", arrived=i) == arm for i, arm in enumerate(drawn)
    )
