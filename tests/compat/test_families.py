"""Classes of older dialects do not take the names of today's."""

import subprocess
import sys

CODE = """
import minikeras
before = {k: type(minikeras.optimizers.get(k)) for k in ("nadam", "sgd", "Adam")}
import minikeras.compat as compat
for dialect in (1, 2):
    compat.install_as_keras(dialect)
    import keras.layers, keras.losses, keras.metrics, keras.backend, tensorflow
    from keras.optimizers import SGD, Nadam
    class Mine(SGD):
        pass
    dir(keras.layers), dir(keras.losses), dir(tensorflow)
    Nadam(), Mine(lr=0.1)
    compat.uninstall()
after = {k: type(minikeras.optimizers.get(k)) for k in before}
assert after == before, after
for package in ("initializers", "losses", "metrics", "regularizers", "constraints", "activations"):
    for name in ("uniform", "mse", "accuracy", "l2", "max_norm", "hard_sigmoid"):
        try:
            found = getattr(minikeras, package).get(name)
        except ValueError:
            continue
        module = getattr(found, "__module__", None) or type(found).__module__
        assert "compat" not in module and "compat" not in type(found).__module__, (package, name)
"""


def test_short_names_mean_todays_classes_after_a_dialect_was_used():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CODE], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
