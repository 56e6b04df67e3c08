"""transformers without torchao, which it imports unasked where that is installed: seconds of every first forward pass.

No model here is stored in torchao's formats; the quantization page calls torchao itself.
"""

from __future__ import annotations


def spare_torchao() -> None:
    """Call before anything of transformers' models is imported. Does nothing where that has happened."""
    import transformers.utils

    setattr(transformers.utils, "is_torchao_available", lambda *version: False)  # noqa: B010  it has no type of its own
