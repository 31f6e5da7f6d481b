from django.urls import path

from commonbeat.web.talk import views

app_name = "talk"
urlpatterns = [path("", views.start, name="start")]
