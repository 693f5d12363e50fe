"""Model Tide: how open models spread, and whether markets notice."""

import os

os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"  # read once, when a module of ours first imports huggingface_hub
