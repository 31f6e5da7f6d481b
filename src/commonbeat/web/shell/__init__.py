"""The small server in front of Django: what slow clients touch."""
