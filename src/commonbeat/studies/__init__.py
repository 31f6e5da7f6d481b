"""Ask beforehand, seal, draw, answer."""
