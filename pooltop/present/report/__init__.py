"""A run as one HTML page: what it was, how it went over time, what it came to. Pure.

``gather`` takes pictures as they come and keeps little of them; ``page`` makes the page of it,
which needs no network, no script, and shows every text for what it is.
"""
