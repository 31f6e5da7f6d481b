"""The shell: media, uploads and health answered here, everything else by Django in a bounded number of threads.

A visitor who reads a film slowly, or sends one slowly, holds a small coroutine and no thread, so that the pages stay quick.
"""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commonbeat.web.settings")

from commonbeat.web.shell.app import shell

application = shell()
