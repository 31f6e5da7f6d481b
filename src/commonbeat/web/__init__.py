"""The site: a desk for those who keep the record, a square for everybody else.

Rooms are nouns; what visitors do here are verbs, one Django app each: `record`, `review`, `tell`, `oversee` at the desk;
`read`, `talk`, `answer`, `moments` on the square. Views read a form, call one function, and draw a page.
"""
