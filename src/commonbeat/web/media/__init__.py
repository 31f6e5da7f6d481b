"""Clips at rest and on their way: encrypted in pieces, read by range, received resumably."""
