from django.urls import path

from commonbeat.web.review import views

app_name = "review"
urlpatterns = [
    path("", views.list_, name="list"),
    path("new/", views.new, name="new"),
    path("<slug:footage_id>/", views.clip, name="clip"),
    path("<slug:footage_id>/looked/", views.looked, name="looked"),
    path("<slug:footage_id>/words/", views.words, name="words"),
    path("<slug:footage_id>/region/", views.region, name="region"),
    path("<slug:footage_id>/mute/", views.mute, name="mute"),
    path("<slug:footage_id>/show/<int:track>/", views.show, name="show"),
    path("<slug:footage_id>/protect/", views.protect, name="protect"),
    path("<slug:footage_id>/release/", views.release, name="release"),
    path("<slug:footage_id>/original/", views.original, name="original"),
]
