"""The two moments. Only a demonstration has them: on a real site these addresses do not exist."""

from django.urls import path, re_path

from commonbeat.web.moments import views

app_name = "moments"
urlpatterns = [
    path("demo/", views.roles, name="start"),
    path("demo/as/<slug:role>/", views.become, name="become"),
    path("demo/reset/", views.reset, name="reset"),
    re_path(r"^moments/(?P<name>stroller|dance-off)/?$", views.page, name="page"),
    path("moments/<slug:name>/take-down/", views.take_down, name="take_down"),
    path("moments/<slug:name>/<slug:which>.jpg", views.still, name="still"),
]
