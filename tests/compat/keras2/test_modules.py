"""Every module and name of Keras 2 that scripts import is found, under `keras` and `tensorflow.keras`."""

import os
import subprocess
import sys
import tarfile

import pytest

from minikeras.compat.dialects import detect
from minikeras.compat.keras2 import MODULES, MOVED

LAYERS = (
    *(
        "core",
        "convolutional",
        "recurrent",
        "advanced_activations",
        "normalization",
        "merge",
        "wrappers",
    ),
    *("noise", "local", "embeddings", "pooling", "convolutional_recurrent"),
)

IMPORTS = f"""
import importlib, warnings
warnings.simplefilter("ignore")
import ROOT as keras
for name in {LAYERS}:
    importlib.import_module("ROOT.layers." + name)
from ROOT.layers import *
Dense, Conv2D, LSTM, Input, concatenate, Layer, Bidirectional, BatchNormalization
from ROOT.models import *
from ROOT.optimizers import *
from ROOT.callbacks import *
from ROOT.layers.core import Dense, Dropout, Activation, Flatten, Reshape, Permute, RepeatVector, Lambda
from ROOT.layers.core import ActivityRegularization, Masking, SpatialDropout1D
from ROOT.layers.convolutional import Conv2D, Convolution2D, ZeroPadding2D, UpSampling2D, Cropping2D
from ROOT.layers.convolutional import MaxPooling2D, SeparableConv2D, Conv2DTranspose, DepthwiseConv2D
from ROOT.layers.recurrent import LSTM, GRU, SimpleRNN, RNN, LSTMCell, StackedRNNCells
from ROOT.layers.advanced_activations import LeakyReLU, PReLU, ELU, ThresholdedReLU, Softmax
from ROOT.layers.normalization import BatchNormalization
from ROOT.layers.merge import add, concatenate, dot, multiply, average, maximum, Concatenate, Dot
from ROOT.layers.wrappers import TimeDistributed, Bidirectional
from ROOT.layers.noise import GaussianNoise, GaussianDropout, AlphaDropout
from ROOT.layers.embeddings import Embedding
from ROOT.layers.pooling import GlobalMaxPooling1D, MaxPooling2D, GlobalAveragePooling2D
from ROOT.engine import Layer, InputSpec, Input, Model
from ROOT.engine.topology import Layer, InputSpec, Network, Container
from ROOT.engine.training import Model
from ROOT.engine.base_layer import Layer
from ROOT.utils.np_utils import to_categorical, normalize
from ROOT.utils.generic_utils import Progbar, get_custom_objects, CustomObjectScope, to_list
from ROOT.utils.generic_utils import serialize_keras_object, deserialize_keras_object, has_arg
from ROOT.utils.data_utils import Sequence, OrderedEnqueuer, GeneratorEnqueuer
from ROOT.utils.io_utils import HDF5Matrix
from ROOT.utils.layer_utils import print_summary
from ROOT.utils import np_utils, multi_gpu_model, custom_object_scope, to_categorical
from ROOT.legacy import interfaces
assert interfaces.legacy_conv2d_support(abs) is abs
assert interfaces.generate_legacy_interface(allowed_positional_args=["x"])(abs) is abs
import ROOT.estimator
import ROOT.utils.vis_utils, ROOT.legacy.layers, ROOT.legacy.interfaces
from ROOT.regularizers import l1, l2, l1_l2, l1l2, Regularizer
from ROOT.constraints import maxnorm, max_norm, nonneg, unitnorm, MinMaxNorm
from ROOT.initializers import glorot_uniform, RandomNormal, TruncatedNormal, VarianceScaling, Zeros
from ROOT.losses import mse, mean_squared_error, kullback_leibler_divergence, logcosh, cosine_proximity
from ROOT.losses import binary_crossentropy, categorical_crossentropy, hinge, poisson, MSE, KLD
from ROOT.metrics import binary_accuracy, categorical_accuracy, mae, top_k_categorical_accuracy
from ROOT.models import Sequential, Model, load_model, save_model, model_from_json, model_from_config
from ROOT.activations import relu, softmax, hard_sigmoid
from ROOT.optimizers.schedules import ExponentialDecay
from ROOT.optimizers.legacy import SGD
from ROOT.callbacks import TensorBoard, History, LambdaCallback, TerminateOnNaN, RemoteMonitor
import ROOT.layers.experimental.preprocessing, ROOT.experimental
from ROOT.experimental import CosineDecay
assert isinstance(keras.layers.Dense(1), Layer) and issubclass(keras.Sequential, keras.Model.target)
assert model_from_config({{"class_name": "Sequential", "config": Sequential([Dense(1)]).get_config()}})
assert "Dense" in dir(keras.layers) and "Dense" in keras.layers.__all__
for place, words in (("models.model_from_yaml", "to_json"), ("estimator.model_to_estimator", "fit()"),
                     ("experimental.LinearModel", "Dense")):
    try:
        value = keras
        for part in place.split("."):
            value = getattr(value, part)
        raise SystemExit(place)
    except AttributeError as error:
        assert words in str(error), error
print(keras.__version__, LSTM(2).recurrent_activation.__name__, GRU(2).reset_after,
      float(keras.optimizers.Adadelta().learning_rate.numpy()))
"""


@pytest.mark.parametrize(
    "root, expected",
    [
        ("keras", "2.2.4 hard_sigmoid False 1.0\n"),
        ("tensorflow.keras", "2.15.0 sigmoid True 0.0010"),
    ],
)
def test_imports(root, expected):
    code = IMPORTS.replace("ROOT", root)
    command = [sys.executable, "-m", "minikeras", "--dialect", "2", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(expected)


def test_old_paths_lead_somewhere():
    for old, new in MOVED.items():
        assert new in MODULES, (old, new)


@pytest.mark.parametrize(
    "source",
    [
        "from keras.layers import CuDNNLSTM",
        "from keras import backend as K\nK.clear_session()",
        "history.history['val_acc']",
        "model.fit(x, y, workers=4)",
        "ModelCheckpoint('w.h5', period=5)",
        "from keras.layers.merge import concatenate",
        "model.add(Embedding(10, 3, input_length=4))",
        "from __future__ import print_function\nimport keras",
        "opt = keras.optimizers.adam(lr=1)",
        "from tensorflow.keras.layers.experimental import preprocessing",
        "keras.losses.MeanSquaredError(reduction=tf.keras.losses.Reduction.NONE)",
        "model.save_weights('./checkpoints/my_checkpoint')",
        "model.save_weights('weights.h5')",
        "path = 'gan_model'\nModelCheckpoint(filepath=path, save_weights_only=True)",
        "ModelCheckpoint(os.path.join(folder, 'cp-{epoch:04d}.ckpt'))",
        "model.save_weights(f'{folder}/cp.ckpt')",
        "model.save_weights(folder + '/cp-{}'.format(epoch))",
        "path = 'cp.ckpt'\npath = os.path.join(folder, path)\nmodel.save_weights(path)",
    ],
)
def test_signs_of_keras_2(source):
    assert detect(source) == 2


@pytest.mark.parametrize(
    "source",
    [
        "args.lr\nmodel.compile(loss='mean_squared_error', metrics=['accuracy'])",
        "keras.optimizers.Adam(learning_rate=0.1, weight_decay=1e-4)",
        "from keras import layers, ops",
        "path = 'a.weights.h5'\npath = os.path.join(folder, path)\nmodel.save_weights(path)",
        "a = b\nb = a\nmodel.save_weights(a)",
    ],
)
def test_what_is_no_sign(source):
    assert detect(source) == 3


def test_later_scripts_of_keras_alone_have_the_names_and_defaults_of_tf_keras():
    code = (
        "from keras.models import Sequential\nfrom keras.layers import Dense, LSTM\nimport numpy as np\n"
        "model = Sequential([Dense(1, activation='sigmoid')])\n"
        "model.compile('adam', 'binary_crossentropy', ['accuracy'])\n"
        "logs = model.fit(np.ones((4, 2)), np.ones(4), validation_split=0.5, verbose=0).history\n"
        "print(LSTM(1).recurrent_activation.__name__, list(logs), logs['{}'] == logs['val_acc'])"
    )
    expected = {
        "val_accuracy": "sigmoid ['loss', 'accuracy', 'val_loss', 'val_accuracy'] True\n",
        "val_acc": "hard_sigmoid ['loss', 'acc', 'val_loss', 'val_acc'] True\n",
    }
    for name, out in expected.items():
        command = [sys.executable, "-m", "minikeras", "--dialect", "2", "-c", code.format(name)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.stdout == out, done.stderr


def test_archives_are_unpacked_where_keras_2_had_them(tmp_path):
    """`untar` gave the folder of the archive's own name, `extract` the archive."""
    (tmp_path / "flowers").mkdir()
    (tmp_path / "flowers" / "a.txt").write_text("one")
    with tarfile.open(tmp_path / "f.tgz", "w:gz") as archive:
        archive.add(tmp_path / "flowers", "flowers")
    code = f"""
from keras.utils.data_utils import get_file
from keras.utils import get_file as same
from keras.preprocessing.image import image_dataset_from_directory
from keras.preprocessing.timeseries import timeseries_dataset_from_array
url = {(tmp_path / "f.tgz").as_uri()!r}
print(get_file("flowers", url, cache_dir="cache", untar=True))
print(get_file("f.tgz", url, cache_dir="more", extract=True))
"""
    done = subprocess.run(
        [sys.executable, "-m", "minikeras", "--dialect", "2", "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for cache, result in (("cache", "flowers"), ("more", "f.tgz")):
        assert os.path.join(cache, "datasets", result) in done.stdout.splitlines()
        assert (tmp_path / cache / "datasets" / "flowers" / "a.txt").read_text() == "one"
