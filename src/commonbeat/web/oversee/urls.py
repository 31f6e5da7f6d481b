from django.urls import path

from commonbeat.web.oversee import views

app_name = "oversee"
urlpatterns = [
    path("", views.home, name="home"),
    path("log/", views.log, name="log"),
    path("log/head/", views.head, name="head"),
    path("log/checkpoint/", views.checkpoint, name="checkpoint"),
    path("export/", views.export, name="export"),
    path("harm/", views.harm, name="harm"),
    path("harm/<int:pk>/", views.harm_answer, name="harm_answer"),
]
