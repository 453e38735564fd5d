"""`make_csv_dataset`: what TensorFlow 2.21 gives for the same files."""

import gzip

import numpy as np
import pytest

import minikeras

TEXT = "a,b,c,d,e\n1,2.5,x,5000000000,\n2,,y,1,1e40\n,3,,2,2\n"


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text(TEXT)
    return str(path)


def read(tf, path, batch_size=3, **options):
    options = {"num_epochs": 1, "shuffle": False, **options}
    return tf.data.experimental.make_csv_dataset(path, batch_size, **options)


def plain(column):
    column = np.asarray(column)
    return column.astype(str).tolist() if column.dtype.kind in "USO" else column.tolist()


def lists(batch):
    return {name: plain(column) for name, column in batch.items()}


def test_dtypes_are_those_that_the_values_need(tf, path):
    (batch,) = read(tf, path).as_numpy_iterator()
    assert {n: str(c.dtype) for n, c in batch.items() if n != "c"} == {
        "a": "int32",
        "b": "float32",
        "d": "int64",
        "e": "float64",
    }
    assert lists(batch) == {
        "a": [1, 2, 0],
        "b": [2.5, 0.0, 3.0],
        "c": ["x", "y", ""],
        "d": [5000000000, 1, 2],
        "e": [0.0, 1e40, 2.0],
    }


def test_label_defaults_and_selected_columns(tf, path):
    (batch,) = read(tf, path, label_name="c", select_columns=["c", 0]).as_numpy_iterator()
    assert lists(batch[0]) == {"a": [1, 2, 0]} and plain(batch[1]) == ["x", "y", ""]
    defaults = [[7.0], 0.5, "NA", "int64", [-1.0]]
    (batch,) = read(tf, path, column_defaults=defaults, na_value="y").as_numpy_iterator()
    assert lists(batch)["a"] == [1.0, 2.0, 7.0] and batch["a"].dtype == "float32"
    assert lists(batch)["c"] == ["x", "NA", "NA"]


def test_names_of_columns_stand_in_the_file_or_in_the_call(tf, path):
    given = {"column_names": list("vwxyz")}
    (batch,) = read(tf, path, **given).as_numpy_iterator()
    assert lists(batch)["v"] == [1, 2, 0]
    (batch,) = read(tf, path, 4, header=False, **given).as_numpy_iterator()
    assert lists(batch)["v"] == ["a", "1", "2", ""]


def test_files_follow_each_other_by_name_and_epochs_run_on(tf, tmp_path):
    for name, rows in (("2.csv", [11, 12, 13, 14]), ("1.csv", [1, 2, 3])):
        (tmp_path / name).write_text("\n".join(map(str, ["a", *rows])))
    paths = [str(tmp_path / "2.csv"), str(tmp_path / "1.csv")]

    def batches(path, **options):
        return [lists(b)["a"] for b in read(tf, path, **options).as_numpy_iterator()]

    assert batches(paths) == [[1, 2, 3], [11, 12, 13], [14]]
    assert batches(str(tmp_path / "?.csv")) == batches(paths)
    twice = [[1, 2, 3], [11, 12, 13], [14, 1, 2], [3, 11, 12], [13, 14]]
    assert batches(paths, num_epochs=2) == twice
    endless = read(tf, paths, num_epochs=None)
    assert int(endless.cardinality()) == -1
    assert [lists(b)["a"] for b in endless.take(3).as_numpy_iterator()] == twice[:3]
    shuffled = np.concatenate(batches(paths, shuffle=True, shuffle_seed=0))
    assert sorted(shuffled) == [1, 2, 3, 11, 12, 13, 14]
    with gzip.open(tmp_path / "z.gz", "wt") as file:
        file.write("a;b\n'1;2\n")
    options = {"compression_type": "GZIP", "field_delim": ";", "use_quote_delim": False}
    (batch,) = read(tf, str(tmp_path / "z.gz"), **options).as_numpy_iterator()
    assert lists(batch) == {"a": ["'1"], "b": [2]}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"column_defaults": ["int64", 0.0, "", 0, 0.0]}, "row 2 has no value in column 'a'"),
        ({"column_defaults": [0, 0.0, 1, 0, 0.0]}, "column 'c' is int32"),
        ({"column_defaults": [0]}, "5 columns are read, and there are 1"),
        ({"label_name": "q"}, "`label_name` must be a column"),
        ({"select_columns": ["a", "q"]}, "`select_columns` names 'q'"),
        ({"header": False}, "`column_names` are needed"),
        ({"column_names": ["a"]}, "has 5 values, and there are 1 columns"),
        ({"column_names": list("abcda")}, "columns have the same name"),
        ({"select_columns": ["a", 0]}, "names a column twice"),
        ({"compression_type": "ZLIB"}, "must be None or 'GZIP'"),
    ],
)
def test_errors_say_what_is_wrong(tf, path, options, message):
    with pytest.raises(ValueError, match=message):
        read(tf, path, **options)


def test_files_that_differ_or_are_missing(tf, path, tmp_path):
    (tmp_path / "other.csv").write_text("q\n1\n")
    with pytest.raises(ValueError, match="files before have"):
        read(tf, [path, str(tmp_path / "other.csv")])
    with pytest.raises(ValueError, match="no file is called"):
        read(tf, str(tmp_path / "nowhere.csv"))
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ValueError, match="empty.csv is empty"):
        read(tf, str(tmp_path / "empty.csv"))


def test_a_model_learns_from_it(tf, tmp_path):
    rng = np.random.RandomState(0)
    kinds, numbers = rng.choice(["high", "low"], 64), rng.rand(64)
    rows = [f"{n},{k},{int(k == 'high')}" for n, k in zip(numbers, kinds)]
    (tmp_path / "t.csv").write_text("\n".join(["number,kind,label", *rows]))
    lookup = minikeras.layers.StringLookup(vocabulary=["high", "low"], output_mode="one_hot")
    number = minikeras.Input((), name="number")
    kind = minikeras.Input((), name="kind", dtype="string")
    number_column = minikeras.ops.expand_dims(number, -1)
    x = minikeras.layers.concatenate([number_column, lookup(kind)])
    model = minikeras.Model([number, kind], minikeras.layers.Dense(1, "sigmoid")(x))
    model.compile(minikeras.optimizers.Adam(0.1), "binary_crossentropy", metrics=["accuracy"])
    data = read(tf, str(tmp_path / "t.csv"), 16, label_name="label", shuffle=True)
    history = model.fit(data, epochs=10, verbose=0).history
    assert history["accuracy"][-1] == 1.0
