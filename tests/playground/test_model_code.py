"""Code that buttons rewrite: the rest of it stays as it was written, letter by letter."""

import pytest

from minikeras.playground.model_code import LAYERS, TEMPLATE, ModelCode, imports_keras

ODD = """\
# Größe: ein Kommentar 你好, der stehen bleibt
from tensorflow import keras
L = keras.layers
model = keras.models.Sequential(layers=[L.Input((2,)), L.Dense(units=3), L.Dense(1, "sigmoid")], name="ö")
model.compile("adam", loss="binary_crossentropy")
"""


def test_what_the_controls_show():
    outline = ModelCode(ODD).outline()
    assert [layer["kind"] for layer in outline["layers"]] == ["Input", "Dense", "Dense"]
    assert outline["layers"][1] == {"kind": "Dense", "units": 3, "activation": None}
    assert (outline["optimizer"], outline["learning_rate"]) == ("Adam", None)


@pytest.mark.parametrize(
    ("change", "old", "new"),
    [
        (("set_argument", 1, "units", 30), "units=3", "units=30"),
        (("set_argument", 1, "activation", "relu"), "units=3)", 'units=3, activation="relu")'),
        (("set_argument", 2, "activation", "relu"), '"sigmoid"', '"relu"'),
        (("remove", 1), "L.Dense(units=3), ", ""),
        (("remove", 0), "L.Input((2,)), ", ""),
        (("remove", 2), ', L.Dense(1, "sigmoid")', ""),
        (("add", 2, "Dropout"), 'L.Dense(1, "s', 'keras.layers.Dropout(0.2), L.Dense(1, "s'),
        (("set_optimizer", "SGD", 0.5), '"adam"', "keras.optimizers.SGD(learning_rate=0.5)"),
        (("fitted", 2, 2), "", ""),
    ],
)
def test_only_what_was_asked_for_changes(change, old, new):
    action, *arguments = change
    assert ODD.count(old) == 1 or not old
    assert getattr(ModelCode(ODD), action)(*arguments) == ODD.replace(old, new)


def test_a_layer_that_is_added_has_a_line_of_its_own_where_others_have():
    code = ModelCode(TEMPLATE).add(3, "BatchNormalization")
    assert "\n    keras.layers.BatchNormalization(),\n    keras.layers.Dense(1, " in code


def test_code_is_fitted_to_data():
    code = ModelCode(TEMPLATE).fitted(64, 10)
    for piece in ("keras.Input((64,))", 'Dense(10, activation="softmax")', '"sparse_categorical_'):
        assert piece in code
    assert ModelCode(code).fitted(2, 2) == TEMPLATE


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("keras", "import keras"),
        ("k", "import keras as k"),
        ("tf.keras", "import tensorflow as tf"),
        ("keras", "from tensorflow import keras"),
        ("mk", "import minikeras as mk"),
    ],
)
def test_new_layers_are_named_as_the_code_names_keras(name, line):
    code = f"{line}\nmodel = {name}.Sequential([Dense(1)])\nmodel.compile()\n"
    assert f"[{name}.layers.{LAYERS['Dense']}, Dense(1)]" in ModelCode(code).add(0, "Dense")
    assert imports_keras(code) == ("minikeras" not in line)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "model = Net()\nmodel.compile()",
        "Sequential([])\nSequential([])\nm.compile()",
        "layers = []\nSequential(layers)\nm.compile()",
    ],
)
def test_code_that_buttons_cannot_change(code):
    with pytest.raises(ValueError, match="The buttons change a model that is written as one"):
        ModelCode(code)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("add", 9, "Dense"), "There is no layer at 9"),
        (("add", 1, "os.system"), "Unknown layer 'os.system'"),
        (("set_argument", 1, "use_bias", 0), "Dense: cannot set 'use_bias' to 0"),
        (("set_argument", 1, "units", [1]), r"Dense: cannot set 'units' to \[1\]"),
        (("set_optimizer", "Best", 1), "Unknown optimizer 'Best'"),
    ],
)
def test_changes_that_cannot_be_made(change, message):
    action, *arguments = change
    with pytest.raises(ValueError, match=message):
        getattr(ModelCode(TEMPLATE), action)(*arguments)


def test_a_text_that_a_button_writes_is_a_literal():
    """Nothing that comes with a request becomes code that runs."""
    code = ModelCode(TEMPLATE).set_argument(1, "activation", '"+__import__("os").name+"')
    assert ModelCode(code).outline()["layers"][1]["activation"] == '"+__import__("os").name+"'
