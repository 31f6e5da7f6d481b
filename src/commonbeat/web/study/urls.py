from django.urls import include, path

from commonbeat.web.study import practice, views

named = [
    path("studies/", views.register, name="register"),
    path("studies/back/", views.back, name="back"),
    path("studies/visit/<str:token>/", views.visit, name="visit"),
    path("studies/<slug:plan_id>/", views.page, name="page"),
    path("studies/<slug:plan_id>/join/", views.join, name="join"),
    path("desk/practice/", practice.cards, name="cards"),
    path("desk/practice/draw/", practice.desk, name="practice"),
    path("desk/study/", views.desk, name="desk"),
    path("desk/edition/", views.edition, name="edition"),
    path("desk/study/<slug:plan_id>/close/", views.close, name="close"),
]
urlpatterns = [path("", include((named, "study")))]
