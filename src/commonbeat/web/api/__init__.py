"""The same numbers as JSON, for programs: read only, suppressed as the pages are, described by OpenAPI."""
