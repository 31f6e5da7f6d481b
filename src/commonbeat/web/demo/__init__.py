"""A site filled from a simulated town, with roles that need no password. Nothing here works on a real site.

ready = demo.prepare(folder, town)     town: what `commonbeat demo` built (book, findings, truths, clips)
demo.serve(folder, port=8000)
"""

from commonbeat.web.demo.filling import ROLES, Ready, prepare, serve

__all__ = ["ROLES", "Ready", "prepare", "serve"]
