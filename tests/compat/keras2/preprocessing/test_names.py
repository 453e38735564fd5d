"""Scripts of all periods find what they import from `keras.preprocessing` and `keras.wrappers`."""

import subprocess
import sys

import pytest

from minikeras.compat.dialects import detect

pytest.importorskip("PIL")

COMMON = """
from keras.preprocessing import image, sequence, text
from keras.preprocessing.image import (
    ImageDataGenerator, Iterator, NumpyArrayIterator, DirectoryIterator, DataFrameIterator,
    array_to_img, img_to_array, load_img, save_img, smart_resize,
    random_rotation, random_shift, random_shear, random_zoom, random_channel_shift,
    random_brightness, apply_affine_transform, apply_channel_shift, apply_brightness_shift,
)
from keras.preprocessing.text import (
    Tokenizer, tokenizer_from_json, text_to_word_sequence, one_hot, hashing_trick,
)
from keras.preprocessing.sequence import (
    pad_sequences, TimeseriesGenerator, skipgrams, make_sampling_table,
)
import numpy as np
x = np.zeros((4, 6, 6, 3))
"""

KERAS_2 = """
import tensorflow.keras.preprocessing.image as tf_image
from tensorflow.keras.preprocessing.sequence import pad_sequences as tf_pad
from keras_preprocessing.image import ImageDataGenerator as alone
import keras_preprocessing
assert alone is ImageDataGenerator is tf_image.ImageDataGenerator
assert keras_preprocessing.text.Tokenizer is Tokenizer and tf_pad is pad_sequences
import io
file = io.BytesIO()
save_img(file, np.ones((4, 4, 3)), file_format="png")
assert load_img(file, grayscale=True, target_size=(2, 2)).mode == "L"
assert load_img(file, False, (3, 2)).size == load_img(file, False, "rgb", (3, 2)).size == (2, 3)
assert load_img(file, True, (3, 2), "bilinear").size == (2, 3)
assert load_img(file, True).mode == "L" and load_img(file).mode == "RGB"
class Mine(ImageDataGenerator):
    def standardize(self, x):
        return x + 1
assert next(Mine().flow(x))[0, 0, 0, 0] == 1
from keras.wrappers import SKLearnClassifier as today
from keras.wrappers.scikit_learn import KerasClassifier, KerasRegressor
"""

KERAS_1 = """
generator = ImageDataGenerator(dim_ordering="th", rotation_range=3)
assert generator.data_format == "channels_first"
assert ImageDataGenerator(False, False, False, False, False, 20).rotation_range == 20
assert img_to_array(array_to_img(x[0]), "th").shape == (3, 6, 6)
batches = generator.flow(x.transpose(0, 3, 1, 2), batch_size=3)
assert batches.N == batches.nb_sample == 4
assert Tokenizer(nb_words=7).num_words == 7
"""


@pytest.mark.parametrize("dialect, code", [("2", COMMON + KERAS_2), ("1", COMMON + KERAS_1)])
def test_names(dialect, code):
    if "wrappers" in code:
        pytest.importorskip("sklearn", minversion="1.6")
    command = [sys.executable, "-m", "minikeras", "--dialect", dialect, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "source",
    [
        "from keras.preprocessing.image import ImageDataGenerator",
        "import tensorflow as tf\ntf.keras.preprocessing.image.ImageDataGenerator(rescale=1 / 255)",
        "from keras.preprocessing.text import Tokenizer",
        "tokenizer = tf.keras.preprocessing.text.Tokenizer()\ntokenizer.fit_on_texts(texts)",
        "from tensorflow.keras.preprocessing.sequence import TimeseriesGenerator, pad_sequences",
        "from keras_preprocessing import image",
        "from keras.wrappers.scikit_learn import KerasClassifier",
    ],
)
def test_they_are_signs_of_keras_2(source):
    assert detect(source) == 2


@pytest.mark.parametrize(
    "source",
    [
        "from keras.preprocessing.sequence import pad_sequences",
        "from keras.preprocessing import image\nimage.load_img('x.png')",
        "from keras.wrappers import SKLearnClassifier",
    ],
)
def test_what_is_still_there_is_no_sign(source):
    assert detect(source) == 3


@pytest.mark.parametrize("dialect", ["2", "3"])
def test_names_are_listed_without_scikit_learn(dialect):
    code = (
        "import sys; sys.modules['sklearn'] = sys.modules['sklearn.base'] = None\n"
        "import keras.wrappers, keras.preprocessing.image\n"
        "assert 'SKLearnClassifier' in dir(keras.wrappers)\n"
        "assert 'load_img' in dir(keras.preprocessing.image)\n"
        "try: keras.wrappers.SKLearnClassifier\n"
        "except ImportError as error: print(error)\n"
        "try: keras.wrappers.SKLearnClassifie\n"
        "except AttributeError as error: print(error)\n"
    )
    command = [sys.executable, "-m", "minikeras", "--dialect", dialect, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert 'pip install "minikeras-numpy[sklearn]"' in done.stdout
    assert "Near it: SKLearnClassifier" in done.stdout
