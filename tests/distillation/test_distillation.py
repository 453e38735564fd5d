"""Distillation against Keras: losses, training, configs; and what is refused."""

import numpy as np
import pytest

import minikeras
from minikeras import distillation, layers

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(32, 4)).astype("float32"), RNG.integers(0, 3, 32)


def models(k):
    inputs = k.Input((4,))
    hidden = k.layers.Dense(8, activation="tanh", name="h")(inputs)
    teacher = k.Model(inputs, k.layers.Dense(3, name="out")(hidden))
    student = k.Sequential([k.Input((4,)), k.layers.Dense(8, name="g"), k.layers.Dense(3)])
    for model, seed in ((teacher, 1), (student, 2)):
        rng = np.random.default_rng(seed)
        model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    return teacher, student


def distilled(k):
    teacher, student = models(k)
    of = k.distillation
    distiller = of.Distiller(
        teacher,
        student,
        [
            of.LogitsDistillation(2.0, k.losses.KLDivergence()),
            of.FeatureDistillation("mae", "h", "g"),
        ],
        [1.0, 0.3],
        0.4,
    )
    distiller.compile(
        k.optimizers.SGD(0.05),
        loss=k.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    before = [np.asarray(w) for w in teacher.weights]
    history = distiller.fit(X, Y, epochs=2, batch_size=8, shuffle=False, verbose=0).history
    assert all((np.asarray(w) == old).all() for w, old in zip(teacher.weights, before))
    return distiller, history


def test_training_as_in_keras(keras):
    (ours, history), (theirs, wanted) = distilled(minikeras), distilled(keras)
    assert history.keys() == wanted.keys()
    for key, values in wanted.items():
        np.testing.assert_allclose(history[key], values, rtol=1e-4, err_msg=key)
    for a, b in zip(ours.student.get_weights(), theirs.student.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    mine, other = ours.get_config(), theirs.get_config()
    for key in ("distillation_losses", "distillation_loss_weights", "student_loss_weight"):
        assert mine[key] == other[key]


def test_a_saved_distiller_trains_on(tmp_path):
    pytest.importorskip("h5py")
    distiller, _ = distilled(minikeras)
    distiller.save(tmp_path / "d.keras")
    loaded = minikeras.saving.load_model(tmp_path / "d.keras", compile=False)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), distiller.predict(X, verbose=0))
    assert loaded.student_loss_weight == 0.4
    assert loaded.distillation_losses[1].teacher_layer_name == "h"
    loaded.compile("sgd", loss="sparse_categorical_crossentropy")
    loaded.fit(X, Y, verbose=0)


def test_several_outputs():
    loss = distillation.FeatureDistillation(["mse", None])
    zeros, ones = np.zeros((2, 3)), np.ones((2, 3))
    loss.validate_outputs([zeros, zeros], [ones, ones])
    assert float(loss.compute_loss([zeros, zeros], [ones, 5 * ones])) == 1
    with pytest.raises(ValueError, match="structure"):
        loss.validate_outputs(zeros, ones)
    soft = distillation.LogitsDistillation(2.0, [None, "kl_divergence"])
    t, s = RNG.normal(size=(2, 3)), RNG.normal(size=(2, 3))
    p, q = [np.exp(x / 2) / np.exp(x / 2).sum(-1, keepdims=True) for x in (t, s)]
    wanted = (p * np.log(p / q)).sum(-1).mean() * 4
    np.testing.assert_allclose(float(soft.compute_loss([t, t], [s, s])), wanted, rtol=1e-6)


def test_a_distillation_loss_of_ones_own():
    class Wrong(distillation.DistillationLoss):
        def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
            return teacher_outputs - student_outputs

    distiller = distillation.Distiller(*models(minikeras), Wrong())
    distiller.compile("sgd", loss="sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match="Wrong.compute_loss must return a scalar"):
        distiller.fit(X, Y, verbose=0)


def test_what_is_refused():
    teacher, student = models(minikeras)
    logits = distillation.LogitsDistillation()
    other = minikeras.Sequential([minikeras.Input((5,)), layers.Dense(3)])
    for arguments, message in (
        ((teacher, "student", logits), "`student`"),
        ((teacher, other, logits), "inputs of the same shapes"),
        ((teacher, student, None), "distillation_losses"),
        ((teacher, student, [logits], [1.0, 2.0]), "must have 1 weights"),
        ((teacher, student, distillation.FeatureDistillation("mse", "x", "g")), "teacher model"),
    ):
        with pytest.raises(ValueError, match=message):
            distillation.Distiller(*arguments)
    with pytest.raises((ValueError, TypeError), match="student_loss_weight"):
        distillation.Distiller(teacher, student, logits, student_loss_weight=1.5)
    with pytest.raises(ValueError, match="cannot be None"):
        distillation.Distiller(teacher, student, logits).compile("sgd")
    with pytest.raises((ValueError, TypeError), match="temperature"):
        distillation.LogitsDistillation(0)
    with pytest.raises(ValueError, match="not None"):
        distillation.LogitsDistillation(loss=[None])
    subclass = type("Mine", (minikeras.Model,), {"call": lambda self, x: x})()
    with pytest.raises(ValueError, match="teacher 'mine' does not"):
        distillation.FeatureDistillation("mse", "h").validate_model_compatibility(subclass, student)
