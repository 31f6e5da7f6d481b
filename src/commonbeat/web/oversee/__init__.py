"""Did they do what they say?"""
