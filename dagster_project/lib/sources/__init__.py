"""Every request over HTTP, and the small sources beside the Hub: OpenRouter, models.dev, npm and pypistats.

Not here: the Hub (hub), the archive and Yahoo, which are large enough for rooms of their own.
"""
