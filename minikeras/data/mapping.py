"""Stages that call users' functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.data.elements import call, call_with, is_dataset, result_of, spread, to_element
from minikeras.data.spec import NotDescribable, described, resized, spec_of
from minikeras.data.stage import (
    INFINITE_CARDINALITY,
    UNKNOWN_CARDINALITY,
    OneInput,
    RandomStage,
    Run,
    Stage,
    seeds_of,
)
from minikeras.data.threads import ahead, in_threads, in_threads_if_slow


class Map(OneInput):
    """What a function makes of every element.

    Args:
        source: the stage before.
        function: called with an element, or with the parts of one that is a tuple.
        workers: how many threads call it; 0 for none but the caller's, None for as many as help.
    """

    def __init__(self, source: Stage, function: Callable, workers: int | None) -> None:
        super().__init__(source)
        self._function, self._workers = function, workers

    def elements(self, run: Run) -> Iterator[Any]:
        elements = self.source.elements(run)
        if self._workers is None:
            return in_threads_if_slow(self._apply, elements)
        if self._workers:
            return in_threads(self._apply, elements, self._workers)
        return map(self._apply, elements)

    def _apply(self, element: Any) -> Any:
        return result_of(call_with(self._function, element))

    def spec(self) -> Any:
        spec = self.source.spec()
        try:
            return described(lambda element: spread(self._function, element), spec)
        except NotDescribable:
            return self._spec_of_result(spec)

    def _spec_of_result(self, spec: Any) -> Any:
        """Return the spec of the first result. An axis of batches has no fixed size there either."""
        result = spec_of(self.first())
        shapes = [getattr(leaf, "shape", None) for leaf in tree.flatten(spec)]
        batched = all(shape and shape[0] is None for shape in shapes)
        first = {shape[0] for shape in _shapes(result)}
        return (
            resized(result, None) if batched and len(first) == 1 and None not in first else result
        )


def _shapes(spec: Any) -> list[tuple]:
    return [getattr(leaf, "shape", None) or (None,) for leaf in tree.flatten(spec)]


class Scan(OneInput):
    """What a function makes of every element and of a state that it hands on."""

    def __init__(self, source: Stage, state: Any, function: Callable) -> None:
        super().__init__(source)
        self._state, self._function = to_element(state), function

    def elements(self, run: Run) -> Iterator[Any]:
        state = self._state
        for element in self.source.elements(run):
            result = call(self._function, state, element)
            if not isinstance(result, (tuple, list)) or len(result) != 2:
                raise TypeError(
                    f"scan: `scan_func` must return the pair (new_state, output). Received: {result!r}"
                )
            state, output = map(to_element, result)
            yield output

    def spec(self) -> Any:
        try:
            pair = (spec_of(self._state), self.source.spec())
            return described(lambda both: self._function(*both), pair)[1]
        except NotDescribable:
            return spec_of(self.first())


class Nested(OneInput, RandomStage):
    """A stage whose function returns data sets, which may draw."""

    def __init__(self, source: Stage, function: Callable, name: str) -> None:
        OneInput.__init__(self, source)
        RandomStage.__init__(self)
        self._function, self._name = function, name

    def open(self, run: Run, key: tuple, number: int, caller: Callable, *parts: Any) -> Iterator:
        """Call the function, and return an iterator over the data set that it returns."""
        with seeds_of(key, number):
            result = caller(self._function, *parts)
        if not is_dataset(result):
            raise TypeError(f"{self._name} must return a Dataset. Received: {result!r}")
        return result._stage.elements(run.inner(key, number))

    def cardinality(self) -> int:
        n = self.source.cardinality()
        return n if n in (0, INFINITE_CARDINALITY) else UNKNOWN_CARDINALITY

    def spec(self) -> Any:
        """Return the spec of the data set that the function returns for the first element."""
        first = self.source.first()
        with seeds_of((self.seed,), 0):
            return self.make(first).element_spec

    def make(self, element: Any) -> Any:
        """Return the data set that the function returns for an element."""
        return call_with(self._function, element)


class Interleave(Nested):
    """Elements of the data sets that a function returns, from several of them in turn.

    Args:
        source: the stage before.
        function: returns a data set for an element.
        cycle: how many data sets are open at once.
        block: how many elements are taken from one before it is the next one's turn.
        threads: whether each open data set is read ahead by a thread of its own.
        name: the method and argument, for messages.
    """

    def __init__(
        self, source: Stage, function: Callable, cycle: int, block: int, threads: bool, name: str
    ) -> None:
        super().__init__(source, function, name)
        self._cycle, self._block, self._threads = cycle, block, threads

    def elements(self, run: Run) -> Iterator[Any]:
        key = run.key(self)
        source = enumerate(self.source.elements(run))
        open_: list[Iterator | None] = [None] * self._cycle
        more = True
        try:
            while more or any(open_):
                for place in range(self._cycle):
                    if open_[place] is None and more:
                        number, element = next(source, (None, None))
                        more = number is not None
                        if more:
                            inner = self.open(run, key, number, call_with, element)
                            open_[place] = ahead(inner, self._block) if self._threads else inner
                    if open_[place] is None:
                        continue
                    ended = yield from self._turn(open_[place])
                    if ended:
                        open_[place] = None
        finally:
            for stream in open_:  # an error would keep them and their threads as long as itself
                if hasattr(stream, "close"):
                    stream.close()

    def _turn(self, stream: Iterator) -> Iterator[Any]:
        """Give the elements of one turn, and return whether there are no others.

        The end of a data set is its turn's end too: what comes in its place waits for the next.
        """
        for _ in range(self._block):
            for element in stream:
                yield element
                break
            else:
                return True
        return False


class GroupByWindow(Nested):
    """Elements gathered by keys; so many of one key go through a function that returns a data set.

    Args:
        source: the stage before.
        key: returns an integer for an element.
        function: returns a data set for a key and a window, a data set of elements.
        size: returns the number of elements in a window for a key.
        make: returns the data set of a list of elements.
        spec: returns the spec of the elements, if it is not to be found by trying.
    """

    def __init__(
        self,
        source: Stage,
        key: Callable,
        function: Callable,
        size: Callable,
        make: Callable,
        spec: Callable | None = None,
    ) -> None:
        super().__init__(source, function, "group_by_window: `reduce_func`")
        self._key, self._size, self._make, self._spec = key, size, make, spec

    def spec(self) -> Any:
        return super().spec() if self._spec is None else self._spec()

    def elements(self, run: Run) -> Iterator[Any]:
        draws = run.key(self)
        windows: dict[int, list] = defaultdict(list)
        sizes: dict[int, int] = {}
        number = 0
        for element in self.source.elements(run):
            key = to_element(call_with(self._key, element))
            if key.ndim or key.dtype.kind not in "iu":
                raise ValueError(
                    f"group_by_window: `key_func` must return an integer. Received: {key!r}"
                )
            group = int(key)
            if group not in sizes:
                sizes[group] = int(to_element(call(self._size, key)))
                if sizes[group] <= 0:
                    raise ValueError(
                        "group_by_window: the size of a window must be positive. "
                        f"Received: {sizes[group]} for the key {group}"
                    )
            windows[group].append(element)
            if len(windows[group]) == sizes[group]:
                yield from self._reduce(run, draws, number, group, windows.pop(group))
                del sizes[group]
                number += 1
        for group in sorted(windows):
            yield from self._reduce(run, draws, number, group, windows.pop(group))
            number += 1

    def _reduce(self, run: Run, draws: tuple, number: int, group: int, window: list) -> Iterator:
        return self.open(run, draws, number, self._caller, np.int64(group), window)

    def _caller(self, function: Callable, group: Any, window: list) -> Any:
        return call(lambda key: function(key, self._make(window)), np.asarray(group))

    def make(self, element: Any) -> Any:
        key = to_element(call_with(self._key, element))
        return self._caller(self._function, key, [element])
