"""Families of objects that arguments may name, and what joins them."""

import json

import pytest

import minikeras
from minikeras.common.configurable import Configurable
from minikeras.common.object_family import FamilyMember, ObjectFamily
from minikeras.common.registry import (
    CustomObjectScope,
    get_custom_objects,
    register_keras_serializable,
)


@pytest.fixture(autouse=True)
def no_custom_objects():
    before = dict(get_custom_objects())
    get_custom_objects().clear()
    yield
    get_custom_objects().clear()
    get_custom_objects().update(before)


def through_json(config):
    return json.loads(json.dumps(config))


def double(x):
    return 2 * x


def square():
    return "square"


ENGINES = ObjectFamily("engine", ignore_case=True)


@ENGINES.register()
class Engine(FamilyMember, Configurable, family=ENGINES):
    """Like an optimizer, an object of this family is not called."""


SHAPES = ObjectFamily("shape", [square], default=square)


class Shape(FamilyMember, Configurable, family=SHAPES):
    def __call__(self):
        return type(self).__name__


@SHAPES.register("disk")
class RedCircle(Shape):
    pass


@pytest.mark.parametrize("name", ["RedCircle", "red_circle", "disk", "square"])
def test_family_names(name):
    assert SHAPES.get(name)() == ("square" if name == "square" else "RedCircle")
    assert SHAPES.deserialize(name)() == ("square" if name == "square" else "RedCircle")


def test_family_takes_objects_classes_functions_and_none():
    circle = RedCircle()
    assert SHAPES.get(circle) is circle
    assert isinstance(SHAPES.get(RedCircle), RedCircle)
    assert SHAPES.get(square) is square
    assert SHAPES.get(double) is double
    assert SHAPES.get(None) is square
    assert SHAPES.deserialize(None) is None


@pytest.mark.parametrize(
    "config",
    [
        {"class_name": "RedCircle", "config": {}},
        {"class_name": "disk", "config": None},
        {"class_name": "red_circle"},
        {
            "class_name": "RedCircle",
            "config": {},
            "module": "keras.shapes",
            "registered_name": None,
        },
    ],
)
def test_family_configs(config):
    assert isinstance(SHAPES.get(config), RedCircle)


def test_family_errors_name_the_nearest():
    with pytest.raises(ValueError, match=r"Unknown shape: 'red_cirle'. Did you mean 'red_circle'?"):
        SHAPES.get("red_cirle")
    with pytest.raises(ValueError, match="Could not interpret shape identifier: 3"):
        SHAPES.get(3)
    with pytest.raises(ValueError, match="Could not interpret shape config"):
        SHAPES.get({"a": 1})
    with pytest.raises(TypeError, match="Could not locate class 'Foo'"):
        SHAPES.get({"class_name": "Foo", "config": {}})


def test_family_finds_custom_objects_by_name():
    with CustomObjectScope({"double": double}):
        assert SHAPES.get("double") is double
    with pytest.raises(ValueError, match="Unknown shape"):
        SHAPES.get("double")
    assert SHAPES.deserialize("double", custom_objects={"double": double}) is double
    register_keras_serializable("pack")(double)
    assert SHAPES.get("pack>double") is double
    assert SHAPES.get("double") is double
    with pytest.raises(ValueError, match=r"Did you mean 'pack>double'?"):
        SHAPES.get("pack>duble")


def test_a_name_alone_means_what_is_built_in():
    """Registering a function must not change what other people's models compute."""

    def relu(x):
        return 7 * x

    register_keras_serializable("mine")(relu)
    layer = minikeras.layers.Dense(1, activation="relu")
    assert layer.activation is minikeras.activations.relu
    assert type(layer).from_config(layer.get_config()).activation is layer.activation
    own = minikeras.layers.Dense(1, activation=relu)
    assert own.get_config()["activation"]["config"] == "mine>relu"
    assert type(own).from_config(own.get_config()).activation is relu
    assert minikeras.activations.get("mine>relu") is relu
    config = {"module": "builtins", "class_name": "function", "config": "relu"}
    assert minikeras.saving.deserialize_keras_object(config) is not relu


def test_family_round_trip_of_a_users_object():
    register_keras_serializable("pack")(RedCircle)
    config = through_json(SHAPES.serialize(RedCircle()))
    assert isinstance(SHAPES.deserialize(config), RedCircle)


def test_family_of_objects_that_are_not_called():
    assert isinstance(ENGINES.get("ENGINE"), Engine)
    assert isinstance(ENGINES.get({"class_name": "engine", "config": {}}), Engine)
    with pytest.raises(ValueError, match="an instance of Engine"):
        ENGINES.get(double)


def test_functions_by_name():
    family = ObjectFamily("shape", [square], functions_by_name=True)
    assert family.serialize(square) == "square"
    assert family.serialize(through_json)["config"] == "through_json"


def test_classes_of_the_package_join_and_those_of_users_do_not():
    class Mine(Shape):
        pass

    assert "Mine" not in SHAPES.table
    ours = type("Oval", (Shape,), {"__module__": "minikeras.shapes"}, aliases=["egg"])
    hidden = type("_Round", (Shape,), {"__module__": "minikeras.shapes"})
    try:
        assert SHAPES.table["Oval"] is SHAPES.table["oval"] is SHAPES.table["egg"] is ours
        assert hidden not in SHAPES.table.values()
    finally:
        for name in ("Oval", "oval", "egg"):
            del SHAPES.table[name]


def test_what_is_in_a_family():
    assert RedCircle() in SHAPES
    assert square in SHAPES
    for other in (double, Engine(), RedCircle, 3, "square", []):
        assert other not in SHAPES


def test_a_function_goes_before_the_snake_case_of_a_class():
    def big_square():
        return "function"

    for first_class in (True, False):
        family = ObjectFamily("shape")
        made = [type("BigSquare", (), {}), big_square]
        for obj in made if first_class else made[::-1]:
            family.register()(obj)
        assert family.table == {"BigSquare": made[0], "big_square": big_square}
