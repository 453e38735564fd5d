import threading

import pytest

from minikeras.common.registry import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)


@pytest.fixture(autouse=True)
def no_custom_objects():
    before = dict(get_custom_objects())
    get_custom_objects().clear()
    yield
    get_custom_objects().clear()
    get_custom_objects().update(before)


def test_registered_name():
    @register_keras_serializable("pack")
    class A:
        def get_config(self):
            return {}

    @register_keras_serializable(name="other")
    def f(x):
        return x

    assert get_registered_name(A) == "pack>A"
    assert get_registered_object("pack>A") is A
    assert get_registered_name(f) == "Custom>other"
    assert get_registered_object("Custom>other") is f
    assert set(get_custom_objects()) == {"pack>A", "Custom>other"}


def test_unregistered():
    class B:
        pass

    assert get_registered_name(B) == "B"
    assert get_registered_object("B") is None
    assert get_registered_object(None) is None
    assert get_registered_object("B", custom_objects={"B": B}) is B
    assert get_registered_object("B", module_objects={"B": B}) is B


def test_a_class_needs_get_config():
    with pytest.raises(ValueError, match="get_config"):
        register_keras_serializable()(type("C", (), {}))
    assert not get_custom_objects()


def test_scopes_nest_and_end():
    with CustomObjectScope({"a": 1}):
        with custom_object_scope({"b": 2}):
            assert get_registered_object("a") == 1
            assert get_registered_object("b") == 2
        assert get_registered_object("b") is None
        with custom_object_scope({"a": 3}):
            assert get_registered_object("a") == 3
        assert get_registered_object("a") == 1
    assert get_registered_object("a") is None


def test_a_scope_ends_with_an_error():
    with pytest.raises(KeyError), custom_object_scope({"a": 1}):
        raise KeyError
    assert get_registered_object("a") is None


def test_order_of_the_tables():
    get_custom_objects()["a"] = "registered"
    assert get_registered_object("a", {"a": "custom"}, {"a": "module"}) == "registered"
    with custom_object_scope({"a": "scope"}):
        assert get_registered_object("a", {"a": "custom"}) == "scope"
    assert get_registered_object("b", {"b": "custom"}, {"b": "module"}) == "custom"


def test_a_scope_is_of_its_thread():
    seen = []
    with custom_object_scope({"a": 1}):
        thread = threading.Thread(target=lambda: seen.append(get_registered_object("a")))
        thread.start()
        thread.join()
    assert seen == [None]


def test_unhashable_objects_have_their_own_name():
    class Meta(type):
        __hash__ = None

    class D(metaclass=Meta):
        pass

    assert get_registered_name(D) == "D"
