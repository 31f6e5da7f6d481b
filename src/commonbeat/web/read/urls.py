from django.urls import path

from commonbeat.web.read import views

urlpatterns = [
    path("", views.home, name="home"),
    path("stories/", views.stories, name="stories"),
    path("stories/<slug:slug>/", views.story, name="story"),
    path("stories/<slug:slug>/embed/", views.embed, name="embed"),
    path("stories/<slug:slug>/card.png", views.card, name="card"),
    path("stories/<slug:slug>/release.txt", views.release, name="release"),
    path("stories/<slug:slug>/captions.vtt", views.captions, name="captions"),
    path("feed.atom", views.feed, name="feed"),
    path("oembed", views.oembed, name="oembed"),
    path("places/", views.places, name="places"),
    path("places/areas.json", views.areas_json, name="areas_json"),
    path("trust/", views.trust, name="trust"),
    path("ripple/", views.ripple, name="ripple"),
    path("promises/", views.promises, name="promises"),
    path("how-we-know/", views.how, name="how"),
    path("what-you-may-ask-for/", views.ask, name="ask"),
    path("poster/", views.poster, name="poster"),
]
