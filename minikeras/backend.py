"""`keras.backend`: the small part of it that Keras 3 keeps."""

from minikeras.common.dtypes import is_float_dtype as is_float_dtype
from minikeras.common.dtypes import is_int_dtype as is_int_dtype
from minikeras.common.dtypes import result_type as result_type
from minikeras.common.dtypes import standardize_dtype as standardize_dtype
from minikeras.common.naming import get_uid as get_uid
from minikeras.common.settings import epsilon as epsilon
from minikeras.common.settings import floatx as floatx
from minikeras.common.settings import image_data_format as image_data_format
from minikeras.common.settings import set_epsilon as set_epsilon
from minikeras.common.settings import set_floatx as set_floatx
from minikeras.common.settings import set_image_data_format as set_image_data_format
from minikeras.config import backend as backend
from minikeras.ops import convert_to_numpy as convert_to_numpy
from minikeras.ops import is_tensor as is_tensor
from minikeras.utils.session import clear_session as clear_session
from minikeras.utils.session import is_keras_tensor as is_keras_tensor
