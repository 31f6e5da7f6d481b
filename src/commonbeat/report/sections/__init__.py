"""One module per page of the report: asks a room, gives a `Page`. What a book does not hold is said, not skipped."""
