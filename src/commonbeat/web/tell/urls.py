from django.urls import include, path

from commonbeat.web.tell import views

named = [
    path("desk/tell/", views.list_, name="list"),
    path("desk/tell/begin/", views.begin, name="begin"),
    path("desk/tell/requests/", views.takedowns, name="takedowns"),
    path("desk/tell/requests/<int:pk>/", views.settle, name="settle"),
    path("desk/tell/<slug:story_id>/", views.story, name="story"),
    path("desk/tell/<slug:story_id>/words/", views.words, name="words"),
    path("desk/tell/<slug:story_id>/frame/", views.frame, name="frame"),
    path("desk/tell/<slug:story_id>/invite/", views.invite, name="invite"),
    path("desk/tell/<slug:story_id>/do/<slug:doing>/", views.act, name="act"),
    path("stories/<slug:slug>/this-is-me/", views.door, name="door"),
    path("this-is-me/receipt/", views.receipt, name="receipt"),
    path("mine/<str:token>/", views.link, name="link"),
]
urlpatterns = [path("", include((named, "tell")))]
