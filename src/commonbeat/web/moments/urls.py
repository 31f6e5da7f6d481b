from django.urls import path, re_path

from commonbeat.web.moments import views

app_name = "moments"
urlpatterns = [
    path("", views.start, name="start"),
    re_path(r"^(?P<name>stroller|dance-off)/?$", views.page, name="page"),
]
