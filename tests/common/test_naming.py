import threading

import pytest

from minikeras.common import naming


@pytest.fixture(autouse=True)
def fresh_names():
    naming.reset_names()
    yield
    naming.reset_names()


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("Dense", "dense"),
        ("Conv2D", "conv2d"),
        ("MaxPooling2D", "max_pooling2d"),
        ("BatchNormalization", "batch_normalization"),
        ("LSTM", "lstm"),
        ("GRUCell", "gru_cell"),
        ("L1L2", "l1l2"),
        ("RMSprop", "rm_sprop"),
        ("already_snake", "already_snake"),
        ("My<Layer>", "my_layer"),
        ("ELU", "elu"),
        ("PReLU", "p_re_lu"),
    ],
)
def test_snake_case_is_that_of_keras(name, snake):
    assert naming.to_snake_case(name) == snake


def test_snake_case_of_every_keras_layer(keras):
    from keras.src.utils.naming import to_snake_case

    for name in dir(keras.layers):
        assert naming.to_snake_case(name) == to_snake_case(name)


def test_names_are_counted_from_the_second_use_on():
    assert [naming.auto_name("Dense") for _ in range(3)] == ["dense", "dense_1", "dense_2"]
    assert naming.auto_name("Conv2D") == "conv2d"
    naming.reset_names()
    assert naming.auto_name("Dense") == "dense"


def test_get_uid_counts_with_the_names():
    assert naming.auto_name("dense") == "dense"
    assert [naming.get_uid("dense"), naming.get_uid("dense")] == [2, 3]
    assert naming.auto_name("dense") == "dense_3"


def test_names_are_unique_across_threads():
    names = []

    def work():
        names.extend([naming.auto_name("Dense") for _ in range(200)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(set(names)) == 800


def test_nearest_names():
    known = ["relu", "tanh", "sigmoid", "GlorotUniform", "glorot_uniform"]
    assert naming.nearest_names("rleu", known) == ["relu"]
    assert naming.nearest_names("Relu", known) == ["relu"]
    assert naming.nearest_names("GlorotUnifrom", known) == ["GlorotUniform"]
    assert naming.nearest_names("qqqq", known) == []
    assert len(naming.nearest_names("glorot", ["glorot_a", "glorot_b", "glorot_c"], n=2)) == 2


def test_names_that_differ_in_case_only():
    assert naming.nearest_names("maxnorm", ["MaxNorm", "maxNorm", "maxnorm"]) == ["maxnorm"]
    assert naming.nearest_names("MaxNrm", ["maxnorm", "MaxNorm"]) == ["MaxNorm"]


def test_unknown_name_message():
    message = naming.unknown_name_message("activation", "rleu", ["tanh", "relu"])
    assert message == (
        "Unknown activation: 'rleu'. Did you mean 'relu'? Known activations: relu, tanh"
    )
    message = naming.unknown_name_message("loss", "qq", ["mse"])
    assert message == "Unknown loss: 'qq'. Known losses: mse"
