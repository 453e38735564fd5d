"""Scripts of Keras 0 and 1 are told from later ones, and find their modules."""

import subprocess
import sys

import pytest

from minikeras.compat.dialects import detect
from minikeras.compat.keras1 import TREE


@pytest.mark.parametrize(
    "source",
    [
        "model.fit(X, Y, nb_epoch=150, batch_size=10)",
        "Dense(12, input_dim=8, init='uniform')",
        "model.add(Convolution2D(32, 3, 3, border_mode='same'))",
        "Convolution2D(nb_filter=4, nb_row=3, nb_col=3)",
        "from keras.models import Graph",
        "from keras.layers import Merge, Dense",
        "from keras.layers.core import TimeDistributedDense",
        "from keras.engine.topology import merge",
        "x = merge([a, b], mode='concat')",
        "model.fit(X, y, show_accuracy=True)",
        "model.compile('sgd', 'mse', class_mode='binary')",
        "import keras.objectives",
        "from keras import initializations",
        "model.fit_generator(g, samples_per_epoch=10)",
        "LSTM(output_dim=3)",
        "AveragePooling1D(border_mode='same')",
        "model.add(Convolution2D(64, 3, 3, activation='relu'))",
        "Convolution2D(nb_filters, nb_conv, nb_conv)",
        "BatchNormalization(mode=2)",
        "from keras.regularizers import l2, activity_l2",
        "class A(Layer):\n    def get_output_shape_for(self, input_shape): return input_shape",
    ],
)
def test_signs_of_keras_1(source):
    assert detect(source) == 1


@pytest.mark.parametrize(
    "source",
    [
        "Embedding(input_dim=10, output_dim=4)",
        "Bidirectional(LSTM(4), merge_mode='sum')",
        "from tensorflow.keras.layers import concatenate",
        "from keras.layers.merge import add, concatenate",
        "from keras.layers import Convolution2D, MaxPooling2D",
        "Dense(4, kernel_initializer='uniform', kernel_constraint=maxnorm(3))",
        "from keras.constraints import maxnorm",
        "K.set_image_dim_ordering('th')",
        "keras.Model(inputs=a, outputs=b)",
        "from keras.losses import mean_squared_error",
        "Convolution2D(64, (3, 3), activation='relu')",
        "Convolution2D(64, (3, 3), (2, 2))",
        "KMeans(3, init='k-means++')",
        "GradientBoostingClassifier(subsample=0.5)",
        "data.flow_from_directory('images', class_mode='binary')",
        "model.save('m', save_format='tf')",
        "keras.metrics.RootMeanSquaredError(name='rmse')",
        "x = conv_block(x, nb_filter=16, concat_axis=-1)",
        "os.makedirs(path, mode=0o700)",
    ],
)
def test_no_signs_of_keras_1(source):
    assert detect(source) != 1


@pytest.mark.parametrize(
    "path",
    [
        "layers.core",
        "layers.convolutional",
        "layers.recurrent",
        "layers.advanced_activations",
        "layers.normalization",
        "layers.embeddings",
        "layers.noise",
        "layers.wrappers",
        "layers.local",
        "layers.pooling",
        "layers.containers",
        "objectives",
        "metrics",
        "activations",
        "initializations",
        "regularizers",
        "constraints",
        "optimizers",
        "callbacks",
        "engine",
        "engine.topology",
        "engine.training",
        "models",
        "utils.np_utils",
        "utils.visualize_util",
        "utils.generic_utils",
        "legacy.models",
    ],
)
def test_modules_of_the_time_are_there(path):
    assert TREE.contents(path).public_names()


def test_scripts_find_them_by_importing():
    code = """
from keras.layers.containers import Sequential as S, Graph
from keras.models import Sequential, Model
from keras.engine.topology import Layer, merge, Merge, Input, InputSpec
from keras.layers import *
from keras.objectives import mse
from keras import objectives, initializations, backend as K
from keras.utils.np_utils import to_categorical
import keras
assert S is Sequential and objectives.mse is mse
assert keras.__version__.startswith('1')
Highway, LSTM, Convolution2D, SReLU, InputLayer
print('all there')
"""
    command = [sys.executable, "-W", "ignore", "-m", "minikeras", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == "all there\n", done.stderr
