"""Memory and time of quantized layers beside float32.

    python benchmarks/quantization.py                 # widths 512 and 2048, 1 to 256 rows

Times are the least of many runs, in milliseconds: on a machine that others use too, means tell of the
others. GPTQ's and AWQ's weights are multiplied by like int4's.
"""

from __future__ import annotations

import argparse
import functools
import sys
import time
from pathlib import Path

import numpy as np
from kernels import least

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from minikeras import layers, quantizers

KINDS = {
    "float32": None,
    "int8": quantizers.Int8QuantizationConfig(),
    "int8, inputs as they are": quantizers.Int8QuantizationConfig(activation_quantizer=None),
    "int4, groups of 128": quantizers.Int4QuantizationConfig(),
    "int4, no groups": quantizers.Int4QuantizationConfig(block_size=None),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--widths", type=int, nargs="+", default=[512, 2048])
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 32, 256])
    parser.add_argument("--seconds", type=float, default=0.3, help="for each figure")
    options = parser.parse_args()
    print(f"{'Dense, calls':<28}{'MB':>8}" + "".join(f"{rows:>6} rows" for rows in options.rows))
    rng = np.random.default_rng(0)
    for width in options.widths:
        print(f"{width} to {width}")
        for kind, config in KINDS.items():
            layer = layers.Dense(width)
            layer.build((None, width))
            if config is not None:
                layer.quantize(config=config)
            size = sum(w.numpy().nbytes for w in layer.weights) / 1e6
            line = f"  {kind:<26}{size:>8.2f}"
            for rows in options.rows:
                x = rng.standard_normal((rows, width), dtype=np.float32)
                call = functools.partial(layer, x)
                line += f"{least(call, time.perf_counter, options.seconds):>11.3f}"
            print(line, flush=True)


if __name__ == "__main__":
    main()
