"""Devices, meshes and layouts, beside Keras's."""

from __future__ import annotations

import re

import pytest

import minikeras
from minikeras import distribution as ours

FOUR = ["cpu:0", "cpu:1", "cpu:2", "cpu:3"]


def both(keras, code):
    """Run an expression of a module `d` and four devices with Keras's names and with ours."""
    results = []
    for module in (keras.distribution, ours):
        try:
            results.append(eval(code, {"d": module, "four": FOUR}))
        except Exception as error:
            results.append((type(error), re.sub(r"\s+", " ", str(error))))
    return results


SAME = [
    "d.list_devices()",
    "d.list_devices('CPU')",
    "d.get_device_count('cpu')",
    "repr(d.DeviceMesh((2, 2), ['batch', 'model'], four))",
    "d.DeviceMesh([2, 2], ['batch', 'model'], four).devices.tolist()",
    "d.DeviceMesh((4,), ['batch'], four).shape",
    "d.DeviceMesh(None, ['batch'], four)",
    "d.DeviceMesh((4,), ['batch', 'model'], four)",
    "d.DeviceMesh((3,), ['batch'], four)",
    "repr(d.TensorLayout(['batch', None], d.DeviceMesh((4,), ['batch'], four)))",
    "d.TensorLayout(('data',), d.DeviceMesh((4,), ['batch'], four))",
    "d.DataParallel(devices=four).num_model_replicas",
    "d.DataParallel(devices=four).batch_dim_name",
    "d.DataParallel(devices=four).get_data_layout((3, 4)).axes",
    "d.DataParallel(d.DeviceMesh((4,), ['rows'], four)).batch_dim_name",
    "repr(d.DataParallel(devices=four))",
    "d.DataParallel(3)",
    "d.ModelParallel()",
    "d.distribution()",
]


@pytest.mark.parametrize("code", SAME)
def test_as_keras_has_it(keras, code):
    a, b = both(keras, code)
    if isinstance(a, tuple) and isinstance(a[0], type):
        assert a[0] is b[0]
        assert a[1].replace(" keras.src.distribution.distribution_lib.", " ")[:30] == b[1][:30]
    else:
        assert a == b


def test_layout_map(keras):
    for module in (keras.distribution, ours):
        mesh = module.DeviceMesh((2, 2), ["batch", "model"], FOUR)
        layouts = module.LayoutMap(mesh)
        layouts["dense.*kernel"] = (None, "model")
        layouts["dense.*bias"] = ("model",)
        assert layouts["dense_1/kernel"].axes == (None, "model")
        assert layouts["dense_1/kernel"].device_mesh is mesh
        assert layouts["conv/kernel"] is None and layouts.get("my/dense/bias") is None
        assert list(layouts) == ["dense.*kernel", "dense.*bias"] and len(layouts) == 2
        with pytest.raises(ValueError, match="already exist"):
            layouts["dense.*bias"] = ("model",)
        with pytest.raises(ValueError, match="should be a TensorLayout"):
            layouts["conv"] = ["model"]
        layouts["dense_1.*"] = (None,)
        with pytest.raises(ValueError, match="multiple layout"):
            layouts["dense_1/kernel"]
        parallel = module.ModelParallel(layout_map=layouts)
        assert parallel.num_model_replicas == 2 and parallel.batch_dim_name == "batch"
        assert parallel.get_data_layout((None, 3)).axes == ("batch", None)
        assert parallel.get_tensor_layout("dense_7/bias").axes == ("model",)


def test_the_layout_of_variables(keras):
    for module, variable in (
        (keras.distribution, keras.Variable([[1.0]], name="w")),
        (ours, minikeras.Variable([[1.0]], name="w")),
    ):
        mesh = module.DeviceMesh((4,), ["model"], FOUR)
        assert module.DataParallel(mesh).get_variable_layout(variable).axes == (None, None)
        layouts = module.LayoutMap(mesh)
        layouts["w"] = ("model", None)
        parallel = module.ModelParallel(layout_map=layouts)
        assert parallel.get_variable_layout(variable).axes == ("model", None)


def test_the_distribution_in_use():
    one, other = ours.DataParallel(), ours.DataParallel()
    ours.set_distribution(one)
    try:
        with other.scope():
            assert ours.distribution() is other
        assert ours.distribution() is one
    finally:
        ours.set_distribution(None)
    with pytest.raises(TypeError, match="DataParallel, a ModelParallel or None"):
        ours.set_distribution("data")


def test_no_other_devices():
    with pytest.raises(RuntimeError, match="no devices of type 'gpu'"):
        ours.list_devices("gpu")


def test_initialize_compares_with_mpi(monkeypatch):
    ours.initialize("10.0.0.1:1234", 1, 0)
    with pytest.raises(ValueError, match="`num_processes` does not fit"):
        ours.initialize(num_processes=3)
    monkeypatch.setenv("KERAS_DISTRIBUTION_PROCESS_ID", "2")
    with pytest.raises(ValueError, match="`process_id` does not fit"):
        ours.initialize()


def test_distribute_tensor():
    mesh = ours.DeviceMesh((2,), ["model"], FOUR[:2])
    x = minikeras.ops.ones((4, 3))
    assert ours.distribute_tensor(x, ours.TensorLayout(("model", None), mesh)) is x
    symbolic = minikeras.KerasTensor((4, 3))
    assert ours.distribute_tensor(symbolic, None) is symbolic
    with pytest.raises(ValueError, match="axis 1 of shape .4, 3. cannot be split into 2"):
        ours.distribute_tensor(x, ours.TensorLayout((None, "model"), mesh))
    with pytest.raises(TypeError, match="must be a TensorLayout"):
        ours.distribute_tensor(x, ("model",))
