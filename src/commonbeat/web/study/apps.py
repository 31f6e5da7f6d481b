from django.apps import AppConfig


class Config(AppConfig):
    name = "commonbeat.web.study"
    label = "study"
