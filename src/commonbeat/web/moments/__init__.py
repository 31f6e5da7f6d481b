"""Two moments, seven stations: the whole path on one page."""
