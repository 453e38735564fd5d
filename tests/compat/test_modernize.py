"""Scripts of older Keras translated into Keras 3."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("libcst")

from minikeras.compat.modernize import modernized

PIMA = """\
# A first network (2016).
from keras.models import Sequential
from keras.layers.core import Dense  # the layers
import numpy as np
import keras.backend as K

X, Y = np.random.rand(100, 8), np.arange(100) % 2
n = 12

model = Sequential()
model.add(Dense(n, input_dim=8, init='uniform', activation='relu'))  # wide
model.add(Dense(8, 'he_normal',
                W_regularizer=None))
model.add(Dense(1, init="uniform", activation='sigmoid'))
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
history = model.fit(X, Y, nb_epoch=3, batch_size=10, verbose=0)
print(len(history.history['acc']), K.epsilon(), K.argmax(np.eye(3))[2])
"""
TODAY = """\
# A first network (2016).
from keras.models import Sequential
from keras.layers import Dense  # the layers
import numpy as np
import keras.backend as K
from keras import ops

X, Y = np.random.rand(100, 8), np.arange(100) % 2
n = 12

model = Sequential()
model.add(Dense(n, input_dim=8, kernel_initializer="random_uniform", activation='relu'))  # wide
model.add(Dense(8, kernel_initializer='he_normal',
                kernel_regularizer=None))
model.add(Dense(1, kernel_initializer="random_uniform", activation='sigmoid'))
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
history = model.fit(X, Y, epochs=3, batch_size=10, verbose=0)
print(len(history.history['accuracy']), K.epsilon(), ops.argmax(np.eye(3), axis=-1)[2])
"""


def test_names_arguments_and_keys_change_and_all_else_stays():
    assert modernized(PIMA) == (TODAY, [])


@pytest.mark.parametrize(
    "old, new",
    [
        (
            "from keras.models import Sequential\nmodel = Sequential()\n"
            "model.fit_generator(g, steps_per_epoch=3, epochs=2, max_queue_size=4, workers=2)\n",
            "from keras.models import Sequential\nmodel = Sequential()\n"
            "model.fit(g, steps_per_epoch=3, epochs=2)\n",
        ),
        (
            "import tensorflow.keras.optimizers as o\nopt = o.Adam( lr = .1 )\n",
            "import keras.optimizers as o\nopt = o.Adam( learning_rate = .1 )\n",
        ),
        (
            "from keras.layers import CuDNNLSTM as C, Dense\nlayer = C(3)\n",
            "from keras.layers import LSTM as C, Dense\nlayer = C(3)\n",
        ),
        (
            "from keras.optimizers import Adam\nrate = 0.1\nAdam(lr=rate * 2,  # small\n     beta_1=.5)\n",
            "from keras.optimizers import Adam\nrate = 0.1\n"
            "Adam(learning_rate=rate * 2,  # small\n     beta_1=.5)\n",
        ),
        (
            "import keras.backend as K\na = K.cumsum(x)\nb = K.l2_normalize(x)\n"
            "c = K.clip(x, min_value=0, max_value=1)\nd = K.gather(x, i)\n"
            "e = K.switch(K.less(x=a, y=b), then_expression=a, else_expression=b)\n"
            "f = K.variable(value=3, name='w')\ng = K.permute_dimensions(x, (1, 0))\n",
            "import keras.backend as K\nimport keras\nfrom keras import ops\n"
            "a = ops.cumsum(x, axis=0)\nb = ops.normalize(x, axis=None)\n"
            "c = ops.clip(x, x_min=0, x_max=1)\nd = ops.take(x, i, axis=0)\n"
            "e = ops.where(ops.less(x1=a, x2=b), x1=a, x2=b)\n"
            "f = keras.Variable(initializer=3, name='w')\ng = ops.transpose(x, (1, 0))\n",
        ),
        (  # Adadelta's rate was 1, and the third argument was `metrics`
            "model.compile('adadelta', 'mse', ['acc'])\nprint(model.fit(x, y).history['acc'])\n",
            "import keras\nmodel.compile(keras.optimizers.Adadelta(learning_rate=1.0), 'mse', "
            "metrics=['acc'])\nprint(model.fit(x, y).history['acc'])\n",
        ),
        (  # a model that was compiled before it was frozen went on training
            "d.compile('adam', 'mse')\nd.trainable = False\n"
            "for i in range(3):\n    a = d.train_on_batch(x, y)  # real\n    g.train_on_batch(z, y)\n",
            "d.compile('adam', 'mse')\nd.trainable = False\n"
            "for i in range(3):\n    d.trainable = True\n    a = d.train_on_batch(x, y)  # real\n"
            "    d.trainable = False\n    g.train_on_batch(z, y)\n",
        ),
        (  # one loss, one list of metrics for all outputs
            "m.compile('adam', 'mse', metrics=['mae'], loss_weights=[1., 0.2])\n",
            "m.compile('adam', ['mse', 'mse'], metrics=[['mae']] * 2, loss_weights=[1., 0.2])\n",
        ),
        (
            "from keras.callbacks import ModelCheckpoint\nimport os\n"
            "path = 'w.{epoch:02d}-{val_acc:.2f}.hdf5'\n"
            "ModelCheckpoint(path, monitor='val_acc', period=1)\n"
            "m.save_weights(os.path.join(d, 'a.h5'))\nm.load_weights('a.h5')\nm.optimizer.lr = 0.1\n",
            "from keras.callbacks import ModelCheckpoint\nimport os\n"
            "path = 'w.{epoch:02d}-{val_accuracy:.2f}.keras'\n"
            "ModelCheckpoint(path, monitor='val_accuracy')\n"
            "m.save_weights(os.path.join(d, 'a.weights.h5'))\nm.load_weights('a.weights.h5')\n"
            "m.optimizer.learning_rate = 0.1\n",
        ),
        (
            "from keras.layers import SimpleRNN\n# first\n"
            "m.add(SimpleRNN(3, batch_input_shape=(n, 2, 1), stateful=True))\n",
            "from keras.layers import SimpleRNN\nimport keras\n# first\n"
            "m.add(keras.Input(batch_shape=(n, 2, 1)))\nm.add(SimpleRNN(3, stateful=True))\n",
        ),
        (
            "s = dict(zip(m.metrics_names, m.evaluate(x, y)))\n",
            "s = m.evaluate(x, y, return_dict=True)\n",
        ),
        (
            "from keras.preprocessing.text import Tokenizer\nfrom keras.layers import Embedding\n"
            "e = Embedding(9, 2, input_length=n + 1)\n",
            "from keras.src.legacy.preprocessing.text import Tokenizer\n"
            "from keras.layers import Embedding\n"
            "e = Embedding(9, 2, input_shape=(n + 1,))\n",
        ),
        (
            "import keras.backend as K\na = K.hard_sigmoid(x + 1)\nb = K.flatten(x)\nK.set_value(v, 3)\n"
            "c = K.batch_dot(x, y, axes=[1, 2])\nself.b = self.add_weight('b', (3,), initializer='ones')\n",
            "import keras.backend as K\nfrom keras import layers\nfrom keras import ops\n"
            "a = ops.clip(0.2 * (x + 1) + 0.5, 0.0, 1.0)\nb = ops.reshape(x, (-1,))\nv.assign(3)\n"
            "c = layers.dot([x, y], axes=[1, 2])\n"
            "self.b = self.add_weight(name='b', shape=(3,), initializer='ones')\n",
        ),
        (
            "import numpy as np\n\nlabels = model.predict_classes(x, verbose=0)\n",
            "import numpy as np\n\n\ndef predict_classes(model, *args, **kwargs):\n"
            "    probabilities = model.predict(*args, **kwargs)\n"
            "    if probabilities.shape[-1] > 1:\n"
            "        return probabilities.argmax(axis=-1)\n"
            '    return (probabilities > 0.5).astype("int32")\n\n'
            "labels = predict_classes(model, x, verbose=0)\n",
        ),
    ],
)
def test_pieces(old, new):
    assert modernized(old, dialect=2) == (new, [])


@pytest.mark.slow
def test_results_run_on_keras_3(tmp_path):
    """A short script and whole ones, one after the other in a process: Keras takes long to start."""
    pytest.importorskip("keras")
    (tmp_path / "0.py").write_text(modernized(PIMA)[0])
    names = ("keras1/stateful_lstm", "keras2/gan", "keras2/prep_tokenizer_lstm")
    for i, name in enumerate(names, start=1):
        source = (Path(__file__).parent / "scripts" / f"{name}.py").read_text()
        result, notes = modernized(source)
        assert notes == [] and result != source
        (tmp_path / f"{i}.py").write_text(result)
    env = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    # NumPy's seed, which these scripts set, does not reach the weights in Keras 3.
    code = (
        "import keras, runpy\n"
        f"for i in range({len(names) + 1}):\n"
        "    keras.utils.clear_session()\n"
        "    keras.utils.set_random_seed(1337)\n"
        "    runpy.run_path(f'{i}.py', run_name='__main__')\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[0] == "3 1e-07 2"


def test_accuracy_that_was_asked_for_in_fit_is_a_metric_today():
    old = "m.compile('mse', 'sgd', class_mode='binary')\nm.fit(x, y, nb_epoch=2, show_accuracy=True)\n"
    new = "m.compile('mse', 'sgd', metrics=[\"accuracy\"])\nm.fit(x, y, epochs=2)\n"
    assert modernized(old, dialect=1) == (new, [])


def test_what_is_not_translated_is_listed_with_its_line():
    source = (
        "import keras.backend as K\n\n"
        "x = K.placeholder((3,))\n"
        "print(model.metrics_names)\n"
        "model.fit_generator(g, samples_per_epoch=100, nb_epoch=2)\n"
    )
    result, notes = modernized(source, dialect=1)
    assert [line for line, _ in notes] == [3, 4, 5]
    assert "K.placeholder" in notes[0][1] and "return_dict=True" in notes[1][1]
    assert "samples_per_epoch" in notes[2][1]
    assert result == source


def test_arguments_of_the_backend_without_a_counterpart_are_listed():
    source = "import keras.backend as K\na = K.relu(x, alpha=0.1)\nb = K.bias_add(x, y, 'channels_first')\n"
    result, notes = modernized(source, dialect=2)
    assert [line for line, _ in notes] == [2, 3] and "alpha" in notes[0][1]
    assert "K.relu(x, alpha=0.1)" in result and "K.bias_add(x, y, 'channels_first')" in result


def test_a_script_of_today_stays_as_it_is():
    source = "import keras\nmodel = keras.Sequential([keras.layers.Dense(1)])\n"
    assert modernized(source) == (source, [])


def test_the_command_prints_a_diff(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(PIMA)
    command = [sys.executable, "-m", "minikeras", "--modernize", str(script)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == f"--- {script}" and lines[1] == f"+++ {script} (Keras 3)"
    assert "+history = model.fit(X, Y, epochs=3, batch_size=10, verbose=0)" in lines
    assert script.read_text() == PIMA
