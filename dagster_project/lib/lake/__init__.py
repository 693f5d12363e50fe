"""The lake: the warehouse's tables as folders of Parquet, on a path or an object store, for any engine.

Not here: what readers of one machine open (publish), and the record that all is built from (record).
"""
