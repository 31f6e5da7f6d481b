from django.urls import include, path

from commonbeat.web.answer import views

named = [
    path("answer/", views.start, name="start"),
    path("answer/pulse/", views.pulse, name="pulse"),
    path("desk/answer/", views.batches, name="batches"),
]
urlpatterns = [path("", include((named, "answer")))]
