"""Time the convolution and pooling kernels at the shapes of the workloads, forward and backward.

    python benchmarks/kernels.py                # all of them
    python benchmarks/kernels.py resnet         # one workload
    python benchmarks/kernels.py --torch        # beside PyTorch, if installed
    python benchmarks/kernels.py --processor    # processor time / threads, on a busy machine

Each figure is the least of many short repeats. GF/s counts the multiplications and additions of the
plain formula, whatever the kernel really does. The last line of a workload adds the layers up, each
as often as the model has it; inputs of the first layer need no gradient.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from minikeras.kernels import conv, parallel, pool
from minikeras.kernels.activations import RELU, SIGMOID, Fused
from minikeras.ops.convolution import transposed_windows, window


class Layer(NamedTuple):
    """One layer of a model and how often it occurs; `size` is that of its inputs."""

    kind: str
    times: int
    size: int
    channels: int
    filters: int
    kernel: int = 3
    stride: int = 1
    padding: str = "same"
    activation: Fused | None = None
    first: bool = False


WORKLOADS = {
    "convnet": (
        128,
        [
            Layer("conv", 1, 28, 1, 32, padding="valid", activation=RELU, first=True),
            Layer("max", 1, 26, 32, 32, 2, 2, "valid"),
            Layer("conv", 1, 13, 32, 64, padding="valid", activation=RELU),
            Layer("max", 1, 11, 64, 64, 2, 2, "valid"),
        ],
    ),
    "vgg": (
        64,
        [
            Layer("conv", 1, 32, 3, 32, first=True),
            Layer("conv", 1, 32, 32, 32),
            Layer("max", 1, 32, 32, 32, 2, 2, "valid"),
            Layer("conv", 1, 16, 32, 64),
            Layer("conv", 1, 16, 64, 64),
            Layer("max", 1, 16, 64, 64, 2, 2, "valid"),
            Layer("conv", 1, 8, 64, 128),
            Layer("conv", 1, 8, 128, 128),
            Layer("max", 1, 8, 128, 128, 2, 2, "valid"),
        ],
    ),
    "resnet": (
        64,
        [
            Layer("conv", 1, 32, 3, 16, first=True),
            Layer("conv", 6, 32, 16, 16),
            Layer("conv", 1, 32, 16, 32, stride=2),
            Layer("conv", 1, 32, 16, 32, 1, stride=2),
            Layer("conv", 5, 16, 32, 32),
            Layer("conv", 1, 16, 32, 64, stride=2),
            Layer("conv", 1, 16, 32, 64, 1, stride=2),
            Layer("conv", 5, 8, 64, 64),
        ],
    ),
    "autoencoder": (
        128,
        [
            Layer("conv", 1, 28, 1, 32, stride=2, activation=RELU, first=True),
            Layer("conv", 1, 14, 32, 32, stride=2, activation=RELU),
            Layer("transpose", 1, 7, 32, 32, stride=2, activation=RELU),
            Layer("transpose", 1, 14, 32, 32, stride=2, activation=RELU),
            Layer("conv", 1, 28, 32, 1, activation=SIGMOID),
        ],
    ),
}


def least(function: Callable, clock: Callable, seconds: float = 0.4) -> float:
    """Return the least time of many calls, in milliseconds."""
    function()
    best, until = math.inf, time.perf_counter() + seconds
    while time.perf_counter() < until:
        start = clock()
        function()
        best = min(best, clock() - start)
    return best * 1e3


def kernels(layer: Layer, batch: int, rng: Any) -> tuple[Callable, Callable, float]:
    """Return forward, backward and the number of operations of forward."""
    x = rng.normal(size=(batch, layer.size, layer.size, layer.channels)).astype("float32")
    steps, ones = (layer.stride,) * 2, (1, 1)
    needs = [not layer.first, True, True]
    if layer.kind == "max":
        w = window(x.shape[1:3], (layer.kernel,) * 2, steps, layer.padding, ones)
        y, saved = pool.max_forward(x, w)
        g = rng.normal(size=y.shape).astype("float32")
        return (
            lambda: pool.max_forward(x, w),
            lambda: pool.max_backward(g, saved, [True], None),
            float(x.size),
        )
    bias = np.zeros(layer.filters, "float32")
    if layer.kind == "transpose":
        kernel = rng.normal(size=(layer.kernel,) * 2 + (layer.filters, layer.channels))
        kernel = kernel.astype("float32")
        w = transposed_windows(x.shape[1:3], kernel.shape[:2], steps, layer.padding, None, ones)
        arguments = x, kernel, bias, w, layer.activation
        y, saved = conv.transpose_forward(*arguments)
        g = rng.normal(size=y.shape).astype("float32")
        return (
            lambda: conv.transpose_forward(*arguments),
            lambda: conv.transpose_backward(g, saved, needs, None),
            2.0 * batch * math.prod(w.out) * kernel.size,
        )
    kernel = rng.normal(size=(layer.kernel,) * 2 + (layer.channels, layer.filters))
    kernel = kernel.astype("float32")
    arguments = x, kernel, bias, steps, layer.padding, ones, 1, layer.activation
    y, saved = conv.forward(*arguments)
    g = rng.normal(size=y.shape).astype("float32")
    return (
        lambda: conv.forward(*arguments),
        lambda: conv.backward(g, saved, needs, None),
        2.0 * batch * math.prod(y.shape[1:3]) * kernel.size,
    )


def torch_kernels(layer: Layer, batch: int) -> tuple[Callable, Callable]:
    """The same with PyTorch, in its own order of axes."""
    import torch

    torch.manual_seed(0)
    x = torch.randn(batch, layer.channels, layer.size, layer.size, requires_grad=not layer.first)
    same = layer.padding == "same"
    if layer.kind == "max":
        module = torch.nn.MaxPool2d(layer.kernel, layer.stride)
    elif layer.kind == "transpose":
        module = torch.nn.ConvTranspose2d(
            *(layer.channels, layer.filters, layer.kernel, layer.stride),
            padding=layer.kernel // 2,
            output_padding=layer.stride - 1,
        )
    else:
        padding = layer.kernel // 2 if same else 0
        module = torch.nn.Conv2d(layer.channels, layer.filters, layer.kernel, layer.stride, padding)
    activation = getattr(torch, layer.activation.name) if layer.activation else lambda y: y

    def forward() -> Any:
        return activation(module(x))

    y = forward()
    g = torch.randn_like(y)
    wanted = [t for t in (x, *module.parameters()) if t.requires_grad]
    return forward, lambda: torch.autograd.grad(y, wanted, g, retain_graph=True)


def main() -> None:
    """Print a table for each workload."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("workloads", nargs="*", help=f"of {', '.join(WORKLOADS)}; all if none")
    parser.add_argument("--torch", action="store_true", help="time PyTorch too")
    parser.add_argument("--processor", action="store_true", help="processor time / threads")
    arguments = parser.parse_args()
    clock = time.perf_counter
    if arguments.processor:
        share = parallel.threads()

        def clock() -> float:
            return time.process_time() / share

    rng = np.random.default_rng(0)
    for name in arguments.workloads or WORKLOADS:
        batch, layers = WORKLOADS[name]
        total = [0.0, 0.0, 0.0, 0.0]
        print(f"\n{name}, batch {batch}: ms (GF/s)")
        for layer in layers:
            forward, backward, operations = kernels(layer, batch, rng)
            times = [least(forward, clock), least(backward, clock)]
            work = [operations, operations * (1 if layer.first else 2)]
            if arguments.torch:
                times += [least(f, clock) for f in torch_kernels(layer, batch)]
                work += work
            total = [a + layer.times * b for a, b in zip(total, [*times, 0.0, 0.0])]
            cells = "  ".join(f"{t:7.2f} ({w / t / 1e6:4.0f})" for t, w in zip(times, work))
            what = (
                f"{layer.times} x {layer.kind} {layer.size}x{layer.size}x{layer.channels}, "
                f"{layer.filters} of {layer.kernel}x{layer.kernel}/{layer.stride}"
            )
            print(f"  {what:44}{cells}")
        print(f"  {'all':44}" + "  ".join(f"{t:7.2f}       " for t in total if t))


if __name__ == "__main__":
    main()
