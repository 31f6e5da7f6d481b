"""A story as others show it: in a frame, as a picture, in a feed, for newsrooms. Taken down, each answers 410."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import resolve, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from commonbeat.errors import BadInput
from commonbeat.stories import atom, press_release
from commonbeat.stories import card as draw_card
from commonbeat.stories import oembed as oembed_of
from commonbeat.web.base.roles import public
from commonbeat.web.base.steady import steady
from commonbeat.web.media import store
from commonbeat.web.read import words
from commonbeat.web.read.views import edition, found, gone, live, told


@public
@steady
def embed(request, slug):
    story = found(slug)
    if not story.live:
        return gone(request, embeddable=True)
    response = render(request, "read/embed.html", {
        "story": story, "told": story.told, "address": request.build_absolute_uri(reverse("story", args=[slug])),
    })  # fmt: skip
    response.embeddable = True
    response["Cache-Control"] = "no-cache"
    return response


@public
@steady
def card(request, slug):
    story = found(slug)
    if not story.live:
        return gone(request)
    png = _card(story.pk, story.changed_at.isoformat(), story.told.title, story.clip.poster if story.clip_id else "")
    return HttpResponse(png, content_type="image/png", headers={"Cache-Control": "no-cache"})


@lru_cache(maxsize=64)
def _card(story_id, changed, title, poster):
    picture = store.read_all(poster) if poster else None
    return draw_card(title=title, site=settings.SITE.name, town=settings.SITE.town, poster=picture)


@public
@steady
def captions(request, slug):
    story = found(slug)
    if not story.live:
        return gone(request)
    if not story.clip_id or not story.clip.captions:
        raise Http404
    return HttpResponse(
        story.clip.captions, content_type="text/vtt; charset=utf-8", headers={"Cache-Control": "no-cache"}
    )


@public
@steady
def release(request, slug):
    """The story as plain text for newsrooms."""
    story = found(slug)
    if not story.live:
        return gone(request)
    year = str((story.encounter.at if story.encounter_id else story.published_at).year)
    box = (edition().context.get(story.area_id) or {}).get(year)
    text = press_release(
        title=story.told.title, words=story.told.words, town=settings.SITE.town, published=story.published_at,
        link=request.build_absolute_uri(reverse("story", args=[slug])), alt=story.told.alt_text,
        context=words.context_sentence(box, year) if box else _("How many other contacts there were is not known."),
        rights=_("Everybody shown may take their consent back at any time. If the link answers that the story was taken down, please take your copy down as well."),
    )  # fmt: skip
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-cache"})


@public
@steady
def feed(request):
    base = request.build_absolute_uri("/")
    entries = [
        {
            "id": f"urn:commonbeat:{s.story_id}", "title": s.told.title, "words": s.told.words[:600],
            "link": request.build_absolute_uri(reverse("story", args=[s.slug])), "published": s.published_at, "updated": s.changed_at,
        }
        for s in map(told, live()[:50])
    ]  # fmt: skip
    text = atom(entries, title=settings.SITE.name, home=base, feed=request.build_absolute_uri(), now=timezone.now())
    return HttpResponse(
        text, content_type="application/atom+xml; charset=utf-8", headers={"Cache-Control": "no-cache"}
    )


@public
def oembed(request):
    """oEmbed for pages that show our stories: an address in, a frame without cookies out."""
    address, root = request.GET.get("url", ""), request.build_absolute_uri("/")
    if request.GET.get("format", "json") != "json":
        return JsonResponse({"error": "Only format=json is spoken here."}, status=501)
    try:
        match = resolve("/" + address[len(root) :]) if address.startswith(root) else None
    except Http404:
        match = None
    if match is None or match.url_name != "story":
        return JsonResponse({"error": "url must be the address of a story on this site."}, status=404)
    story = found(match.kwargs["slug"])
    if not story.live:
        return JsonResponse({"error": "This story was taken down. Please take your copy down as well."}, status=410)
    try:
        wide, high = (
            min(limit, int(request.GET.get(k, limit))) for k, limit in (("maxwidth", 560), ("maxheight", 480))
        )
        found_ = oembed_of(
            title=story.told.title, page=address, frame=request.build_absolute_uri(reverse("embed", args=[story.slug])),
            site=settings.SITE.name, home=root, width=wide, height=high,
        )  # fmt: skip
    except (ValueError, BadInput):
        return JsonResponse({"error": "maxwidth and maxheight are whole numbers from 200."}, status=400)
    return JsonResponse(found_, headers={"Cache-Control": "no-cache"})
