from django.urls import include, path

from commonbeat.web.talk import views

named = [
    # first, because it is asked for most when very many are here at once
    path("talk/<slug:slug>/vote/", views.vote, name="vote"),
    path("talk/", views.start, name="start"),
    path("talk/<slug:slug>/", views.conversation, name="conversation"),
    path("talk/<slug:slug>/propose/", views.propose, name="propose"),
    path("talk/<slug:slug>/erase/", views.erase, name="erase"),
    path("talk/<slug:slug>/results/", views.results, name="results"),
    path("talk/<slug:slug>/embed/", views.embed, name="embed"),
    path("talk/<slug:slug>/decisions/", views.decisions, name="decisions"),
    path("talk/<slug:slug>/decisions/<slug:statement_id>/", views.appeal, name="appeal"),
    path("desk/talk/", views.desk, name="desk"),
    path("desk/talk/<slug:statement_id>/", views.moderate, name="moderate"),
    path("desk/talk/<slug:statement_id>/reply/", views.reply, name="reply"),
]
urlpatterns = [path("", include((named, "talk")))]
