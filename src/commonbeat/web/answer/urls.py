from django.urls import path

from commonbeat.web.answer import views

app_name = "answer"
urlpatterns = [path("", views.start, name="start")]
