"""JSON: one object for one result, a list of objects for several."""

import json
import math
from collections.abc import Sequence
from typing import Any


def render(results: Sequence[dict[str, Any]]) -> str:
    """Return indented JSON that any parser takes: numbers that are not finite become strings."""
    plain = [_plain(result) for result in results]
    whole = plain[0] if len(plain) == 1 else plain
    text = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False)
    # Halves of characters are no UTF-8; JSON writes them as Python does, with a backslash.
    return text.encode(errors="backslashreplace").decode()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
