"""May this be told, and how?"""
