"""Are the people in this footage protected?"""
