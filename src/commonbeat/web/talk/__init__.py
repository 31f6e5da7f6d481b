"""What do people think together?"""
