"""What happened, and how do we know? Checked tables, receipts, and an immutable snapshot of both."""

from commonbeat.ledger.adding import Added
from commonbeat.ledger.book import Book
from commonbeat.ledger.erasing import Erased
from commonbeat.ledger.holds import Hold, held, hold, lift
from commonbeat.ledger.leaving import export, harmless
from commonbeat.ledger.mapping import Mapping, mapping, mappings
from commonbeat.ledger.places import Borders, Placed
from commonbeat.ledger.reading import Imported, bring_in, read
from commonbeat.ledger.receipts import Origin, Source
from commonbeat.ledger.retention import Due, due, keep_to, schedule
from commonbeat.ledger.sentences import Caught, caught
from commonbeat.ledger.verifying import Verified, verify

__all__ = [
    "Added",
    "Book",
    "Borders",
    "Caught",
    "Due",
    "Erased",
    "Hold",
    "Imported",
    "Mapping",
    "Origin",
    "Placed",
    "Source",
    "Verified",
    "bring_in",
    "caught",
    "due",
    "export",
    "harmless",
    "held",
    "hold",
    "keep_to",
    "lift",
    "mapping",
    "mappings",
    "read",
    "schedule",
    "verify",
]
