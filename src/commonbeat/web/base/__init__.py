"""What every page shares: people who sign in, doors, the log, the look."""
