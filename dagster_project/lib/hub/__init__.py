"""The Hub: its listing is crawled, read, checked and stored as a day; what repositories were over time.

Not here: days that nobody observed (archive), and requests as such (sources/http).
"""
