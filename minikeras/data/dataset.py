"""`Dataset`: pipelines of data, with the names and the behaviour of `tf.data.Dataset`."""

from __future__ import annotations

import builtins
import glob
import operator
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from minikeras import tree
from minikeras.autodiff.tensor import Tensor
from minikeras.common.ranks import OwnRows
from minikeras.data import elements as el
from minikeras.data.batching import Batch, PaddedBatch, Rebatch, Unbatch, Window, zipped
from minikeras.data.buffering import Cache, FileCache, FromFile, Prefetch, save_elements
from minikeras.data.mapping import GroupByWindow, Interleave, Map, Scan
from minikeras.data.options import Options
from minikeras.data.selecting import (
    Choose,
    Concatenate,
    Counted,
    Filter,
    Repeat,
    Sample,
    Shard,
    Shuffle,
    Skip,
    Take,
    Unique,
)
from minikeras.data.sources import FromElements, FromGenerator, FromSlices, RandomNumbers, Range
from minikeras.data.spec import TensorSpec, map_types, resized, signature, with_axis
from minikeras.data.stage import (
    INFINITE_CARDINALITY,
    UNKNOWN_CARDINALITY,
    Run,
    Stage,
    get_state,
    set_state,
)

AUTOTUNE = -1
"""In the place of a number of threads or elements: let the library choose."""

_CYCLE = 4
"""How many data sets `interleave` opens at once if nobody says. It does not depend on the machine."""

_AHEAD = 2
"""How many elements `prefetch(AUTOTUNE)` has made ahead."""


class Dataset:
    """A pipeline of data: elements that are made when they are asked for, again in every pass.

    A data set is made by one of the static methods (`from_tensor_slices`, `from_generator`, `range`,
    ...). Its methods return others, and change nothing. `for element in dataset` makes a pass;
    `fit`, `evaluate` and `predict` take data sets of batches.

    Elements are tensors (of strings too: their `numpy()` is an array of NumPy's), or tuples and dicts
    of tensors. Functions are called with one element; with the parts of it as arguments, if it is a
    tuple. What they compute is on no tape.

    Draws can be repeated: they depend on `seed`, and on how many passes were begun before. A seed that
    is not given is drawn from NumPy's global stream, which `minikeras.utils.set_random_seed` sets.

    Attributes:
        element_spec: shapes and dtypes of the elements.
        name: what the method that made it was given as `name`; shown only.

    Example:

    >>> import numpy as np
    >>> from minikeras.data import Dataset
    >>> x, y = np.arange(6.0).reshape(3, 2), np.array([0, 1, 0])
    >>> dataset = Dataset.from_tensor_slices((x, y)).map(lambda x, y: (x * 2, y)).batch(2)
    >>> for x, y in dataset:
    ...     print(x.shape, y.numpy())
    (2, 2) [0 1]
    (1, 2) [0]
    """

    class_names: list[str]
    """Names of classes and files, if folders were read: `image_dataset_from_directory` and others."""

    file_paths: list[str]

    def __init__(self, stage: Stage, name: str | None = None) -> None:
        self._stage = stage
        self._spec: Any = None
        self.name = name

    def _keeping(self, stage: Stage, name: str | None) -> Dataset:
        """Return a data set whose elements are this one's, one for one: what is known of them counts."""
        made = Dataset(stage, name)
        for fact in ("class_names", "file_paths"):
            if hasattr(self, fact):
                setattr(made, fact, getattr(self, fact))
        return made

    # Where data come from.

    @staticmethod
    def from_tensors(tensors: Any, name: str | None = None) -> Dataset:
        """Return a data set of one element.

        Args:
            tensors: arrays, tensors, numbers or strings, in tuples and dicts. A list is an array.

        Example:

        >>> from minikeras.data import Dataset
        >>> list(Dataset.from_tensors([1, 2]).as_numpy_iterator())
        [array([1, 2], dtype=int32)]
        """
        return Dataset(FromElements([el.to_element(tensors)]), name)

    @staticmethod
    def from_tensor_slices(tensors: Any, name: str | None = None) -> Dataset:
        """Return a data set of the rows of arrays. The arrays are not copied.

        Args:
            tensors: arrays in tuples and dicts, all with the same number of rows. A list is an array.

        Raises:
            ValueError: if the numbers of rows differ, or if there is no array.

        Example:

        >>> from minikeras.data import Dataset
        >>> dataset = Dataset.from_tensor_slices({"a": [1, 2], "b": ["one", "two"]})
        >>> [element["b"].item() for element in dataset]
        ['one', 'two']
        """
        return Dataset(FromSlices(tensors), name)

    @staticmethod
    def from_generator(
        generator: Callable[..., Iterable],
        output_types: Any = None,
        output_shapes: Any = None,
        args: tuple | None = None,
        output_signature: Any = None,
        name: str | None = None,
    ) -> Dataset:
        """Return a data set of what a generator yields, which is called anew for every pass.

        Args:
            generator: a function that returns something to iterate over.
            output_types: dtypes, laid out as the elements are, that elements are cast to.
            output_shapes: shapes, laid out likewise, that elements must fit.
            args: arguments of `generator`, which gets them as arrays.
            output_signature: `TensorSpec`s laid out as the elements are, instead of the two. Without
                any of them elements are taken as they come.

        Raises:
            TypeError: if `generator` is not callable, or if both ways to describe elements are used.

        Example:

        >>> from minikeras.data import Dataset, TensorSpec
        >>> def squares(n):
        ...     for i in range(n):
        ...         yield i, i * i
        >>> spec = (TensorSpec((), "int32"), TensorSpec((), "float32"))
        >>> dataset = Dataset.from_generator(squares, args=(3,), output_signature=spec)
        >>> [(int(a), float(b)) for a, b in dataset]
        [(0, 0.0), (1, 1.0), (2, 4.0)]
        """
        if not callable(generator):
            raise TypeError(
                "from_generator: `generator` must be a function that returns an iterator, so that each "
                f"pass can begin one. Received: {generator!r}"
            )
        if output_signature is not None:
            if output_types is not None or output_shapes is not None:
                raise TypeError(
                    "from_generator: `output_signature` says all that `output_types` and "
                    "`output_shapes` do. Give either it or them."
                )
            spec = signature(output_signature)
        elif output_types is not None:
            spec = map_types(output_types, output_shapes)
        elif output_shapes is not None:
            raise TypeError("from_generator: `output_shapes` needs `output_types` beside it.")
        else:
            spec = None
        arguments = tuple(el.to_numpy(el.to_element(argument)) for argument in args or ())
        return Dataset(FromGenerator(generator, arguments, spec), name)

    @staticmethod
    def range(*args: int, output_type: Any = "int64", name: str | None = None) -> Dataset:
        """Return a data set of evenly spaced integers: `range(stop)`, `range(start, stop[, step])`.

        Args:
            *args: as for Python's `range`.
            output_type: their dtype.

        Example:

        >>> from minikeras.data import Dataset
        >>> [int(i) for i in Dataset.range(1, 10, 3)]
        [1, 4, 7]
        """
        if not 1 <= len(args) <= 3:
            raise ValueError(f"range: one to three numbers are needed. Received: {args}")
        bounds = [_integer("range", "args", a) for a in args]
        if len(bounds) == 1:
            bounds.insert(0, 0)
        start, stop, step = (*bounds, 1)[:3]
        if step == 0:
            raise ValueError("range: the step must not be 0.")
        return Dataset(Range(start, stop, step, output_type), name)

    @staticmethod
    def counter(
        start: int = 0, step: int = 1, dtype: Any = "int64", name: str | None = None
    ) -> Dataset:
        """Return a data set of evenly spaced integers without an end.

        Args:
            start: the first.
            step: from one to the next.
            dtype: their dtype.
        """
        first, step = _integer("counter", "start", start), _integer("counter", "step", step)
        return Dataset(Range(first, None, step, dtype), name)

    @staticmethod
    def random(
        seed: int | None = None,
        rerandomize_each_iteration: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Return a data set of random integers in `[0, 2**32)`, without an end.

        Args:
            seed: seed of the numbers.
            rerandomize_each_iteration: whether every pass gives others.
        """
        return Dataset(RandomNumbers(seed, bool(rerandomize_each_iteration)), name)

    @staticmethod
    def list_files(
        file_pattern: Any,
        shuffle: bool | None = None,
        seed: int | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Return a data set of the paths that fit a pattern.

        Args:
            file_pattern: a pattern as `glob` knows them, or several of them.
            shuffle: whether each pass gives them in another order (the default); else they are sorted.
            seed: seed of the order.

        Raises:
            ValueError: if no file fits.
        """
        patterns = [str(p) for p in np.ravel(np.asarray(file_pattern)).tolist()]
        paths = sorted({path for pattern in patterns for path in glob.glob(pattern)})
        if not paths:
            raise ValueError(f"list_files: no file fits {file_pattern!r}.")
        files = Dataset.from_tensor_slices(paths, name)
        return files if shuffle is False else files.shuffle(len(paths), seed, name=name)

    @staticmethod
    def zip(*args: Any, datasets: Any = None, name: str | None = None) -> Dataset:
        """Return a data set of elements of several ones side by side, as long as the shortest.

        Args:
            *args: data sets; or one tuple or dict of them, perhaps nested.
            datasets: the same, as a keyword.

        Raises:
            TypeError: if something else is given.

        Example:

        >>> from minikeras.data import Dataset
        >>> a, b = Dataset.range(3), Dataset.range(10, 20)
        >>> [(int(i), int(j)) for i, j in Dataset.zip(a, b)]
        [(0, 10), (1, 11), (2, 12)]
        """
        if datasets is None:
            if not args:
                raise TypeError("zip: at least one data set is needed.")
            datasets = args[0] if len(args) == 1 else args
        elif args:
            raise TypeError("zip: data sets must be given either one by one or as `datasets`.")
        return Dataset(zipped(datasets, lambda leaf: _stage_of("zip", "datasets", leaf)), name)

    @staticmethod
    def sample_from_datasets(
        datasets: Iterable[Dataset],
        weights: Any = None,
        seed: int | None = None,
        stop_on_empty_dataset: bool = False,
        rerandomize_each_iteration: bool | None = None,
    ) -> Dataset:
        """Return a data set of elements of several ones, which of them being drawn each time.

        Args:
            datasets: the data sets.
            weights: how likely each is, in any unit; equally by default.
            seed: seed of the draws.
            stop_on_empty_dataset: whether to end with the first that ends; else the others go on.
            rerandomize_each_iteration: whether every pass draws anew.

        Raises:
            ValueError: if there are not as many weights as data sets, or if they are not positive.
        """
        stages = _stages_of("sample_from_datasets", datasets)
        weights = np.ones(len(stages)) if weights is None else np.asarray(weights, np.float64)
        if weights.shape != (len(stages),) or not (weights >= 0).all() or not weights.any():
            raise ValueError(
                f"sample_from_datasets: `weights` must be {len(stages)} numbers of at least 0, not all "
                f"of them 0. Received: {weights.tolist()}"
            )
        again = bool(rerandomize_each_iteration)
        return Dataset(Sample(stages, weights, seed, bool(stop_on_empty_dataset), again))

    @staticmethod
    def choose_from_datasets(
        datasets: Iterable[Dataset], choice_dataset: Dataset, stop_on_empty_dataset: bool = True
    ) -> Dataset:
        """Return a data set of elements of several ones, another one saying from which.

        Args:
            datasets: the data sets.
            choice_dataset: gives numbers of data sets, from 0.
            stop_on_empty_dataset: whether to end when one that has ended is chosen; else that choice
                is passed over.

        Example:

        >>> from minikeras.data import Dataset
        >>> few = [Dataset.range(3), Dataset.range(10, 13)]
        >>> chosen = Dataset.choose_from_datasets(few, Dataset.from_tensor_slices([0, 1, 1, 0]))
        >>> [int(i) for i in chosen]
        [0, 10, 11, 1]
        """
        choices = _stage_of("choose_from_datasets", "choice_dataset", choice_dataset)
        stages = _stages_of("choose_from_datasets", datasets)
        return Dataset(Choose(stages, choices, bool(stop_on_empty_dataset)))

    # Elements.

    def map(
        self,
        map_func: Callable,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Return a data set of what a function makes of each element.

        Args:
            map_func: called with an element, or with the parts of one that is a tuple.
            num_parallel_calls: how many threads call it; `AUTOTUNE` for `config.get_threads()`, if a
                call takes long enough to gain by it. None for no thread but the one that asks for
                elements.
            deterministic: elements keep their order in any case.

        Example:

        >>> from minikeras.data import Dataset
        >>> [int(i) for i in Dataset.range(4).map(lambda i: i * i, num_parallel_calls=2)]
        [0, 1, 4, 9]
        """
        _check_callable("map", "map_func", map_func)
        return self._keeping(Map(self._stage, map_func, _workers("map", num_parallel_calls)), name)

    def flat_map(self, map_func: Callable, name: str | None = None) -> Dataset:
        """Return the data sets that a function makes of each element, one after the other.

        Args:
            map_func: returns a data set for an element.

        Example:

        >>> from minikeras.data import Dataset
        >>> [int(i) for i in Dataset.range(4).flat_map(lambda n: Dataset.range(n))]
        [0, 0, 1, 0, 1, 2]
        """
        _check_callable("flat_map", "map_func", map_func)
        return Dataset(Interleave(self._stage, map_func, 1, 1, False, "flat_map: `map_func`"), name)

    def interleave(
        self,
        map_func: Callable,
        cycle_length: int | None = None,
        block_length: int | None = None,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Return elements of the data sets that a function makes of each element, by turns.

        Args:
            map_func: returns a data set for an element.
            cycle_length: how many data sets are open at once, 4 by default.
            block_length: how many elements come from one before it is the next one's turn, 1 by
                default.
            num_parallel_calls: if given, every open data set is read ahead by a thread.
            deterministic: the order is the same in any case.

        Example:

        >>> from minikeras.data import Dataset
        >>> pairs = Dataset.range(3).interleave(lambda i: Dataset.from_tensors(i).repeat(2), 2)
        >>> [int(i) for i in pairs]
        [0, 1, 0, 1, 2, 2]
        """
        _check_callable("interleave", "map_func", map_func)
        cycle = _CYCLE if cycle_length in (None, AUTOTUNE) else cycle_length
        stage = Interleave(
            self._stage,
            map_func,
            _positive("interleave", "cycle_length", cycle),
            _positive("interleave", "block_length", 1 if block_length is None else block_length),
            _workers("interleave", num_parallel_calls) != 0,
            "interleave: `map_func`",
        )
        return Dataset(stage, name)

    def filter(self, predicate: Callable, name: str | None = None) -> Dataset:
        """Return a data set of the elements for which a function is true.

        Args:
            predicate: returns a boolean for an element.
        """
        _check_callable("filter", "predicate", predicate)
        return Dataset(Filter(self._stage, predicate), name)

    def take_while(self, predicate: Callable, name: str | None = None) -> Dataset:
        """Return a data set of the elements before the first for which a function is false.

        Args:
            predicate: returns a boolean for an element.
        """
        _check_callable("take_while", "predicate", predicate)
        return Dataset(Filter(self._stage, predicate, stop=True), name)

    def scan(self, initial_state: Any, scan_func: Callable, name: str | None = None) -> Dataset:
        """Return a data set of what a function makes of each element and of a state.

        Args:
            initial_state: the state that comes with the first element.
            scan_func: `scan_func(state, element)` returns the pair `(new_state, output)`.

        Example:

        >>> from minikeras.data import Dataset
        >>> sums = Dataset.range(5).scan(0, lambda total, i: (total + i, total + i))
        >>> [int(i) for i in sums]
        [0, 1, 3, 6, 10]
        """
        _check_callable("scan", "scan_func", scan_func)
        return Dataset(Scan(self._stage, initial_state, scan_func), name)

    def reduce(self, initial_state: Any, reduce_func: Callable, name: str | None = None) -> Any:
        """Return what is left of all elements.

        Args:
            initial_state: what to begin with.
            reduce_func: `reduce_func(state, element)` returns the new state.

        Returns:
            The last state, as tensors.

        Example:

        >>> from minikeras.data import Dataset
        >>> int(Dataset.range(5).reduce(0, lambda total, i: total + i))
        10
        """
        _check_callable("reduce", "reduce_func", reduce_func)
        state = el.to_element(initial_state)
        for element in self._stage.elements(Run(self._stage)):
            state = el.result_of(el.call(reduce_func, state, element))
        return el.to_tensors(state)

    def unique(self, name: str | None = None) -> Dataset:
        """Return a data set of the elements, which must be single tensors, without repetitions."""
        return Dataset(Unique(self._stage), name)

    def enumerate(self, start: int = 0, name: str | None = None) -> Dataset:
        """Return a data set of pairs `(number, element)`.

        Args:
            start: the first number.
        """
        return Dataset.zip((Dataset.counter(start), self), name=name)

    # Which elements, in which order.

    def shuffle(
        self,
        buffer_size: int,
        seed: int | None = None,
        reshuffle_each_iteration: bool = True,
        name: str | None = None,
    ) -> Dataset:
        """Return the elements in random order.

        Each is drawn from a buffer that holds the next elements. Rows of `from_tensor_slices` are
        shuffled by number: a buffer for all of them costs next to nothing.

        Args:
            buffer_size: how many elements the buffer holds. The order is uniformly random if it is at
                least as large as the data set.
            seed: an integer that the order follows from.
            reshuffle_each_iteration: whether each pass has another order.

        Example:

        >>> from minikeras.data import Dataset
        >>> dataset = Dataset.range(5).shuffle(5, seed=1)
        >>> sorted(int(i) for i in dataset)
        [0, 1, 2, 3, 4]
        """
        size = _integer("shuffle", "buffer_size", buffer_size)
        if size <= 0 and size != UNKNOWN_CARDINALITY:
            raise ValueError(f"shuffle: `buffer_size` must be positive. Received: {buffer_size!r}")
        again = reshuffle_each_iteration is None or bool(reshuffle_each_iteration)
        if seed is not None:
            seed = _integer("shuffle", "seed", seed)
        return Dataset(Shuffle(self._stage, size if size > 0 else None, seed, again), name)

    def take(self, count: int, name: str | None = None) -> Dataset:
        """Return the first elements.

        Args:
            count: how many, at most; all of them if it is negative.
        """
        count = _integer("take", "count", count)
        return Dataset(self._stage if count < 0 else Take(self._stage, count), name)

    def skip(self, count: int, name: str | None = None) -> Dataset:
        """Return all but the first elements.

        Args:
            count: how many to leave out; all of them if it is negative.
        """
        count = _integer("skip", "count", count)
        return Dataset(Take(self._stage, 0) if count < 0 else Skip(self._stage, count), name)

    def repeat(self, count: int | None = None, name: str | None = None) -> Dataset:
        """Return the elements again and again. Each time they are made, and shuffled, anew.

        Args:
            count: how many times; None or a negative number for no end.
        """
        times = None if count is None else _integer("repeat", "count", count)
        return Dataset(Repeat(self._stage, None if times is None or times < 0 else times), name)

    def shard(self, num_shards: int, index: int, name: str | None = None) -> Dataset:
        """Return every `num_shards`-th element.

        Args:
            num_shards: how many parts there are.
            index: which of them to return, from 0.
        """
        every = _positive("shard", "num_shards", num_shards)
        first = _integer("shard", "index", index)
        if not 0 <= first < every:
            raise ValueError(f"shard: `index` must be in [0, {every}). Received: {index!r}")
        return Dataset(Shard(self._stage, every, first), name)

    def concatenate(self, dataset: Dataset, name: str | None = None) -> Dataset:
        """Return the elements, and after them those of another data set.

        Args:
            dataset: the other one.
        """
        other = _stage_of("concatenate", "dataset", dataset)
        # Many in a row make one stage, not a tower of them.
        joined = self._stage.inputs if type(self._stage) is Concatenate else (self._stage,)
        return Dataset(Concatenate((*joined, other)), name)

    # Batches and windows.

    def batch(
        self,
        batch_size: int,
        drop_remainder: bool = False,
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Return a data set of so many elements as one, with an axis in front that numbers them.

        Batches of rows of arrays, shuffled or not, are gathered from the arrays in one go.

        Args:
            batch_size: number of elements in a batch.
            drop_remainder: whether to leave out a last batch that is smaller.
            num_parallel_calls: nothing that would be faster for it is left to be done on threads.
            deterministic: the order is the same in any case.

        Example:

        >>> from minikeras.data import Dataset
        >>> [batch.tolist() for batch in Dataset.range(5).batch(2)]
        [[0, 1], [2, 3], [4]]
        """
        size = _positive("batch", "batch_size", batch_size)
        return Dataset(Batch(self._stage, size, bool(drop_remainder)), name)

    def padded_batch(
        self,
        batch_size: int,
        padded_shapes: Any = None,
        padding_values: Any = None,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """Return batches of elements of different shapes, which are filled up at their ends.

        Args:
            batch_size: number of elements in a batch.
            padded_shapes: shapes, laid out as the elements are, to fill up to. None (or -1) in the
                place of a size, and for all of them by default, is the longest of a batch.
            padding_values: a value to fill up with, or several, laid out as the elements are. Zeros
                and empty strings by default.
            drop_remainder: whether to leave out a last batch that is smaller.

        Example:

        >>> from minikeras.data import Dataset
        >>> rows = Dataset.from_generator(lambda: iter([[1], [2, 3], [4, 5, 6]]))
        >>> [batch.tolist() for batch in rows.padded_batch(2)]
        [[[1, 0], [2, 3]], [[4, 5, 6]]]
        """
        size = _positive("padded_batch", "batch_size", batch_size)
        stage = PaddedBatch(self._stage, size, padded_shapes, padding_values, bool(drop_remainder))
        return Dataset(stage, name)

    def unbatch(self, name: str | None = None) -> Dataset:
        """Return the rows of the elements, one by one."""
        return Dataset(Unbatch(self._stage), name)

    def rebatch(
        self, batch_size: Any, drop_remainder: bool = False, name: str | None = None
    ) -> Dataset:
        """Return batches of other sizes.

        Args:
            batch_size: number of rows in a batch, or several numbers that take turns.
            drop_remainder: whether to leave out a last batch that is smaller.
        """
        sizes = [
            _positive("rebatch", "batch_size", n) for n in np.ravel(np.asarray(batch_size)).tolist()
        ]
        if not sizes:
            raise ValueError("rebatch: `batch_size` must hold a number.")
        return Dataset(Rebatch(self._stage, sizes, bool(drop_remainder)), name)

    def window(
        self,
        size: int,
        shift: int | None = None,
        stride: int = 1,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """Return a data set of data sets of a few elements each, one for every part of an element.

        Args:
            size: number of elements in a window.
            shift: how many elements a window begins after the one before, `size` by default.
            stride: from one element of a window to the next.
            drop_remainder: whether to leave out windows at the end that are smaller.

        Example:

        >>> from minikeras.data import Dataset
        >>> windows = Dataset.range(5).window(3, shift=1, drop_remainder=True)
        >>> [batch.tolist() for batch in windows.flat_map(lambda w: w.batch(3))]
        [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
        """
        size = _positive("window", "size", size)
        shift = _positive("window", "shift", size if shift is None else shift)
        stride = _positive("window", "stride", stride)

        drop = bool(drop_remainder)
        stage = Window(self._stage, size, shift, stride, drop, _of_elements)
        return Dataset(stage, name)

    def group_by_window(
        self,
        key_func: Callable,
        reduce_func: Callable,
        window_size: int | None = None,
        window_size_func: Callable | None = None,
        name: str | None = None,
    ) -> Dataset:
        """Return what a function makes of elements that have the same key, so many at a time.

        Args:
            key_func: returns an integer for an element.
            reduce_func: `reduce_func(key, dataset)` returns a data set for a window of elements.
            window_size: how many elements make a window. At the end windows may be smaller.
            window_size_func: returns that number for a key, instead.

        Raises:
            ValueError: if both or none of the last two are given.

        Example:

        >>> from minikeras.data import Dataset
        >>> grouped = Dataset.range(7).group_by_window(
        ...     lambda i: i % 2, lambda key, window: window.batch(2), window_size=2
        ... )
        >>> [batch.tolist() for batch in grouped]
        [[0, 2], [1, 3], [4, 6], [5]]
        """
        _check_callable("group_by_window", "key_func", key_func)
        _check_callable("group_by_window", "reduce_func", reduce_func)
        if (window_size is None) == (window_size_func is None):
            raise ValueError(
                "group_by_window: either `window_size` or `window_size_func` must be given. "
                f"Received: window_size={window_size!r}, window_size_func={window_size_func!r}"
            )
        if window_size_func is None:
            size = _positive("group_by_window", "window_size", window_size)
            window_size_func = lambda key: size  # noqa: E731

        return self._grouped(key_func, reduce_func, window_size_func, None, name)

    def _grouped(
        self,
        key: Callable,
        reduce: Callable,
        size: Callable,
        spec: Callable | None,
        name: str | None,
    ) -> Dataset:
        def make(elements: list) -> Dataset:
            return _of_elements(elements, self._stage.spec)

        return Dataset(GroupByWindow(self._stage, key, reduce, size, make, spec), name)

    def bucket_by_sequence_length(
        self,
        element_length_func: Callable,
        bucket_boundaries: Iterable[int],
        bucket_batch_sizes: Iterable[int],
        padded_shapes: Any = None,
        padding_values: Any = None,
        pad_to_bucket_boundary: bool = False,
        no_padding: bool = False,
        drop_remainder: bool = False,
        name: str | None = None,
    ) -> Dataset:
        """Return padded batches of elements of similar lengths.

        Args:
            element_length_func: returns the length of an element.
            bucket_boundaries: lengths, ascending, at which another bucket begins.
            bucket_batch_sizes: number of elements in a batch of each bucket; one more than boundaries.
            padded_shapes: see `padded_batch`.
            padding_values: see `padded_batch`.
            pad_to_bucket_boundary: whether to fill up sizes that are not known to one less than the
                bucket's end, rather than to the longest of a batch.
            no_padding: whether elements are of one shape, and nothing is to be filled up.
            drop_remainder: whether to leave out batches at the end that are smaller.

        Raises:
            ValueError: if there are not as many sizes as buckets.

        Example:

        >>> from minikeras.data import Dataset
        >>> rows = Dataset.from_generator(lambda: iter([[1], [2, 3, 4], [5, 6], [7]]))
        >>> batches = rows.bucket_by_sequence_length(lambda row: row.shape[0], [2], [2, 2])
        >>> [batch.tolist() for batch in batches]
        [[[2, 3, 4], [5, 6, 0]], [[1], [7]]]
        """
        method = "bucket_by_sequence_length"
        ends = np.array(
            [_integer(method, "bucket_boundaries", b) for b in bucket_boundaries], np.int64
        )
        sizes = [_positive(method, "bucket_batch_sizes", n) for n in bucket_batch_sizes]
        if len(sizes) != len(ends) + 1 or not (np.diff(ends) > 0).all():
            raise ValueError(
                f"{method}: `bucket_boundaries` must ascend, and there must be one number more in "
                f"`bucket_batch_sizes`. Received: {ends.tolist()} and {sizes}"
            )

        def bucket(*parts: Any) -> int:
            return int(np.searchsorted(ends, int(element_length_func(*parts)), side="right"))

        def batch(key: Any, window: Dataset) -> Dataset:
            number = int(key)
            if no_padding:
                return window.batch(sizes[number], drop_remainder)
            shapes = padded_shapes
            if pad_to_bucket_boundary:
                if number == len(ends):
                    raise ValueError(
                        f"{method}: with `pad_to_bucket_boundary` elements must be shorter than the "
                        f"last boundary, {ends[-1] if len(ends) else None}."
                    )
                shapes = _filled_shapes(self, padded_shapes, int(ends[number]) - 1)
            return window.padded_batch(sizes[number], shapes, padding_values, drop_remainder)

        def spec() -> Any:
            size = sizes[0] if drop_remainder and len(set(sizes)) == 1 else None
            if no_padding:
                return with_axis(self.element_spec, size)
            padded = PaddedBatch(self._stage, 1, padded_shapes, padding_values, False)
            return resized(padded.spec(), size)

        return self._grouped(bucket, batch, lambda key: sizes[int(key)], spec, name)

    # Keeping elements.

    def prefetch(self, buffer_size: int, name: str | None = None) -> Dataset:
        """Return the same elements, which a thread makes ahead.

        Args:
            buffer_size: how many elements ahead; 0 for none, `AUTOTUNE` for two.
        """
        size = _integer("prefetch", "buffer_size", buffer_size)
        if size < 0 and size != AUTOTUNE:
            raise ValueError(
                f"prefetch: `buffer_size` must be at least 0. Received: {buffer_size!r}"
            )
        return self._keeping(Prefetch(self._stage, _AHEAD if size == AUTOTUNE else size), name)

    def cache(self, filename: Any = "", name: str | None = None) -> Dataset:
        """Return the elements as they come in the first pass that goes through to the end.

        Args:
            filename: a file to keep them in, in memory if it is empty. A file that is there already is
                taken for the elements.
        """
        path = os.fspath(filename) if filename is not None else ""
        return self._keeping(FileCache(self._stage, path) if path else Cache(self._stage), name)

    def save(self, path: Any) -> None:
        """Write all elements into a folder, for `load`.

        Args:
            path: the folder, which is made if need be.

        Raises:
            TypeError: if elements are of several kinds, or hold data sets.
        """
        save_elements(self._stage.elements(Run(self._stage)), _element_file(path, make=True))

    @staticmethod
    def load(path: Any, name: str | None = None) -> Dataset:
        """Return a data set of the elements that `save` has written.

        Args:
            path: the folder.

        Raises:
            ValueError: if there is no file of elements in it.
        """
        return Dataset(FromFile(_element_file(path)), name)

    def snapshot(self, path: Any, name: str | None = None) -> Dataset:
        """Return the elements as they come in the first full pass, which are kept in a folder.

        Args:
            path: the folder, as `save` writes it.
        """
        return self._keeping(FileCache(self._stage, _element_file(path, make=True)), name)

    # The data set as a whole.

    def apply(self, transformation_func: Callable[[Dataset], Any], name: str | None = None) -> Any:
        """Return what a function makes of the data set.

        Args:
            transformation_func: takes a data set and returns another.
        """
        return transformation_func(self)

    def with_options(self, options: Options, name: str | None = None) -> Dataset:
        """Return the same data set with options beside it.

        Args:
            options: what `options()` of the new one returns.
        """
        made = self._keeping(self._stage, name)
        made._options = options
        return made

    _options: Options | None = None

    def options(self) -> Options:
        """Return the options that `with_options` was given, or new ones."""
        return self._options or Options()

    def cardinality(self) -> Tensor:
        """Return the number of elements as a tensor of no axes.

        It is `INFINITE_CARDINALITY` (-1) if there is no end, `UNKNOWN_CARDINALITY` (-2) if that shows
        only in a pass.
        """
        return Tensor(np.array(self._stage.cardinality(), np.int64))

    def __len__(self) -> int:
        """Return the number of elements.

        Raises:
            TypeError: if there is no end, or if the number is not known.
        """
        n = self._stage.cardinality()
        if n == INFINITE_CARDINALITY:
            raise TypeError("The data set has no length: it is infinite.")
        if n == UNKNOWN_CARDINALITY:
            raise TypeError("The length of the data set is unknown.")
        return n

    def __bool__(self) -> bool:
        return True

    @property
    def element_spec(self) -> Any:
        """Shapes and dtypes of the elements: `TensorSpec`s, laid out as the elements are.

        They are found without making elements, as far as functions can be described. Otherwise they
        are those of the first element.
        """
        if self._spec is None:
            self._spec = self._stage.spec()
        return self._spec

    def __iter__(self) -> DatasetIterator:
        return DatasetIterator(self)

    def as_numpy_iterator(self) -> Iterator[Any]:
        """Return an iterator over the elements as NumPy has them: read-only arrays, and scalars.

        Example:

        >>> from minikeras.data import Dataset
        >>> [i.item() for i in Dataset.range(3).as_numpy_iterator()]
        [0, 1, 2]
        """
        return builtins.map(el.to_numpy, self._stage.elements(Run(self._stage)))

    def get_single_element(self, name: str | None = None) -> Any:
        """Return the one element that there is.

        Raises:
            ValueError: if there is none, or more than one.
        """
        found = list(self.take(2))
        if len(found) != 1:
            raise ValueError(
                f"get_single_element: there is {'more than one' if found else 'no'} element."
            )
        return found[0]

    def get_state(self) -> list[list[int]]:
        """Return seeds and numbers of passes of all that is drawn, as plain data, for `set_state`."""
        return get_state(self._stage)

    def set_state(self, state: list[list[int]]) -> None:
        """Let the next pass draw what it would have drawn when `get_state` returned this.

        Raises:
            ValueError: if it is the state of another pipeline.
        """
        set_state(self._stage, state)

    def __repr__(self) -> str:
        n = self._stage.cardinality()
        size = {INFINITE_CARDINALITY: "infinite", UNKNOWN_CARDINALITY: "of unknown length"}
        length = size.get(n, f"of {n} element{'s' * (n != 1)}")
        name = "" if self.name is None else f" {self.name!r}"
        return f"<Dataset{name} {length}, made by {type(self._stage).__name__}>"


class DatasetIterator(Iterator):
    """One pass through a data set.

    Args:
        dataset: the data set.

    Example:

    >>> from minikeras.data import Dataset
    >>> iterator = iter(Dataset.range(2))
    >>> int(next(iterator)), int(iterator.get_next())
    (0, 1)
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._run = Run(dataset._stage)
        self._elements = dataset._stage.elements(self._run)

    def __next__(self) -> Any:
        element = next(self._elements)
        if type(element) is OwnRows:
            return OwnRows(element.rows, el.to_tensors(element.batch))
        return el.to_tensors(element)

    def _cut_by_rank(self, rank: int, ranks: int) -> None:
        """From now on give a rank's rows of batches (`OwnRows`), where they can be made alone.

        Args:
            rank: number of the rank.
            ranks: how many there are.
        """
        self._run.cut(self._dataset._stage, rank, ranks)

    def get_next(self) -> Any:
        """Return the next element; the same as `next`."""
        return next(self)

    def close(self) -> None:
        """End the pass, and let its threads go. That happens too when nobody holds the iterator."""
        elements, self._elements = self._elements, iter(())
        if hasattr(elements, "close"):
            elements.close()

    @property
    def element_spec(self) -> Any:
        """Shapes and dtypes of the elements."""
        return self._dataset.element_spec


def assert_cardinality(expected_cardinality: int) -> Callable[[Dataset], Dataset]:
    """Return a function for `apply` that says how many elements a data set has.

    `fit` then knows the number of steps where nobody could know it, as with generators.

    Args:
        expected_cardinality: the number, or `INFINITE_CARDINALITY`. A pass in which it turns out to be
            another raises ValueError.

    Example:

    >>> from minikeras.data import Dataset, assert_cardinality
    >>> len(Dataset.from_generator(lambda: iter([1, 2, 3])).apply(assert_cardinality(3)))
    3
    """
    count = _integer("assert_cardinality", "expected_cardinality", expected_cardinality)
    if count < INFINITE_CARDINALITY:
        raise ValueError(
            "assert_cardinality: `expected_cardinality` must be a number of elements, or "
            f"INFINITE_CARDINALITY. Received: {expected_cardinality!r}"
        )

    def announce(dataset: Dataset) -> Dataset:
        return dataset._keeping(Counted(dataset._stage, count), None)

    return announce


def _of_elements(elements: list, spec: Callable[[], Any]) -> Dataset:
    return Dataset(FromElements(elements, spec))


def _check_callable(method: str, argument: str, value: Any) -> None:
    if not callable(value):
        raise TypeError(f"{method}: `{argument}` must be a function. Received: {value!r}")


def _integer(method: str, argument: str, value: Any) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(
            f"{method}: `{argument}` must be an integer. Received: {value!r} "
            f"of type {type(value).__name__}"
        ) from None


def _positive(method: str, argument: str, value: Any) -> int:
    number = _integer(method, argument, value)
    if number <= 0:
        raise ValueError(f"{method}: `{argument}` must be positive. Received: {value!r}")
    return number


def _workers(method: str, num_parallel_calls: Any) -> int | None:
    """Return a number of threads, None in the place of `AUTOTUNE`."""
    if num_parallel_calls is None:
        return 0
    n = _integer(method, "num_parallel_calls", num_parallel_calls)
    return None if n == AUTOTUNE else _positive(method, "num_parallel_calls", n)


def _stage_of(method: str, argument: str, value: Any) -> Stage:
    if not isinstance(value, Dataset):
        raise TypeError(
            f"{method}: `{argument}` must be a Dataset (or, in `zip`, tuples and dicts of them). "
            f"Received: {value!r} of type {type(value).__name__}"
        )
    return value._stage


def _stages_of(method: str, datasets: Any) -> tuple[Stage, ...]:
    stages = tuple(_stage_of(method, "datasets", dataset) for dataset in datasets)
    if not stages:
        raise ValueError(f"{method}: `datasets` must hold at least one data set.")
    return stages


def _element_file(path: Any, make: bool = False) -> str:
    folder = os.fspath(path)
    file = os.path.join(folder, "elements")
    if make:
        os.makedirs(folder, exist_ok=True)
    elif not os.path.exists(file):
        raise ValueError(f"load: there is no file of elements in {folder!r}.")
    return file


def _filled_shapes(dataset: Dataset, shapes: Any, length: int) -> Any:
    """Return shapes with a length in the place of sizes that are not known."""

    def fill(leaf: Any, shape: Any = None) -> Any:
        if not isinstance(leaf, TensorSpec):
            return None
        sizes = leaf.shape if shape is None else shape
        return [length if d is None or d == -1 else d for d in sizes]

    spec = dataset.element_spec
    if shapes is None:
        return tree.map_structure(fill, spec)
    return tree.map_structure_up_to(spec, fill, spec, shapes)
