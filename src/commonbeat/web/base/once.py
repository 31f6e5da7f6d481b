"""The same request twice gives one row: a phone that lost the answer may ask again with the same key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from django.db import IntegrityError, transaction

from commonbeat.web.base.models import Once


def once(scope: str, key: str, act: Callable[[], str]) -> str:
    """Runs `act` in a transaction unless this key was answered before; gives the same answer either way."""
    name = hashlib.sha256(f"{scope}\x00{key}".encode()).hexdigest()
    try:
        with transaction.atomic():
            held = Once.objects.filter(pk=name).first()
            if held:
                return held.answer
            Once.objects.create(key=name, answer="")
            answer = act()
            Once.objects.filter(pk=name).update(answer=answer)
            return answer
    except IntegrityError:
        held = Once.objects.filter(pk=name).first()
        if held is None:
            raise
        return held.answer
