"""Audio as a library: codecs, containers and timing; imports nothing from `bot` or `cogs`."""

import os

# Otherwise ONNX Runtime makes an id for this machine, and sends it with the machine's kind and the
# path of the program to its authors. It reads this once, when its library is loaded.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # noqa: TID251  (for ONNX Runtime)
