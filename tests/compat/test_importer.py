"""Scripts find minikeras as Keras and TensorFlow, while the hook is active and not after."""

import subprocess
import sys

import pytest

from minikeras.compat import install_as_keras
from minikeras.compat.dialects import detect


def run(*args, code=0, **kwargs):
    """Run `python -m minikeras`; return what it printed and what it complained of."""
    done = subprocess.run(
        [sys.executable, "-m", "minikeras", *args], capture_output=True, text=True, **kwargs
    )
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def test_a_script_runs_as_main_with_its_arguments(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, os\nimport neighbour\nif __name__ == '__main__':\n"
        "    print(sys.argv[1:], os.path.basename(__file__), neighbour.x)\n"
    )
    (tmp_path / "neighbour.py").write_text("import keras\nx = keras.__name__")
    out, _ = run(str(script), "--dialect", "7", "-m")
    assert out == "['--dialect', '7', '-m'] script.py keras\n"


def test_modules_and_code_run_too(tmp_path):
    (tmp_path / "mine.py").write_text("import keras, sys; print(__name__, sys.argv[1:])")
    assert run("-m", "mine", "a", cwd=tmp_path)[0] == "__main__ ['a']\n"
    assert run("-c", "import sys, keras; print(sys.argv)", "b")[0] == "['-c', 'b']\n"


def test_a_module_is_looked_at_like_a_script(tmp_path):
    source = (
        "import keras\nfrom keras.layers import LSTM\n"
        "print(LSTM(2).recurrent_activation.__name__)\nlog = 'val_accuracy'\nrate = dict(lr=1)\n"
        "def unused(): keras.optimizers.Adam(lr=0.1)\n"
    )
    (tmp_path / "mine.py").write_text(source)  # of Keras 2.3: gates are sigmoids
    as_module, as_script = run("-m", "mine", cwd=tmp_path), run("mine.py", cwd=tmp_path)
    assert as_module[0] == as_script[0] == "sigmoid\n"


def test_tracebacks_show_the_script_alone(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import tensorflow as tf\ndef f():\n    tf.nonsense\nf()\n")
    _, err = run(str(script), code=1)
    assert err.count("  File ") == 2
    assert f'File "{script}", line 3, in f' in err
    assert err.splitlines()[-1].endswith("not supported in scripts of TensorFlow.")


def test_a_name_that_is_missing_is_named_with_its_neighbours():
    _, err = run("-c", "from keras.layers import Dens", code=1)
    assert "minikeras has no `keras.layers.Dens`. Near it: Dense." in err.splitlines()[-1]


def test_errors_and_exit_codes_are_those_of_the_script():
    run("-c", "import sys; sys.exit(3)", code=3)
    assert "can't open file" in run("no_such_script.py", code=2)[1]
    _, err = run("-c", "x = (", code=1)
    assert "SyntaxError" in err


def test_old_spellings_are_told_once_with_todays_name():
    code = (
        "from keras.layers import Dense\n"
        "for _ in range(2): layer = Dense(2, init='uniform')\n"
        "print(type(layer).__module__, layer.kernel_initializer)"
    )
    out, err = run("-c", code)
    assert out == "minikeras.layers.core.dense RandomUniform()\n"
    assert err.count("OldSpelling") == 1
    assert "`Dense(init=...)` is older Keras. Today it is `Dense(kernel_initializer=...)`." in err


def test_classes_of_a_dialect_can_be_subclassed_and_asked_for():
    code = (
        "from keras.layers import Dense\n"
        "class Mine(Dense):\n"
        "    def __init__(self, **kwargs): super().__init__(output_dim=3, **kwargs)\n"
        "m = Mine()\n"
        "print(m.units, isinstance(m, Dense), issubclass(Mine, Dense), isinstance(1, Dense))\n"
        "print(type(Dense(2)) == Dense, type(m) == Dense, type(Dense(2)) in {Dense})"
    )
    assert run("--dialect", "1", "-c", code)[0] == "3 True True False\nTrue False True\n"


def test_keras_itself_is_not_displaced(keras):
    hooks, before = list(sys.meta_path), sys.modules["keras"]
    with pytest.raises(RuntimeError, match=r"'keras\b.*' itself has been imported already"):
        install_as_keras()
    assert sys.meta_path == hooks and sys.modules["keras"] is before


@pytest.mark.parametrize(
    "source, dialect",
    [
        ("model.add(Dense(12, input_dim=8, init='uniform', activation='relu'))", 1),
        ("model.compile(Adam(lr=0.01), 'binary_crossentropy', metrics=['accuracy'])", 2),
        ("from keras.layers import Dense, Dropout\nDense(units=32, activation='relu')", 3),
        ("path = 'a.weights.h5'\nmodel.save_weights(path)\nmodel.save_weights(other)", 3),
        ("ModelCheckpoint(f'{folder}/model.keras')\nModelCheckpoint('m_{epoch}.h5')", 3),
    ],
)
def test_the_period_of_a_script_is_seen_from_its_names(source, dialect):
    assert detect(source) == dialect


def test_importing_minikeras_does_not_load_any_dialect():
    code = "import minikeras, sys; print([m for m in sys.modules if 'compat' in m and 'minikeras' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_tests_run_through_the_plugin(tmp_path):
    (tmp_path / "test_mine.py").write_text(
        "from keras.optimizers import SGD\nimport minikeras\n"
        "def test():\n    assert isinstance(SGD(lr=0.5), minikeras.optimizers.SGD)\n"
    )
    options = [
        "-p",
        "minikeras.compat.pytest_plugin",
        "--keras-dialect",
        "2",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_what_libraries_look_for_in_keras_3():
    code = (
        "from keras import *\n"
        "import keras, minikeras\n"
        "from keras.src.layers.core.dense import Dense\n"
        "from keras.src.ops import matmul\n"
        "assert layers.Dense is Dense is minikeras.layers.Dense and matmul is minikeras.ops.matmul\n"
        "assert keras.__version__ == keras.version() == minikeras.version.__globals__['KERAS_VERSION']\n"
        "assert 'data' not in globals()\n"
        "legacy = keras.utils.legacy\n"
        "class Thing:\n"
        "    def __init__(self, n): self.n = n\n"
        "    def get_config(self): return {'n': self.n}\n"
        "    @classmethod\n"
        "    def from_config(cls, config): return cls(**config)\n"
        "config = legacy.serialize_keras_object(Thing(3))\n"
        "assert config == {'class_name': 'Thing', 'config': {'n': 3}}\n"
        "assert legacy.deserialize_keras_object(config, {'Thing': Thing}).n == 3\n"
        "assert legacy.deserialize_keras_object('list', {'list': list}) == []\n"
    )
    run("-c", code)
