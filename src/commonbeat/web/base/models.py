from __future__ import annotations

import json

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import ASCIIUsernameValidator
from django.db import models

from commonbeat import audit
from commonbeat.web.base.roles import Role


class Crew(BaseUserManager):
    def create_user(self, username, role, password=None, **more):
        person = self.model(username=username, role=role, **more)
        person.set_password(password)
        person.full_clean(exclude=["password"])
        person.save(using=self._db)
        return person


class Staff(AbstractBaseUser):
    """Somebody who signs in. No e-mail, no first and last name: a user name and a role are enough to keep a record."""

    username = models.CharField(max_length=60, unique=True, validators=[ASCIIUsernameValidator()])
    role = models.CharField(max_length=20, choices=Role)
    unit = models.CharField(max_length=60, blank=True)
    is_active = models.BooleanField(default=True)
    demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["role"]
    objects = Crew()

    def __str__(self):
        return self.username


class Entry(models.Model):
    """One line of the audit log, as `commonbeat.audit` chains them. Only ever added to: the database itself refuses more."""

    n = models.BigIntegerField(primary_key=True)
    at = models.CharField(max_length=40)
    what = models.CharField(max_length=60, db_index=True)
    who = models.CharField(max_length=80)
    about = models.TextField(default="{}")
    object = models.CharField(max_length=120, db_index=True)
    before = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["n"]

    def chained(self) -> audit.Entry:
        return audit.Entry(self.n, self.at, self.what, self.who, json.loads(self.about), self.before, self.hash)


class Once(models.Model):
    """A request that was already answered: the same key gives the same answer, not a second row."""

    key = models.CharField(max_length=64, primary_key=True)
    answer = models.CharField(max_length=300)
    at = models.DateTimeField(auto_now_add=True)


class Setting(models.Model):
    """A small thing the site must remember across restarts."""

    name = models.CharField(max_length=60, primary_key=True)
    value = models.TextField()
