"""Commonbeat: from a moment on the beat to a report a town can trust."""

__version__ = "0.1.0"
