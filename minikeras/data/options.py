"""`Options`: what users of tf.data set for its runtime."""

from __future__ import annotations

from types import SimpleNamespace


class Options(SimpleNamespace):
    """Settings that stay with a data set: `dataset.with_options(options)`.

    They tell TensorFlow's runtime how to go about things. Here elements come in one order, whatever
    they say, and they are only kept. Any attribute may be set, on the groups too.

    Attributes:
        deterministic: whether elements keep their order.
        autotune, threading, experimental_distribute, experimental_optimization: groups of settings.

    Example:

    >>> from minikeras.data import Dataset, Options
    >>> options = Options()
    >>> options.threading.private_threadpool_size = 2
    >>> Dataset.range(3).with_options(options).options().threading.private_threadpool_size
    2
    """

    def __init__(self) -> None:
        super().__init__(
            deterministic=None,
            autotune=SimpleNamespace(),
            threading=SimpleNamespace(),
            experimental_distribute=SimpleNamespace(),
            experimental_optimization=SimpleNamespace(),
        )
