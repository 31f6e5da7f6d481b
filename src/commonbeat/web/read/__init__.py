"""What does the town get to see?"""
