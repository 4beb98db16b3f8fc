"""What things cost where neither a setting nor the service says otherwise. Pure."""

from decimal import Decimal
from typing import Final

GPU_USD_PER_S: Final = Decimal("0.00019")
"""A second of a worker: RunPod's L4 (flex), August 2026. SKYDECK_GPU_USD_PER_S sets another."""
USD_PER_MILLION_INPUT_TOKENS: Final = 1.0
USD_PER_MILLION_OUTPUT_TOKENS: Final = 5.0
"""Of a language model, if a worker's seconds are not known."""
