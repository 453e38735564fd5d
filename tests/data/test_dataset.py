"""Data sets give what tf.data gives: elements, numbers of them, specs, errors."""

from pathlib import Path

import numpy as np
import pytest
from data_cases import CARDINALITIES, CASES, Pair, pairs, plain, rows

import minikeras
from minikeras import ops
from minikeras.autodiff import Tensor
from minikeras.autodiff.state import thread
from minikeras.data import (
    AUTOTUNE,
    INFINITE_CARDINALITY,
    Dataset,
    DatasetSpec,
    Options,
    TensorSpec,
    assert_cardinality,
)


@pytest.mark.parametrize("name", CASES)
def test_elements(name):
    make, expected = CASES[name]
    dataset = make(Dataset)
    assert plain(dataset) == expected
    assert plain(dataset) == expected  # once more


@pytest.mark.parametrize("name", CARDINALITIES)
def test_cardinality(name):
    make, expected = CARDINALITIES[name]
    dataset = make(Dataset)
    assert dataset.cardinality() == expected
    if expected >= 0:
        assert len(dataset) == expected == len(plain(dataset))
    else:
        with pytest.raises(TypeError, match="infinite" if expected == -1 else "unknown"):
            len(dataset)
    assert dataset  # however many there are


# Elements.


def test_elements_are_tensors():
    x, (n, text) = next(iter(Dataset.from_tensor_slices((np.eye(2), ([3, 4], ["a", "bc"])))))
    assert type(x) is type(n) is type(text) is Tensor
    assert x.dtype == "float64" and n.dtype == "int32" and n.shape == ()
    assert float(n / 2) == 1.5 and ops.sum(x) == 1
    assert text.item() == "a" and text == "a" and str(text.numpy()) == "a"


def test_numpy_iterator():
    dataset = Dataset.from_tensor_slices({"a": np.eye(2), "b": ["x", "y"], "c": [1, 2]})
    first = next(dataset.as_numpy_iterator())
    assert list(first) == ["a", "b", "c"]
    assert type(first["a"]) is np.ndarray and not first["a"].flags.writeable
    assert first["b"] == "x" and isinstance(first["b"], str)
    assert isinstance(first["c"], np.int32)


@pytest.mark.parametrize("batched", [False, True])
def test_data_cannot_be_changed_through_elements(batched):
    x = np.zeros((4, 2))
    dataset = Dataset.from_tensor_slices(x)
    for element in (dataset.batch(2) if batched else dataset).as_numpy_iterator():
        with pytest.raises(ValueError, match="read-only"):
            element[...] = 1
    assert x.flags.writeable and not x.any()


def test_batches_in_order_are_views():
    x = np.zeros((6, 2))
    batches = list(Dataset.from_tensor_slices(x).skip(1).batch(2).as_numpy_iterator())
    assert all(np.shares_memory(x, batch) for batch in batches)


def test_rows_that_do_not_lie_side_by_side():
    x = np.arange(12).reshape(2, 6).T
    got = plain(Dataset.from_tensor_slices(x).shuffle(6, seed=0).batch(4).unbatch())
    assert sorted(got) == x.tolist()


def test_functions_are_called_with_tensors_off_any_tape():
    w = minikeras.Variable(2.0)
    with minikeras.GradientTape(persistent=True) as tape:
        dataset = Dataset.range(3).map(lambda i: ops.cast(i, "float32") * w)
        assert plain(dataset) == [0, 2, 4]
        total = dataset.reduce(w, lambda s, x: s + x)
    assert float(total) == 8
    assert tape.gradient(total, w) is None


def test_functions_run_without_the_tapes_around():
    tapes = []

    def note(*parts):
        tapes.extend(thread.state.tapes)
        return parts[-1]

    numbers = Dataset.range(3)
    with minikeras.GradientTape():
        list(numbers.map(note).filter(lambda i: note(i) >= 0).take_while(lambda i: note(i) < 9))
        list(numbers.scan(0, lambda state, i: (state, note(i))))
        list(numbers.interleave(lambda i: note(numbers)))
        list(numbers.group_by_window(note, lambda key, window: note(window), 2))
        numbers.reduce(0, note)
    assert tapes == []


def test_strings_keep_what_they_are():
    long = "x" * 10_000
    for texts in (["a", long], np.array(["a", long], object), np.array(["a", long])):
        dataset = Dataset.from_tensor_slices(texts)
        assert plain(dataset) == ["a", long]
        assert plain(dataset.shuffle(2).batch(2).unbatch().filter(lambda t: t == "a")) == ["a"]
        assert dataset.element_spec == TensorSpec((), "string")
    # Bytes may end in zeros, which NumPy's own type of bytes drops.
    data = [b"a\0", b"\0\0"]
    assert [e.item() for e in Dataset.from_tensor_slices(data)] == data
    assert next(iter(Dataset.from_tensors(b"a\0"))).item() == b"a\0"
    assert next(iter(Dataset.from_tensor_slices(data).batch(2))).tolist() == data


def test_tables_of_pandas():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"n": [1, 2], "text": ["a", "b"]})
    assert plain(Dataset.from_tensor_slices((dict(frame), frame["n"]))) == [
        ({"n": 1, "text": "a"}, 1),
        ({"n": 2, "text": "b"}, 2),
    ]


def test_generator_is_called_for_every_pass():
    calls = []

    def numbers(n):
        calls.append(n)
        yield from [1, 2]

    dataset = Dataset.from_generator(numbers, output_signature=TensorSpec((), "float16"), args=(3,))
    assert calls == []
    assert plain(dataset.repeat(2)) == [1, 2, 1, 2]
    assert calls == [3, 3] and isinstance(calls[0], np.int32)
    assert dataset.element_spec == TensorSpec((), "float16") == TensorSpec((), np.float16)


def test_iterator():
    iterator = iter(Dataset.range(2))
    assert iterator.element_spec == TensorSpec((), "int64")
    assert iterator.get_next() == 0 and next(iterator) == 1
    with pytest.raises(StopIteration):
        iterator.get_next()


def test_get_single_element():
    assert Dataset.range(1).get_single_element() == 0
    for n in (0, 2):
        with pytest.raises(ValueError, match="element"):
            Dataset.range(n).get_single_element()


def test_reduce():
    total = Dataset.range(5).reduce(np.int64(0), lambda s, x: s + x)
    assert type(total) is Tensor and total == 10
    count, product = pairs(Dataset).reduce((0, 1.0), lambda s, e: (s[0] + 1, s[1] * (e[0] + 1)))
    assert count == 4 and product == 24


def test_what_is_known_of_classes_and_files_stays():
    dataset = Dataset.from_tensor_slices([1, 2])
    dataset.class_names, dataset.file_paths = ["a", "b"], ["x", "y"]
    for other in (
        dataset.map(lambda x: x),
        dataset.prefetch(1),
        dataset.cache(),
        dataset.with_options(Options()),
    ):
        assert other.class_names == ["a", "b"] and other.file_paths == ["x", "y"]
    assert not hasattr(dataset.shuffle(2), "file_paths")


def test_sparing_with_memory():
    """Nothing is made before it is asked for, and no more than needed."""
    made = []

    def note(i):
        made.append(int(i))
        return i

    dataset = Dataset.counter().map(note).batch(2).take(2)
    iterator = iter(dataset)
    assert made == []
    next(iterator)
    assert made == [0, 1]
    assert len(list(iterator)) == 1 and made == [0, 1, 2, 3]
    assert plain(Dataset.range(10**15).skip(10**5).take(1)) == [10**5]


def test_values_of_tensors_are_taken_for_numbers():
    n = Dataset.range(9).batch(2).cardinality()
    assert n == 5 and f"{n}" and int(n) == 5
    assert len(Dataset.range(10).take(n // 2)) == 2
    assert len(Dataset.range(10).shuffle(n, seed=n).batch(n)) == 2
    assert plain(Dataset.range(n)) == [0, 1, 2, 3, 4]


def test_many_files_in_a_row():
    dataset = Dataset.range(0)
    for i in range(3000):
        dataset = dataset.concatenate(Dataset.range(i, i + 1))
    assert plain(dataset) == list(range(3000)) and len(dataset) == 3000


def test_list_files(tmp_path):
    for name in ("b.txt", "a.txt", "c.csv"):
        (tmp_path / name).write_text(name)
    sorted_ = Dataset.list_files(str(tmp_path / "*.txt"), shuffle=False)
    assert [Path(p).name for p in plain(sorted_)] == ["a.txt", "b.txt"]
    both = Dataset.list_files([str(tmp_path / "*.txt"), str(tmp_path / "*.csv")], seed=1)
    assert sorted(Path(p).name for p in plain(both)) == ["a.txt", "b.txt", "c.csv"]
    with pytest.raises(ValueError, match="no file fits"):
        Dataset.list_files(str(tmp_path / "*.png"))


def test_options_and_apply():
    options = Options()
    options.deterministic = False
    dataset = Dataset.range(3).with_options(options)
    assert dataset.options().deterministic is False
    assert Dataset.range(3).options().deterministic is None
    assert plain(dataset.apply(lambda d: d.skip(2))) == [2]


@pytest.mark.parametrize("count, said", [(2, "more"), (4, "only 3"), (-1, "only 3")])
def test_announced_cardinality(count, said):
    dataset = Dataset.from_generator(lambda: iter([5, 6, 7]))
    announced = dataset.apply(assert_cardinality(3))
    assert len(announced) == 3 and plain(announced) == [5, 6, 7]
    wrong = dataset.apply(assert_cardinality(count))
    assert wrong.cardinality() == count
    with pytest.raises(ValueError, match=f"Received: {said}"):
        list(wrong)
    with pytest.raises(ValueError, match="expected_cardinality"):
        assert_cardinality(-2)


def test_representation():
    assert repr(Dataset.range(3).batch(2, name="b")) == "<Dataset 'b' of 2 elements, made by Batch>"
    assert "infinite" in repr(Dataset.counter())


# Specs.


@pytest.mark.parametrize(
    "make, spec",
    [
        (lambda D: D.from_tensor_slices((np.eye(2), ["a", "b"])), (([2], "float64"), ([], "string"))),
        (lambda D: D.range(5).batch(2), ([None], "int64")),
        (lambda D: D.range(5).batch(2, True), ([2], "int64")),
        (lambda D: D.range(5).batch(2).map(lambda x: (x, x / 2)), (([None], "int64"), ([None], "float32"))),
        (lambda D: D.range(2).map(lambda x: (1.5, 2)), (([], "float32"), ([], "int32"))),
        (lambda D: D.range(2).map(lambda x: ("a", True)), (([], "string"), ([], "bool"))),
        (lambda D: D.range(2).map(lambda x: (x, [x, x])), (([], "int64"), ([2], "int64"))),
        (lambda D: D.range(2).map(lambda x: (x, None)), (([], "int64"), None)),
        (rows, ([None], "int64")),
        (lambda D: rows(D).padded_batch(2), ([None, None], "int64")),
        (lambda D: rows(D).padded_batch(2, [4], drop_remainder=True), ([2, 4], "int64")),
        (lambda D: rows(D).batch(2).unbatch(), ([None], "int64")),
        (lambda D: D.range(8).batch(4).rebatch(2), ([None], "int64")),
        (lambda D: D.from_generator(list, ("int64", "string")), ((None, "int64"), (None, "string"))),
        (lambda D: D.zip({"a": D.range(3)}), {"a": ([], "int64")}),
        (lambda D: D.range(3).enumerate(), (([], "int64"), ([], "int64"))),
        (lambda D: D.from_tensors([1.0]).concatenate(D.from_tensors([1.0, 2.0])), ([None], "float32")),
        (lambda D: D.range(3).flat_map(lambda x: D.range(x).batch(2)), ([None], "int64")),
        (lambda D: rows(D).bucket_by_sequence_length(len, [3], [2, 2]), ([None, None], "int64")),
        (
            lambda D: pairs(D).window(2).flat_map(lambda a, b: D.zip(a.batch(2), b)),
            (([None], "int64"), ([], "int64")),
        ),
        (lambda D: D.range(5).scan(np.int64(1), lambda s, x: (s, x / 2)), ([], "float32")),
    ],
)  # fmt: skip
def test_element_spec(make, spec):
    def specs(part):
        if isinstance(part, dict):
            return {key: specs(p) for key, p in part.items()}
        if part is None or isinstance(part[-1], str):
            return None if part is None else TensorSpec(*part)
        return tuple(map(specs, part))

    assert make(Dataset).element_spec == specs(spec)


def test_spec_of_windows():
    spec = Dataset.range(7).map(lambda x: {"a": x}).window(3).element_spec
    assert spec == {"a": DatasetSpec(TensorSpec((), "int64"))}
    window = next(iter(Dataset.range(7).window(3)))
    assert window.element_spec == TensorSpec((), "int64") and len(window) == 3


def test_a_function_that_needs_values_is_seen_on_the_first_batch():
    def looked_at(x):
        return np.sqrt(np.asarray(x)), "even" if x.numpy().sum() % 2 == 0 else "odd"

    dataset = Dataset.range(1, 6).batch(2).map(lambda x: np.sqrt(x.numpy() + 0.0))
    assert dataset.element_spec == TensorSpec((None,), "float64")
    dataset = Dataset.range(5).map(looked_at)
    assert dataset.element_spec == (TensorSpec((), "float64"), TensorSpec((), "string"))


def test_looking_for_the_spec_changes_nothing():
    minikeras.utils.set_random_seed(3)
    dataset = Dataset.range(4).map(lambda x: x.numpy() + np.random.rand()).shuffle(4)
    state, draws = dataset.get_state(), np.random.get_state()[1].tolist()
    assert dataset.element_spec.dtype == "float64"
    assert dataset.get_state() == state and np.random.get_state()[1].tolist() == draws


def test_tensor_spec():
    spec = TensorSpec((None, 2), "float32", name="x")
    assert repr(spec) == "TensorSpec(shape=(None, 2), dtype='float32', name='x')"
    assert spec.is_compatible_with(np.zeros((5, 2), "float32")) and spec.ndim == 2
    assert not spec.is_compatible_with(np.zeros((5, 3), "float32"))
    assert not spec.is_compatible_with(np.zeros((5, 2)))
    assert TensorSpec(None, "int32").is_compatible_with(TensorSpec((3, None), "int32"))
    assert len({spec, TensorSpec([None, 2], np.float32)}) == 1
    assert TensorSpec((), np.dtype("<U5")).dtype == TensorSpec((), bytes).dtype == "string"


# Errors.


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: Dataset.from_tensor_slices((np.ones(2), np.ones(3))), ValueError, "equally long"),
        (lambda: Dataset.from_tensor_slices(3), ValueError, "first axis"),
        (lambda: Dataset.from_tensor_slices(()), ValueError, "at least one array"),
        (lambda: Dataset.from_tensor_slices([object()]), TypeError, "object"),
        (lambda: Dataset.from_generator([1]), TypeError, "`generator` must be a function"),
        (lambda: Dataset.from_generator(list, "int32", None, None, TensorSpec(())), TypeError, "either"),
        (lambda: Dataset.range(), ValueError, "one to three"),
        (lambda: Dataset.range(0, 5, 0), ValueError, "step"),
        (lambda: Dataset.range(1.5), TypeError, "integer"),
        (lambda: Dataset.zip(), TypeError, "at least one"),
        (lambda: Dataset.zip((Dataset.range(1), 3)), TypeError, "Received: 3"),
        (lambda: Dataset.zip([Dataset.range(3)]), TypeError, "tuples and dicts"),
        (lambda: Dataset.range(3).batch(0), ValueError, "batch: `batch_size` must be positive"),
        (lambda: Dataset.range(3).batch(2.0), TypeError, "batch: `batch_size` must be an integer"),
        (lambda: Dataset.range(3).shuffle(0), ValueError, "buffer_size"),
        (lambda: Dataset.range(3).shuffle(-1), ValueError, "buffer_size"),
        (lambda: Dataset.range(3).prefetch(-2), ValueError, "buffer_size"),
        (lambda: Dataset.range(3).map(3), TypeError, "map: `map_func` must be a function"),
        (lambda: Dataset.range(3).map(abs, num_parallel_calls=0), ValueError, "num_parallel_calls"),
        (lambda: Dataset.range(3).window(0), ValueError, "size"),
        (lambda: Dataset.range(3).window(2, shift=0), ValueError, "shift"),
        (lambda: Dataset.range(9).shard(4, 4), ValueError, "index"),
        (lambda: Dataset.range(9).shard(0, 0), ValueError, "num_shards"),
        (lambda: Dataset.range(9).concatenate([1]), TypeError, "Dataset"),
        (lambda: Dataset.range(9).group_by_window(abs, abs), ValueError, "window_size"),
        (lambda: Dataset.range(3).bucket_by_sequence_length(abs, [3], [2]), ValueError, "one number more"),
        (lambda: Dataset.sample_from_datasets([Dataset.range(5)], [0.5, 0.5]), ValueError, "1 numbers"),
        (lambda: Dataset.sample_from_datasets([]), ValueError, "at least one"),
    ],
)  # fmt: skip
def test_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()


generated = lambda values, *spec: Dataset.from_generator(  # noqa: E731
    lambda: iter(values), output_signature=TensorSpec(*spec)
)


@pytest.mark.parametrize(
    "dataset, error, message",
    [
        (Dataset.range(3).map(lambda x, y: x), TypeError, "'y'"),
        (Dataset.range(3).map(lambda x: object()), TypeError, "object"),
        (Dataset.range(3).filter(lambda x: x), ValueError, "True or False"),
        (Dataset.range(3).take_while(lambda x: [True]), ValueError, "True or False"),
        (Dataset.range(3).flat_map(lambda x: x), TypeError, "must return a Dataset"),
        (Dataset.range(3).scan(0, lambda s, x: s), TypeError, "pair"),
        (Dataset.range(3).map(lambda x: (x, x)).unique(), TypeError, "single tensors"),
        (generated([[1], [1, 2]], (None,), "int32").batch(2), ValueError, r"\(1,\), \(2,\)"),
        (generated([[1], [1, 2]], (None,), "int32").padded_batch(2, [1]), ValueError, "larger"),
        (generated([[1], [1, 2]], (None,), "int32").padded_batch(2, None, 1.5), TypeError, "float32"),
        (generated([[1], [[1]]], None, "int32").padded_batch(2), ValueError, "axes"),
        (generated([[1]], (3,), "int32"), ValueError, r"shape \(1,\)"),
        (generated(["a"], (), "int32"), TypeError, "'a'"),
        (generated([1], (), "string"), TypeError, "string"),
        (Dataset.from_generator(lambda: iter([(1, 2, 3)]), ("int64", "int64")), ValueError, "signature"),
        (Dataset.from_tensors(1).unbatch(), ValueError, "first axis"),
        (Dataset.from_tensors((np.ones(2), np.ones(3))).unbatch(), ValueError, "equally long"),
        (Dataset.choose_from_datasets([Dataset.range(2)], Dataset.range(1, 2)), ValueError, "choice 1"),
        (Dataset.choose_from_datasets([Dataset.range(2)], Dataset.from_tensors(0.5)), TypeError, "must be"),
        (Dataset.range(3).group_by_window(lambda x: x / 2, lambda k, d: d, 2), ValueError, "integer"),
        (Dataset.range(3).window(2).batch(2), TypeError, "flat_map"),
        (
            rows(Dataset).bucket_by_sequence_length(len, [3], [2, 2], pad_to_bucket_boundary=True),
            ValueError,
            "shorter than the last boundary",
        ),
    ],
)  # fmt: skip
def test_bad_elements(dataset, error, message):
    with pytest.raises(error, match=message):
        list(dataset)


# Draws.


def test_shuffling_is_repeatable_and_new_in_every_pass():
    def two(seed=1, **kwargs):
        dataset = Dataset.range(50).shuffle(50, seed=seed, **kwargs)
        return plain(dataset), plain(dataset)

    first, second = two()
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second
    assert two() == (first, second) and two(seed=2)[0] != first
    same, again = two(reshuffle_each_iteration=False)
    assert same == again != list(range(50))


def test_each_repetition_is_shuffled_anew():
    dataset = Dataset.range(30).shuffle(30, seed=1).repeat(2)
    both = plain(dataset)
    assert sorted(both[:30]) == sorted(both[30:]) == list(range(30)) and both[:30] != both[30:]
    fixed = plain(Dataset.range(30).shuffle(30, reshuffle_each_iteration=False).repeat(2))
    assert fixed[:30] == fixed[30:]
    a, b = zip(*plain(Dataset.zip((dataset, dataset)).take(30)))
    assert a != b


def test_a_fixed_order_can_be_split():
    dataset = Dataset.range(20).shuffle(20, reshuffle_each_iteration=False)
    for _ in range(2):
        assert sorted(plain(dataset.take(15)) + plain(dataset.skip(15))) == list(range(20))


def test_cached_order():
    dataset = Dataset.range(20).shuffle(20).cache()
    first = plain(dataset)
    assert plain(dataset) == first
    shuffled = dataset.shuffle(20)
    assert plain(shuffled) != plain(shuffled)


def test_global_seed():
    def order():
        return plain(Dataset.range(20).map(lambda x: x).shuffle(5).shuffle(20))

    minikeras.utils.set_random_seed(7)
    first, other = order(), order()
    minikeras.utils.set_random_seed(7)
    assert order() == first != other


@pytest.mark.parametrize("size", [2, 7, 64])
def test_every_order_of_the_buffer_is_equally_likely(size):
    """The first element comes from the buffer, and the last is as likely to come late."""
    n, passes = 8, 2000
    dataset = Dataset.range(n).shuffle(size, seed=0)
    firsts = np.bincount([next(dataset.as_numpy_iterator()) for _ in range(passes)], minlength=n)
    likely = min(size, n)
    assert firsts[likely:].sum() == 0
    assert abs(firsts[:likely] / passes - 1 / likely).max() < 5 * np.sqrt(1 / likely / passes)


@pytest.mark.parametrize("size", [3, 300, 5000])
def test_rows_by_number_and_elements_come_in_the_same_order(size):
    x = np.arange(20_000)
    table = Dataset.from_tensor_slices((x, -x))
    elements = table.map(lambda a, b: (a, b))  # the same, one by one
    orders = []
    for dataset in (table, elements):
        batches = list(dataset.shuffle(size, seed=4).batch(700))
        orders.append(np.concatenate([a.numpy() for a, _ in batches]))
        assert all((a.numpy() == -b.numpy()).all() for a, b in batches)
    assert (orders[0] == orders[1]).all() and sorted(orders[0]) == x.tolist()


def test_inner_data_sets_are_shuffled_repeatably():
    def dataset(seed):
        minikeras.utils.set_random_seed(seed)
        inner = lambda i: Dataset.range(10).shuffle(10)  # noqa: E731
        return Dataset.range(3).interleave(inner, 2, num_parallel_calls=2).prefetch(2)

    one, other = dataset(1), dataset(1)
    first = plain(one)
    assert first == plain(other) and plain(one) == plain(other) != first
    assert plain(dataset(2)) != first
    # Constant ones too, in every pass and for every element.
    shuffled = Dataset.range(10).shuffle(10)
    orders = plain(Dataset.range(2).flat_map(lambda i: shuffled).batch(10).repeat(2))
    assert len({tuple(order) for order in orders}) == 4


def test_samples():
    few = [Dataset.range(0, 500), Dataset.range(1000, 2000)]
    mixed = Dataset.sample_from_datasets(few, [0.25, 0.75], seed=5)
    got = plain(mixed)
    assert sorted(got) == [*range(500), *range(1000, 2000)] and plain(mixed) == got
    assert 60 < sum(i < 500 for i in got[:400]) < 140
    stopped = plain(Dataset.sample_from_datasets(few, seed=5, stop_on_empty_dataset=True))
    assert len(stopped) < 1500
    anew = Dataset.sample_from_datasets(few, seed=5, rerandomize_each_iteration=True)
    assert plain(anew) != plain(anew)
    assert (
        Dataset.sample_from_datasets([Dataset.counter()] * 2).cardinality() == INFINITE_CARDINALITY
    )


def test_random_numbers():
    numbers = Dataset.random(seed=4).take(5)
    assert plain(numbers) == plain(numbers) == plain(Dataset.random(4).take(5))
    anew = Dataset.random(4, rerandomize_each_iteration=True).take(5)
    assert plain(anew) != plain(anew)


def test_state():
    def make():
        inner = Dataset.range(20).shuffle(20).cache()
        return inner.shuffle(5).batch(3).prefetch(AUTOTUNE)

    one, other = make(), make()
    plain(one)
    state = one.get_state()
    expected = [plain(one), plain(one)]
    plain(other)  # fills the cache with what is to be forgotten
    other.set_state(state)
    assert [plain(other), plain(other)] == expected
    with pytest.raises(ValueError, match="a pipeline with 2 stages that draw"):
        Dataset.range(3).set_state(state)


# Files and caches.


def structure():
    return Dataset.from_tensor_slices(
        ({"x": np.eye(3), "n": [1, 2, 3]}, ["a", "", "cd"], [b"a\0", b"", b"\xff"])
    )


@pytest.mark.parametrize("batched", [False, True])
def test_save_and_load(tmp_path, batched):
    dataset = structure().batch(2) if batched else structure()
    dataset.save(tmp_path / "data")
    loaded = Dataset.load(tmp_path / "data")
    assert len(loaded) == len(dataset)
    assert plain(loaded.map(lambda x, s, b: (x, s))) == plain(dataset.map(lambda x, s, b: (x, s)))
    assert [b.tolist() for _, _, b in loaded] == [b.tolist() for _, _, b in dataset]
    assert next(iter(loaded))[0]["x"].dtype == "float64"


def test_saved_specs_are_those_of_all_elements(tmp_path):
    rows(Dataset).save(tmp_path)
    loaded = Dataset.load(tmp_path)
    assert loaded.element_spec == TensorSpec((None,), "int64")
    assert plain(loaded) == plain(rows(Dataset))


def test_bfloat16_is_saved(tmp_path):
    pytest.importorskip("ml_dtypes")
    Dataset.range(3).map(lambda x: ops.cast(x, "bfloat16")).save(tmp_path)
    loaded = Dataset.load(tmp_path)
    assert loaded.element_spec == TensorSpec((), "bfloat16") and plain(loaded) == [0, 1, 2]


def test_files_that_are_none(tmp_path):
    with pytest.raises(ValueError, match="no file"):
        Dataset.load(tmp_path)
    (tmp_path / "elements").write_bytes(b"something else")
    with pytest.raises(ValueError, match="no file of elements"):
        Dataset.load(tmp_path)
    with pytest.raises(TypeError, match="written"):
        Dataset.range(3).window(2).save(tmp_path / "windows")


@pytest.mark.parametrize("where", ["memory", "file", "snapshot"])
def test_cache_is_filled_once(tmp_path, where):
    made = []

    def note(i):
        made.append(int(i))
        return i * 2

    dataset = Dataset.range(3).map(note)
    if where == "memory":
        dataset = dataset.cache()
    elif where == "file":
        dataset = dataset.cache(str(tmp_path / "cache"))
    else:
        dataset = dataset.snapshot(tmp_path)
    assert plain(dataset.take(2)) == [0, 2]  # not all of it: nothing is kept
    assert list(tmp_path.iterdir()) == []
    made.clear()
    assert plain(dataset) == plain(dataset) == [0, 2, 4]
    assert made == [0, 1, 2]
    if where != "memory":
        again = Dataset.range(0).cache(str(next(tmp_path.iterdir())))
        assert plain(again) == [0, 2, 4]


def test_namedtuples_come_through():
    dataset = Dataset.from_tensor_slices(Pair(np.arange(3), np.arange(3) * 2))
    for element in (next(iter(dataset)), next(iter(dataset.shuffle(3).batch(2).prefetch(1)))):
        assert type(element) is Pair and (element.b.numpy() == 2 * element.a.numpy()).all()
