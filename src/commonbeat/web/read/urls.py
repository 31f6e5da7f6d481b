from django.urls import path

from commonbeat.web.read import sharing, views

urlpatterns = [
    path("", views.home, name="home"),
    path("stories/", views.stories, name="stories"),
    path("stories/<slug:slug>/", views.story, name="story"),
    path("stories/<slug:slug>/embed/", sharing.embed, name="embed"),
    path("stories/<slug:slug>/card.png", sharing.card, name="card"),
    path("stories/<slug:slug>/release.txt", sharing.release, name="release"),
    path("stories/<slug:slug>/captions.vtt", sharing.captions, name="captions"),
    path("feed.atom", sharing.feed, name="feed"),
    path("oembed", sharing.oembed, name="oembed"),
    path("places/", views.places, name="places"),
    path("places/areas.json", views.areas_json, name="areas_json"),
    path("trust/", views.trust, name="trust"),
    path("ripple/", views.ripple, name="ripple"),
    path("promises/", views.promises, name="promises"),
    path("how-we-know/", views.how, name="how"),
    path("what-you-may-ask-for/", views.ask, name="ask"),
    path("poster/", views.poster, name="poster"),
]
