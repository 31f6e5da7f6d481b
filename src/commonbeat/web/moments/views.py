from __future__ import annotations

import sqlite3

from django.conf import settings
from django.contrib.auth import login
from django.db import connection
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.test import RequestFactory
from django.urls import resolve, reverse
from django.views.decorators.http import require_POST

from commonbeat.errors import Refused
from commonbeat.web.base.accounts import SECOND
from commonbeat.web.base.models import Entry, Setting, Staff
from commonbeat.web.base.roles import public
from commonbeat.web.demo.people import MOTHER, SAMPLE, TALK
from commonbeat.web.moments import trials
from commonbeat.web.read import charts, words
from commonbeat.web.read.edition import current
from commonbeat.web.tell import acts, state
from commonbeat.web.tell.models import Story

STAFF_ROLES = ("officer", "press", "editor", "auditor", "analyst", "independent")


def demo_only():
    """Says it a second time: the addresses exist only on a demonstration, and the views refuse elsewhere too."""
    if not settings.SITE.demo:
        raise Http404


def of_town(name):
    demo_only()
    moment = (current(settings.SITE.root).moments or {}).get(name)
    if not moment:
        raise Http404
    return moment


@public
def roles(request):
    demo_only()
    return render(request, "moments/roles.html", {"roles": STAFF_ROLES})


@public
@require_POST
def become(request, role):
    """One click: becomes a demonstration role. The mother has no account; she holds her private link."""
    demo_only()
    if role in ("mother", "parent"):
        return redirect("tell:link", Setting.objects.get(name=MOTHER if role == "mother" else SAMPLE).value)
    person = get_object_or_404(Staff, username=f"demo-{role}", demo=True, is_active=True)
    login(request, person, backend="django.contrib.auth.backends.ModelBackend")
    request.session[SECOND] = person.pk
    return redirect("desk")


@public
@require_POST
def reset(request):
    """Everything as it was before the visit."""
    demo_only()
    import shutil

    if connection.vendor != "sqlite":
        raise Http404
    site = settings.SITE
    connection.close()
    from commonbeat.web.sqlite.base import queue_for

    queue = queue_for(str(site.database))
    queue.take()
    try:
        kept, now = sqlite3.connect(site.root / "pristine.sqlite3"), sqlite3.connect(site.database, timeout=20)
        with kept, now:
            kept.backup(now)
        kept.close()
        now.close()
    finally:
        queue.give()
    shutil.copytree(site.root / "pristine-media", site.media, dirs_exist_ok=True)
    return redirect("moments:page", "stroller")


@public
def still(request, name, which):
    of_town(name)
    if which not in ("as-filmed", "as-published"):
        raise Http404
    path = settings.SITE.root / "moments" / f"{name}-{which}.jpg"
    return FileResponse(path.open("rb"), content_type="image/jpeg")


@public
@require_POST
def take_down(request, name):
    """The mother presses "take it down": her private link does it, as it would anywhere."""
    of_town(name)
    link = acts.link_of(Setting.objects.get(name=MOTHER).value)
    if name == "stroller" and link is not None:
        state.withdraw(link)
    return redirect(reverse("moments:page", args=[name]) + "#footage")


@public
def page(request, name):
    moment = of_town(name)
    story = Story.objects.filter(slug=moment["slug"]).first()
    guesses = read_guesses(request.GET, moment)
    names = words.ring_names()
    context = {
        "moment": moment, "name": name, "other": "dance-off" if name == "stroller" else "stroller", "story": story, "names": names,
        "doors": asked_doors(request, story) if story else [], "log": entries_about(story) if story else [],
        "copies": story.copies.all() if story else [], "guesses": guesses, "towns": shown_towns(moment, guesses) if guesses else [],
        "rings": [r for r in words.RINGS if r in {g["ring"] for g in moment["guess"]["default"]}], "bars": charts.days_bars(moment["spread"].get("days") or [], width=420),
        "talk": (current(settings.SITE.root).talk or {}).get(TALK), "cheat": tried(request.GET.get("try", ""), moment),
        "promises": current(settings.SITE.root).commitments[:3], "trust_chart": charts.trust_line(current(settings.SITE.root).trust),
    }  # fmt: skip
    return render(request, "moments/page.html", context)


def asked_doors(request, story):
    """What page, frame and feed answer right now: asked of the real views."""
    found = []
    for what, path in (("page", reverse("story", args=[story.slug])), ("embed", reverse("embed", args=[story.slug]))):
        asked = RequestFactory().get(path, headers={"host": request.get_host()})
        match = resolve(path)
        found.append((what, path, match.func(asked, **match.kwargs).status_code))
    path = reverse("feed")
    feed = resolve(path).func(RequestFactory().get(path, headers={"host": request.get_host()}))
    found.append(("feed", path, 200 if story.story_id in feed.content.decode() else 410))
    return found


def entries_about(story):
    about = [f"story:{story.pk}", f"encounter:{story.encounter_id}"]
    return list(Entry.objects.filter(object__in=about).order_by("-n")[:4])


def read_guesses(query, moment) -> dict:
    """Ring -> guessed points, from the address (nothing is stored); empty until something was guessed."""
    found = {}
    for row in moment["guess"]["default"]:
        try:
            guess = float(query.get(row["ring"], ""))
        except ValueError:
            continue
        if -30 <= guess <= 30:
            found[row["ring"]] = guess
    return found


def shown_towns(moment, guesses):
    """The three towns, each row with the guess beside the naive answer, ours, and the truth, on one scale."""
    towns = []
    # the town one stands in, then the one without an effect, then the one that backfires; stored in another order
    for world in ("default", "null", "backfire"):
        title, rows = moment["studies"][world], []
        for r in sorted(moment["guess"].get(world, []), key=lambda g: words.RINGS.index(g["ring"])):
            close = None
            if r["ring"] in guesses and r["truth"] is not None:
                close = abs(guesses[r["ring"]] - r["truth"]) <= 1.0
            rows.append(
                {
                    **r,
                    "guess": guesses.get(r["ring"]) if world == "default" else None,
                    "close": close,
                    "words": words.effect_words(r),
                }
            )
        towns.append((world, title, rows))
    return towns


def tried(what, moment):
    """One of the three ways to cheat, on a copy."""
    if what == "pad":
        return ("pad", moment["pad"])
    if what == "edit":
        return ("edit", trials.edit_a_byte())
    if what == "top":
        try:
            trials.top_officers()
        except Refused as refused:
            return ("top", str(refused))
    return None
