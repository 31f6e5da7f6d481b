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
    path("<slug:footage_id>/mask/<int:track>/", views.mask, name="mask"),
    path("<slug:footage_id>/none/<int:which>/", views.none, name="none"),
    path("<slug:footage_id>/face/<int:which>/", views.face, name="face"),
    path("<slug:footage_id>/pointed/<int:which>/", views.pointed, name="pointed"),
    path("<slug:footage_id>/frame/<int:frame>.jpg", views.picture, name="picture"),
    path("<slug:footage_id>/boxes.json", views.boxes, name="boxes"),
    path("<slug:footage_id>/protect/", views.protect, name="protect"),
    path("<slug:footage_id>/release/", views.release, name="release"),
    path("<slug:footage_id>/original/", views.original, name="original"),
]
