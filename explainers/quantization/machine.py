"""What this machine has: its processor, the instructions that make INT8 or BF16 fast, and the engines at hand.

VNNI multiplies and adds four products of bytes in one instruction (AVX-512 VNNI or AVX-VNNI); AMX multiplies whole
tiles of them; AVX512_BF16 does the like for pairs of BF16. Without them INT8 still saves bytes, but little time.
Reference: Intel 64 and IA-32 Architectures Optimization Reference Manual; torch.cpu for how they are asked for.
"""

from __future__ import annotations

import functools
import importlib.metadata
import os
import platform
from dataclasses import dataclass
from pathlib import Path

ENGINES = ("torch", "torchao", "onnxruntime", "onnx")


@dataclass(frozen=True)
class Machine:
    """`flags`: which of "avx2", "avx512", "vnni", "amx", "bf16" and "neon" it has. `versions`: engine to version; one
    that is not installed is absent."""

    processor: str
    cores: int
    flags: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]

    def version(self, engine: str) -> str | None:
        """The version of an engine, or None where it is not installed."""
        return dict(self.versions).get(engine)


@functools.cache
def this_machine() -> Machine:
    """What is here."""
    import torch

    flags = {
        "avx2": torch.cpu._is_avx2_supported(),
        "avx512": torch.cpu._is_avx512_supported(),
        "vnni": torch.cpu._is_vnni_supported() or torch.cpu._is_avx512_vnni_supported(),
        "amx": torch.cpu._is_amx_tile_supported(),
        "bf16": torch.cpu._is_avx512_bf16_supported(),
        "neon": platform.machine() in ("arm64", "aarch64"),
    }
    versions = tuple((name, found) for name in ENGINES if (found := _version(name)) is not None)
    return Machine(_processor(), os.cpu_count() or 1, tuple(name for name, has in flags.items() if has), versions)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    """The processor's own name, as well as the system tells it."""
    listed = Path("/proc/cpuinfo")
    if listed.is_file():
        for line in listed.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
