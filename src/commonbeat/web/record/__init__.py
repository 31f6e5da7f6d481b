"""What happened on the beat?"""
