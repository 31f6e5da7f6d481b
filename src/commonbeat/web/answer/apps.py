from django.apps import AppConfig


class Config(AppConfig):
    name = "commonbeat.web.answer"
    label = "answer"
