from __future__ import annotations

from django.conf import settings
from django.db.models import F
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language

from commonbeat.web.base.roles import public
from commonbeat.web.base.steady import steady
from commonbeat.web.read import charts, words
from commonbeat.web.read.edition import current
from commonbeat.web.record.qr import qr
from commonbeat.web.tell.models import Story


def edition():
    return current(settings.SITE.root)


def live():
    return Story.objects.filter(state__in=Story.LIVE).select_related("clip", "area").prefetch_related("tellings")


def told(story):
    """A story with its words in the reader's language."""
    story.told = story.text(get_language() or "en")
    return story


@public
@steady
def home(request):
    """A moment first; then what happened, who gets which contact, whether trust moves, what is promised."""
    out = edition()
    stories = [told(s) for s in live().order_by(F("clip").asc(nulls_last=True), "-published_at")[:6]]
    stories.sort(key=lambda s: (s.clip_id is None, -s.published_at.timestamp()))
    return render(request, "read/home.html", {
        "stories": stories, "edition": out, "trust_chart": charts.trust_line(out.trust, width=420, height=220),
        "trust_now": out.trust[-1] if out.trust else None, "trust_moved": words.moved_sentence(out.trust_moved),
        "areas": sorted(out.areas, key=lambda a: -(a.get("enforcement_rate") or 0))[:5], "promises": out.commitments[:3],
    })  # fmt: skip


@public
@steady
def stories(request):
    return render(request, "read/stories.html", {"stories": [told(s) for s in live()], "section": "stories"})


def found(slug):
    """The story at this address, live or taken down; 404 if it never was published."""
    story = get_object_or_404(
        Story.objects.select_related("clip", "area", "encounter").prefetch_related("tellings"), slug=slug
    )
    if not story.live and not (story.state == "withdrawn" and story.published_at):
        raise Http404
    return told(story)


def gone(request, *, embeddable=False):
    """Taken down: the same answer on page, embed, feed entry, picture and film, and nothing of the story in it."""
    response = render(request, "read/embed_gone.html" if embeddable else "read/gone.html", status=410)
    response["Cache-Control"] = "no-store"
    response.embeddable = embeddable
    return response


@public
@steady
def story(request, slug):
    story = found(slug)
    if not story.live:
        return gone(request)
    out = edition()
    year = str((story.encounter.at if story.encounter_id else story.published_at).year)
    box = (out.context.get(story.area_id) or {}).get(year) if story.area_id else None
    response = render(request, "read/story.html", {
        "story": story, "told": story.told, "section": "stories", "box": box, "year": year,
        "corrections": story.corrections.order_by("at"), "spread": out.spread.get(story.story_id),
        "bars": charts.days_bars((out.spread.get(story.story_id) or {}).get("days") or [], width=360, height=140), "edition": out,
        "address": request.build_absolute_uri(request.path), "trial": story.trials.filter(closed_at=None).first(),
    })  # fmt: skip
    response["Cache-Control"] = "no-cache"
    return response


@public
@steady
def places(request):
    out = edition()
    return render(request, "read/places.html", {"edition": out, "section": "places", "areas": out.areas})


@public
@steady
def areas_json(request):
    """The town's own borders, as GeoJSON, with the suppressed rates of this edition."""
    out = edition()
    features = [
        {
            "type": "Feature", "geometry": {"type": "Polygon", "coordinates": a["rings"]},
            "properties": {k: a.get(k) for k in ("area_id", "name", "positive_rate", "enforcement_rate", "residents")},
        }
        for a in out.areas if a.get("rings")
    ]  # fmt: skip
    return JsonResponse({"type": "FeatureCollection", "features": features}, headers={"Cache-Control": "no-cache"})


@public
@steady
def trust(request):
    out = edition()
    return render(
        request,
        "read/trust.html",
        {
            "edition": out,
            "section": "trust",
            "chart": charts.trust_line(out.trust, width=560, height=300),
            "moved": words.moved_sentence(out.trust_moved),
        },
    )


@public
@steady
def ripple(request):
    out = edition()
    studies = {}
    for row in out.ripple:
        studies.setdefault(row["study"], []).append(row)
    names = words.ring_names()
    shown = [
        {
            "name": name, "chart": charts.ripple_curve(rows, names), "rows": rows, "sentence": words.ripple_sentence(rows),
            "answer": words.answer_sentence(out.answers.get(name)), "together": (out.answers.get(name) or {}).get("together"),
        }
        for name, rows in studies.items()
    ]  # fmt: skip
    return render(
        request, "read/ripple.html", {"edition": out, "section": "ripple", "studies": shown, "names": names}
    )


@public
@steady
def promises(request):
    return render(request, "read/promises.html", {"edition": edition(), "section": "promises"})


@public
@steady
def how(request):
    response = render(request, "read/how.html", {"edition": edition()})
    patch_vary_headers(response, ["Accept-Language"])
    return response


@public
@steady
def ask(request):
    return render(request, "read/ask.html", {"body": settings.SITE.independent_body})


@public
def poster(request):
    """One sheet for a wall: what to ask for, where to answer, where to say that something went wrong."""
    doors = [
        (name, request.build_absolute_uri(reverse(name)), qr(request.build_absolute_uri(reverse(name))))
        for name in ("answer:start", "harm")
    ]
    return render(request, "read/poster.html", {"doors": doors, "body": settings.SITE.independent_body})
