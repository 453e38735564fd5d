"""How scripts find TensorFlow's names: imports, errors, other backends."""

import subprocess
import sys

import pytest

from minikeras.compat.adapters import NotAvailable
from minikeras.compat.other_backends import Absent


def run(code, code_of_exit=0):
    done = subprocess.run(
        [sys.executable, "-m", "minikeras", "-c", code], capture_output=True, text=True
    )
    assert done.returncode == code_of_exit, done.stderr
    return done.stdout, done.stderr


def test_all_ways_to_import():
    out, _ = run(
        "import tensorflow as tf\n"
        "import tensorflow.compat.v1 as tf1\n"
        "import tensorflow.keras.backend as K\n"
        "from tensorflow import keras\n"
        "from tensorflow.keras import layers\n"
        "from tensorflow.keras.layers import Dense\n"
        "from tensorflow.python.client import device_lib\n"
        "from tensorflow.io import gfile\n"
        "import tensorflow.compat.v2 as tf2\n"
        "print(tf.keras is keras, tf.keras.layers is layers, layers.Dense is Dense)\n"
        "print(tf1.Session.__name__, tf2.math.sin(0.0).numpy(), tf.newaxis)\n"
        "print(tf.constant([1.0]).shape.as_list(), gfile.exists('/'))\n"
        "print(tf.compat.v1.keras.layers.Dense is Dense, 'reduce_mean' in dir(tf), 'sin' in dir(tf.math))\n"
        "print(tf.random.uniform([2]).shape, tf.__version__)\n"
    )
    assert out.splitlines() == [
        "True True True",
        "GraphSession 0.0 None",
        "[1] True",
        "True True True",
        "(2,) 2.15.0",
    ]


def test_modules_that_are_those_of_keras():
    out, _ = run(
        "import tensorflow as tf\n"
        "print(tf.losses.mse is tf.losses.mean_squared_error or tf.losses.mse.__name__)\n"
        "print(tf.metrics.Mean.__name__, tf.optimizers.Adam(lr=0.1).learning_rate.numpy())\n"
        "print(tf.keras.losses.mae([[1.0]], [[3.0]]).numpy(), tf.initializers.HeNormal.__name__)\n"
    )
    assert out.splitlines() == ["mean_squared_error", "Mean 0.1", "[2.] HeNormal"]


@pytest.mark.parametrize(
    "code, message",
    [
        ("import tensorflow as tf; tf.reduce_meen", "Near it: reduce_mean"),
        ("from tensorflow import ragged", "minikeras has no ragged tensors"),
        (
            "import tensorflow as tf; tf.math.bessel_j0(1.)",
            "minikeras has no `tensorflow.math.bessel_j0`",
        ),
        (
            "from tensorflow.examples.tutorials.mnist import input_data",
            "keras.datasets.mnist.load_data",
        ),
    ],
)
def test_what_is_missing_is_named(code, message):
    _, err = run(code, 1)
    assert message in err.splitlines()[-1]


def test_old_names_of_arguments_are_told_once():
    _, err = run(
        "import tensorflow as tf\n"
        "for _ in range(2): tf.reduce_sum([[1.0]], axis=1, keep_dims=True, name='s')\n"
    )
    assert err.count("OldSpelling") == 1
    assert "`tf.reduce_sum(keep_dims=...)` is older TensorFlow" in err


@pytest.mark.parametrize(
    "library, name, instead",
    [
        ("jax", "value_and_grad", "minikeras.value_and_grad"),
        ("jax.numpy", "zeros", "minikeras.ops"),
        ("jax", "jit", "leave it out"),
        ("jax", "unheard_of", "minikeras.ops"),
        ("torch.nn", "Module", "minikeras.Model"),
        ("torch", "no_grad", "GradientTape"),
        ("torch.utils.data", "DataLoader", "minikeras.data.Dataset"),
        ("torch", "unheard_of", "GradientTape"),
    ],
)
def test_functions_of_other_backends_name_ours(library, name, instead):
    with pytest.raises(NotAvailable, match=f"`{library}.{name}`: .*{instead}"):
        getattr(Absent(library), name)


def test_a_backend_that_is_not_installed_can_be_imported_and_not_used():
    try:
        import torch  # noqa: F401
    except ImportError:
        out, err = run("import torch\nprint(isinstance(1, torch.Tensor))\ntorch.manual_seed(0)", 1)
        assert out == "False\n"
        assert err.splitlines()[-1].endswith("Use instead: `minikeras.utils.set_random_seed`.")
    else:
        pytest.skip("torch is installed, and left alone")
