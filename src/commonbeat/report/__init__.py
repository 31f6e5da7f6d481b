"""The only way out: results become sentences, charts and pages here, after `privacy` has been asked."""
