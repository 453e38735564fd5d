"""What pipelines give in tf.data: by name, a function of the class `Dataset`, and the elements.

The functions use nothing but methods and operators, so that they run with both classes.
"""

import collections

import numpy as np

Pair = collections.namedtuple("Pair", "a b")


def rows(D):
    """Rows of different lengths."""
    lists = [[0], [1, 2, 3, 4], [5, 6, 7], [7, 8, 9, 10, 11], [13, 14, 15, 16, 19, 20], [21, 22]]
    return D.from_generator(lambda: iter(lists), output_types="int64", output_shapes=[None])


def pairs(D):
    return D.zip(D.range(4), D.range(10, 20))


def repeated(D, *arguments, **options):
    """Each of 1, 2, 3, 4 one time more than its value, interleaved."""
    return D.range(1, 5).interleave(
        lambda x: D.from_tensors(x).repeat(x + 1), *arguments, **options
    )


CASES = {
    "range": (lambda D: D.range(4), [0, 1, 2, 3]),
    "range from": (lambda D: D.range(2, 8, 3), [2, 5]),
    "range down": (lambda D: D.range(5, 0, -2), [5, 3, 1]),
    "range of nothing": (lambda D: D.range(0), []),
    "tensors": (lambda D: D.from_tensors(([1, 2], "a")), [([1, 2], "a")]),
    "slices of a list of tuples": (
        lambda D: D.from_tensor_slices([(1, 2), (3, 4)]),
        [[1, 2], [3, 4]],
    ),
    "slices of strings": (lambda D: D.from_tensor_slices(["a", "bc"]), ["a", "bc"]),
    "slices of a structure": (
        lambda D: D.from_tensor_slices(
            ([1.0, 2.0], {"b": [[1], [2]], "a": np.array([True, False])})
        ),
        [(1.0, {"b": [1], "a": True}), (2.0, {"b": [2], "a": False})],
    ),
    "a namedtuple is one argument": (
        lambda D: D.from_tensor_slices(Pair([1, 2], [3, 4])).map(lambda p: p.a * p.b),
        [3, 8],
    ),
    "generator": (
        lambda D: D.from_generator(
            lambda n: ((i, [i] * 2) for i in range(n)), ("int64", "float32"), args=(3,)
        ),
        [(0, [0.0, 0.0]), (1, [1.0, 1.0]), (2, [2.0, 2.0])],
    ),
    "generator of dicts": (
        lambda D: D.from_generator(
            lambda: iter([{"a": 1, "b": [2]}]), {"a": "int64", "b": "float32"}
        ),
        [{"a": 1, "b": [2.0]}],
    ),
    "zip of two": (lambda D: D.zip(D.range(2), D.range(5)), [(0, 0), (1, 1)]),
    "zip of one": (lambda D: D.zip(D.range(2)), [0, 1]),
    "zip of a structure": (
        lambda D: D.zip({"a": D.range(2), "b": (D.range(3), D.range(5, 9))}),
        [{"a": 0, "b": (0, 5)}, {"a": 1, "b": (1, 6)}],
    ),
    "map": (lambda D: D.range(3).map(lambda x: x * 2), [0, 2, 4]),
    "map of a tuple": (
        lambda D: pairs(D).map(lambda a, b: (b, a + b)),
        [(10, 10), (11, 12), (12, 14), (13, 16)],
    ),
    "map of a nested tuple": (
        lambda D: pairs(D).map(lambda a, b: (a, (a, b))).map(lambda a, b: b[1]),
        [10, 11, 12, 13],
    ),
    "map of a dict": (
        lambda D: D.from_tensor_slices({"a": [1, 2]}).map(lambda e: {"b": e["a"] + 1}),
        [{"b": 2}, {"b": 3}],
    ),
    "a list is a tuple": (lambda D: D.range(2).map(lambda x: [x, x + 1]), [(0, 1), (1, 2)]),
    "a list within is a tensor": (
        lambda D: D.range(2).map(lambda x: (x, [x, x])),
        [(0, [0, 0]), (1, [1, 1])],
    ),
    "map to numbers": (
        lambda D: D.range(1).map(lambda x: (1.5, 2, "a", True)),
        [(1.5, 2, "a", True)],
    ),
    "map to None": (
        lambda D: D.range(3).map(lambda x: (x, None)).batch(2),
        [([0, 1], None), ([2], None)],
    ),
    "map on threads": (
        lambda D: D.range(6).map(lambda x: x * x, num_parallel_calls=3),
        [0, 1, 4, 9, 16, 25],
    ),
    "batch": (lambda D: D.range(5).batch(2), [[0, 1], [2, 3], [4]]),
    "batch without a rest": (lambda D: D.range(5).batch(2, drop_remainder=True), [[0, 1], [2, 3]]),
    "batch of tuples": (lambda D: pairs(D).batch(3), [([0, 1, 2], [10, 11, 12]), ([3], [13])]),
    "batch of what a map gives": (
        lambda D: D.range(3).map(lambda x: {"a": x}).batch(2),
        [{"a": [0, 1]}, {"a": [2]}],
    ),
    "batch of strings": (lambda D: D.from_tensor_slices(["a", "bcd"]).batch(2), [["a", "bcd"]]),
    "batch of batches": (lambda D: D.range(4).batch(2).batch(2), [[[0, 1], [2, 3]]]),
    "padded batch": (
        lambda D: rows(D).padded_batch(2).take(2),
        [[[0, 0, 0, 0], [1, 2, 3, 4]], [[5, 6, 7, 0, 0], [7, 8, 9, 10, 11]]],
    ),
    "padded batch of a shape": (
        lambda D: rows(D).take(2).padded_batch(2, padded_shapes=[5], padding_values=np.int64(-1)),
        [[[0, -1, -1, -1, -1], [1, 2, 3, 4, -1]]],
    ),
    "padded batch of tuples": (
        lambda D: D.zip(rows(D), D.range(2)).padded_batch(
            2, padded_shapes=([None], []), padding_values=(np.int64(9), None)
        ),
        [([[0, 9, 9, 9], [1, 2, 3, 4]], [0, 1])],
    ),
    "padded batch of strings": (
        lambda D: D.from_generator(
            lambda: iter([["a"], ["bc", "d"]]), output_types="string", output_shapes=[None]
        ).padded_batch(2),
        [[["a", ""], ["bc", "d"]]],
    ),
    "padded batch without a rest": (
        lambda D: rows(D).take(3).padded_batch(2, drop_remainder=True),
        [[[0, 0, 0, 0], [1, 2, 3, 4]]],
    ),
    "unbatch": (lambda D: D.from_tensors(([1, 2], [[3], [4]])).unbatch(), [(1, [3]), (2, [4])]),
    "rebatch": (lambda D: D.range(7).batch(3).rebatch(2), [[0, 1], [2, 3], [4, 5], [6]]),
    "rebatch of pairs": (
        lambda D: pairs(D).batch(3).rebatch(2),
        [([0, 1], [10, 11]), ([2, 3], [12, 13])],
    ),
    "rebatch by turns": (
        lambda D: D.range(10).batch(3).rebatch([2, 1]),
        [[0, 1], [2], [3, 4], [5], [6, 7], [8], [9]],
    ),
    "rebatch without a rest": (
        lambda D: D.range(8).batch(3).rebatch([2, 1], True),
        [[0, 1], [2], [3, 4], [5], [6, 7]],
    ),
    "filter": (lambda D: D.range(6).filter(lambda x: x % 2 == 0), [0, 2, 4]),
    "filter of tuples": (lambda D: pairs(D).filter(lambda a, b: a + b > 13), [(2, 12), (3, 13)]),
    "take": (lambda D: D.range(5).take(2), [0, 1]),
    "take more": (lambda D: D.range(2).take(5), [0, 1]),
    "take all": (lambda D: D.range(3).take(-1), [0, 1, 2]),
    "skip": (lambda D: D.range(5).skip(3), [3, 4]),
    "skip more": (lambda D: D.range(5).skip(9), []),
    "skip all": (lambda D: D.range(3).skip(-1), []),
    "repeat": (lambda D: D.range(2).repeat(2), [0, 1, 0, 1]),
    "repeat without an end": (lambda D: D.range(2).repeat().take(5), [0, 1, 0, 1, 0]),
    "repeat nothing": (lambda D: D.range(0).repeat(), []),
    "repeat never": (lambda D: D.range(2).repeat(0), []),
    "concatenate": (lambda D: D.range(2).concatenate(D.range(5, 7)), [0, 1, 5, 6]),
    "enumerate": (lambda D: D.range(2).enumerate(5), [(5, 0), (6, 1)]),
    "enumerate and map": (
        lambda D: pairs(D).take(2).enumerate().map(lambda i, p: i + p[1]),
        [10, 12],
    ),
    "shard": (lambda D: D.range(9).shard(4, 1), [1, 5]),
    "window": (lambda D: D.range(7).window(3), [[0, 1, 2], [3, 4, 5], [6]]),
    "window with a shift": (
        lambda D: D.range(5).window(3, 1),
        [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4], [4]],
    ),
    "window with a stride": (
        lambda D: D.range(7).window(3, 1, 2),
        [[0, 2, 4], [1, 3, 5], [2, 4, 6], [3, 5], [4, 6], [5], [6]],
    ),
    "window without a rest": (
        lambda D: D.range(7).window(3, 1, 2, True),
        [[0, 2, 4], [1, 3, 5], [2, 4, 6]],
    ),
    "window with a gap": (lambda D: D.range(12).window(3, 5, 2), [[0, 2, 4], [5, 7, 9], [10]]),
    "window with a long gap": (lambda D: D.range(7).window(2, 3), [[0, 1], [3, 4], [6]]),
    "window of too few": (lambda D: D.range(3).window(5, drop_remainder=True), []),
    "window of tuples": (
        lambda D: pairs(D).window(2).flat_map(lambda a, b: D.zip(a.batch(2), b.batch(2))),
        [([0, 1], [10, 11]), ([2, 3], [12, 13])],
    ),
    "window of dicts": (
        lambda D: (
            D.from_tensor_slices({"a": [1, 2, 3]}).window(2).flat_map(lambda w: w["a"].batch(2))
        ),
        [[1, 2], [3]],
    ),
    "flat map": (lambda D: D.range(4).flat_map(lambda n: D.range(n)), [0, 0, 1, 0, 1, 2]),
    "flat map of tuples": (
        lambda D: pairs(D).flat_map(lambda a, b: D.from_tensors(a + b)),
        [10, 12, 14, 16],
    ),
    "interleave": (lambda D: repeated(D, 2, 1), [1, 2, 1, 2, 2, 3, 3, 4, 3, 4, 3, 4, 4, 4]),
    "interleave blocks": (lambda D: repeated(D, 2, 2), [1, 1, 2, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4, 4]),
    "interleave three": (lambda D: repeated(D, 3, 2), [1, 1, 2, 2, 3, 3, 2, 3, 3, 4, 4, 4, 4, 4]),
    "interleave none": (lambda D: repeated(D, 1, 4), [1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4]),
    "interleave many": (lambda D: repeated(D, 10, 1), [1, 2, 3, 4, 1, 2, 3, 4, 2, 3, 4, 3, 4, 4]),
    "interleave on threads": (
        lambda D: repeated(D, 2, 3, num_parallel_calls=2),
        [1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4],
    ),
    "interleave empty ones": (
        lambda D: D.range(6).interleave(lambda x: D.range(x).filter(lambda y: x % 3 > 0), 2, 1),
        [0, 0, 1, 0, 0, 1, 1, 2, 2, 3, 3, 4],
    ),
    "scan": (
        lambda D: D.range(5).scan(np.int64(1), lambda s, x: (s * 2, s + x)),
        [1, 3, 6, 11, 20],
    ),
    "scan of tuples": (
        lambda D: pairs(D).scan(np.int64(0), lambda s, e: (s + e[0], (s, e[1]))),
        [(0, 10), (0, 11), (1, 12), (3, 13)],
    ),
    "take while": (lambda D: D.range(9).take_while(lambda x: x < 3), [0, 1, 2]),
    "unique": (lambda D: D.from_tensor_slices([1, 37, 2, 37, 2, 1]).unique(), [1, 37, 2]),
    "unique strings": (lambda D: D.from_tensor_slices(["a", "b", "a"]).unique(), ["a", "b"]),
    "group by window": (
        lambda D: D.range(10).group_by_window(lambda x: x % 2, lambda k, d: d.batch(3), 3),
        [[0, 2, 4], [1, 3, 5], [6, 8], [7, 9]],
    ),
    "group by window, rests by key": (
        lambda D: D.range(10).group_by_window(lambda x: -(x % 3), lambda k, d: d.batch(4), 4),
        [[0, 3, 6, 9], [2, 5, 8], [1, 4, 7]],
    ),
    "group by window of sizes": (
        lambda D: D.range(10).group_by_window(
            lambda x: x % 2, lambda k, d: d.batch(10), window_size_func=lambda k: k + 2
        ),
        [[0, 2], [1, 3, 5], [4, 6], [8], [7, 9]],
    ),
    "group by window of tuples": (
        lambda D: pairs(D).group_by_window(lambda a, b: a % 2, lambda k, d: d.batch(2), 2),
        [([0, 2], [10, 12]), ([1, 3], [11, 13])],
    ),
    "buckets": (
        lambda D: rows(D).bucket_by_sequence_length(length, [3, 5], [2, 2, 2]),
        [
            [[1, 2, 3, 4], [5, 6, 7, 0]],
            [[7, 8, 9, 10, 11, 0], [13, 14, 15, 16, 19, 20]],
            [[0, 0], [21, 22]],
        ],
    ),
    "buckets filled up with a value": (
        lambda D: (
            rows(D)
            .take(3)
            .bucket_by_sequence_length(length, [3, 5], [2, 2, 2], padding_values=np.int64(-1))
        ),
        [[[1, 2, 3, 4], [5, 6, 7, -1]], [[0]]],
    ),
    "buckets filled up to their ends": (
        lambda D: (
            rows(D)
            .take(3)
            .bucket_by_sequence_length(length, [4, 6], [2, 2, 2], pad_to_bucket_boundary=True)
        ),
        [[[0, 0, 0], [5, 6, 7]], [[1, 2, 3, 4, 0]]],
    ),
    "buckets without a rest": (
        lambda D: (
            rows(D)
            .take(4)
            .bucket_by_sequence_length(length, [3, 5], [2, 2, 2], drop_remainder=True)
        ),
        [[[1, 2, 3, 4], [5, 6, 7, 0]]],
    ),
    "choose": (
        lambda D: D.choose_from_datasets(
            [D.range(i * 10, i * 10 + 2) for i in range(3)], D.range(3).repeat(2)
        ),
        [0, 10, 20, 1, 11, 21],
    ),
    "choose until one ends": (
        lambda D: D.choose_from_datasets(
            [D.range(1), D.range(5, 8)], D.from_tensor_slices(np.array([0, 0, 1, 0, 1]))
        ),
        [0],
    ),
    "choose on": (
        lambda D: D.choose_from_datasets(
            [D.range(1), D.range(5, 8)],
            D.from_tensor_slices(np.array([0, 0, 1, 0, 1])),
            stop_on_empty_dataset=False,
        ),
        [0, 5, 6],
    ),
    "sample the only likely one": (
        lambda D: D.sample_from_datasets([D.range(5), D.range(5, 9)], [0.0, 1.0], seed=1).take(4),
        [5, 6, 7, 8],
    ),
    "prefetch": (lambda D: D.range(4).map(lambda x: x + 1).prefetch(2), [1, 2, 3, 4]),
    "prefetch nothing": (lambda D: D.range(2).prefetch(0), [0, 1]),
    "cache": (lambda D: D.range(2).map(lambda x: x + 1).cache().repeat(2), [1, 2, 1, 2]),
    "counter": (lambda D: D.counter(2, 3).take(3), [2, 5, 8]),
    "apply": (lambda D: D.range(3).apply(lambda d: d.take(1)), [0]),
}
"""By name: a function from the class to a data set, and its elements."""


def length(row):
    return row.shape[0] if row.shape[0] is not None else tensorflow_length(row)


def tensorflow_length(row):
    """The length of a row of TensorFlow's, which is known only when it is there."""
    import tensorflow as tf

    return tf.shape(row)[0]


unknown = lambda D: D.range(3).filter(lambda x: x >= 0)  # noqa: E731

CARDINALITIES = {
    "range": (lambda D: D.range(5), 5),
    "generator": (rows, -2),
    "filter": (unknown, -2),
    "repeat": (lambda D: D.range(3).repeat(), -1),
    "repeat twice": (lambda D: D.range(3).repeat(2), 6),
    "repeat nothing": (lambda D: D.range(0).repeat(), 0),
    "repeat the unknown": (lambda D: unknown(D).repeat(), -1),
    "the unknown, never": (lambda D: unknown(D).repeat(0), 0),
    "the unknown, twice": (lambda D: unknown(D).repeat(2), -2),
    "take": (lambda D: D.range(5).take(3), 3),
    "take more": (lambda D: D.range(5).take(9), 5),
    "take of no end": (lambda D: D.range(5).repeat().take(9), 9),
    "take of the unknown": (lambda D: unknown(D).take(2), -2),
    "skip": (lambda D: D.range(5).skip(2), 3),
    "skip more": (lambda D: D.range(5).skip(9), 0),
    "skip of no end": (lambda D: D.range(5).repeat().skip(9), -1),
    "skip all": (lambda D: D.range(5).skip(-1), 0),
    "shard": (lambda D: D.range(9).shard(4, 0), 3),
    "shard late": (lambda D: D.range(9).shard(4, 1), 2),
    "shard of nothing": (lambda D: D.range(0).shard(3, 1), 0),
    "batch": (lambda D: D.range(5).batch(3), 2),
    "batch without a rest": (lambda D: D.range(5).batch(3, True), 1),
    "batch of no end": (lambda D: D.range(5).repeat().batch(3), -1),
    "padded batch": (lambda D: D.range(5).padded_batch(2), 3),
    "unbatch": (lambda D: D.range(5).batch(2).unbatch(), -2),
    "unbatch of full batches": (lambda D: D.range(5).batch(2, True).unbatch(), 4),
    "rebatch": (lambda D: D.range(7).batch(3).rebatch(2), -2),
    "zip": (lambda D: D.zip(D.range(3), D.range(5).repeat()), 3),
    "zip with the unknown": (lambda D: D.zip(D.range(3), unknown(D)), -2),
    "concatenate": (lambda D: D.range(5).concatenate(D.range(3)), 8),
    "concatenate no end": (lambda D: unknown(D).concatenate(D.range(3).repeat()), -1),
    "concatenate the unknown": (lambda D: D.range(5).concatenate(unknown(D)), -2),
    "window": (lambda D: D.range(7).window(3, 1, 2), 7),
    "window without a rest": (lambda D: D.range(9).window(2, 4, 2, True), 2),
    "window with a gap": (lambda D: D.range(12).window(3, 5, 2), 3),
    "window of too few": (lambda D: D.range(3).window(5, drop_remainder=True), 0),
    "scan": (lambda D: D.range(5).scan(np.int64(1), lambda s, x: (s, x)), 5),
    "take while": (lambda D: D.range(5).take_while(lambda x: x < 3), -2),
    "unique": (lambda D: D.range(3).unique(), -2),
    "flat map": (lambda D: D.range(3).flat_map(lambda x: D.range(x)), -2),
    "enumerate": (lambda D: D.range(3).enumerate(), 3),
    "counter": (lambda D: D.counter(), -1),
    "shuffle, cache, prefetch": (lambda D: D.range(3).shuffle(2).cache().prefetch(1), 3),
    "sample": (lambda D: D.sample_from_datasets([D.range(5), D.range(5)]), -2),
}
"""By name: a function from the class to a data set, and its cardinality."""


def plain(element):
    """An element, or a data set, as Python's own lists, tuples, dicts, numbers and strings."""
    if hasattr(element, "cardinality"):
        return [plain(part) for part in element]
    if isinstance(element, tuple):
        return tuple(map(plain, element))
    if isinstance(element, dict):
        return {key: plain(part) for key, part in element.items()}
    return None if element is None else decoded(np.asarray(element.numpy()).tolist())


def decoded(value):
    if isinstance(value, list):
        return [decoded(part) for part in value]
    return value.decode() if isinstance(value, bytes) else value
