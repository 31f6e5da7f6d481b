"""How were you treated, in your own words?"""
