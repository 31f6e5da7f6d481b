"""What is still to be done in the background, and who has taken it?"""
