"""What happened, and how do we know? Checked tables, receipts, and an immutable snapshot of both."""

from commonbeat.ledger.adding import Added
from commonbeat.ledger.book import Book
from commonbeat.ledger.erasing import Erased
from commonbeat.ledger.holds import Hold, held, hold, lift
from commonbeat.ledger.receipts import Origin, Source
from commonbeat.ledger.verifying import Verified, verify

__all__ = ["Added", "Book", "Erased", "Hold", "Origin", "Source", "Verified", "held", "hold", "lift", "verify"]
