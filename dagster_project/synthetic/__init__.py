"""The invented world that `make demo`, the tests and the benchmarks talk to, over HTTP on 127.0.0.1.

Not here: anything that a live day needs. Only record.py knows the product.
"""
