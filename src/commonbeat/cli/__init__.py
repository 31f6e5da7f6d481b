"""The door for those who type: arguments in, one call to a room, words or JSON out.

Each command lives in `cli/<name>.py` (dashes become underscores; `import` is `import_`) and gives either a function
`command` or, for a group, a Typer `app`. Modules are imported only when their command is asked for, so that
`commonbeat --help` answers at once.
"""

from commonbeat.cli.main import COMMANDS, main

__all__ = ["COMMANDS", "main"]
