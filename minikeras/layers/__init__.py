"""`keras.layers`."""

from minikeras.common.late_names import late_names as _late_names
from minikeras.common.serialization import serialize_keras_object as serialize
from minikeras.layers.activations.activation import Activation
from minikeras.layers.activations.elu import ELU
from minikeras.layers.activations.leaky_relu import LeakyReLU
from minikeras.layers.activations.prelu import PReLU
from minikeras.layers.activations.relu import ReLU
from minikeras.layers.activations.softmax import Softmax
from minikeras.layers.attention.additive_attention import AdditiveAttention
from minikeras.layers.attention.attention import Attention
from minikeras.layers.attention.grouped_query_attention import GroupQueryAttention
from minikeras.layers.attention.multi_head_attention import MultiHeadAttention
from minikeras.layers.convolutional.conv1d import Conv1D
from minikeras.layers.convolutional.conv1d import Conv1D as Convolution1D
from minikeras.layers.convolutional.conv1d_transpose import Conv1DTranspose
from minikeras.layers.convolutional.conv1d_transpose import (
    Conv1DTranspose as Convolution1DTranspose,
)
from minikeras.layers.convolutional.conv2d import Conv2D
from minikeras.layers.convolutional.conv2d import Conv2D as Convolution2D
from minikeras.layers.convolutional.conv2d_transpose import Conv2DTranspose
from minikeras.layers.convolutional.conv2d_transpose import Conv2DTranspose as Conv2dTranspose
from minikeras.layers.convolutional.conv2d_transpose import (
    Conv2DTranspose as Convolution2DTranspose,
)
from minikeras.layers.convolutional.conv3d import Conv3D
from minikeras.layers.convolutional.conv3d import Conv3D as Convolution3D
from minikeras.layers.convolutional.conv3d_transpose import Conv3DTranspose
from minikeras.layers.convolutional.conv3d_transpose import (
    Conv3DTranspose as Convolution3DTranspose,
)
from minikeras.layers.convolutional.depthwise_conv1d import DepthwiseConv1D
from minikeras.layers.convolutional.depthwise_conv2d import DepthwiseConv2D
from minikeras.layers.convolutional.separable_conv1d import SeparableConv1D
from minikeras.layers.convolutional.separable_conv1d import (
    SeparableConv1D as SeparableConvolution1D,
)
from minikeras.layers.convolutional.separable_conv2d import SeparableConv2D
from minikeras.layers.convolutional.separable_conv2d import (
    SeparableConv2D as SeparableConvolution2D,
)
from minikeras.layers.core.dense import Dense
from minikeras.layers.core.einsum_dense import EinsumDense
from minikeras.layers.core.embedding import Embedding
from minikeras.layers.core.identity import Identity
from minikeras.layers.core.input_layer import Input, InputLayer
from minikeras.layers.core.lambda_layer import Lambda
from minikeras.layers.core.masking import Masking
from minikeras.layers.core.wrapper import Wrapper
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.layers.lookup import deserialize
from minikeras.layers.merging.add import Add, add
from minikeras.layers.merging.average import Average, average
from minikeras.layers.merging.concatenate import Concatenate, concatenate
from minikeras.layers.merging.dot import Dot, dot
from minikeras.layers.merging.maximum import Maximum, maximum
from minikeras.layers.merging.minimum import Minimum, minimum
from minikeras.layers.merging.multiply import Multiply, multiply
from minikeras.layers.merging.subtract import Subtract, subtract
from minikeras.layers.normalization.batch_normalization import BatchNormalization
from minikeras.layers.normalization.group_normalization import GroupNormalization
from minikeras.layers.normalization.layer_normalization import LayerNormalization
from minikeras.layers.normalization.rms_normalization import RMSNormalization
from minikeras.layers.normalization.unit_normalization import UnitNormalization
from minikeras.layers.pooling.average_pooling1d import AveragePooling1D
from minikeras.layers.pooling.average_pooling1d import AveragePooling1D as AvgPool1D
from minikeras.layers.pooling.average_pooling2d import AveragePooling2D
from minikeras.layers.pooling.average_pooling2d import AveragePooling2D as AvgPool2D
from minikeras.layers.pooling.average_pooling3d import AveragePooling3D
from minikeras.layers.pooling.average_pooling3d import AveragePooling3D as AvgPool3D
from minikeras.layers.pooling.global_average_pooling1d import GlobalAveragePooling1D
from minikeras.layers.pooling.global_average_pooling1d import (
    GlobalAveragePooling1D as GlobalAvgPool1D,
)
from minikeras.layers.pooling.global_average_pooling2d import GlobalAveragePooling2D
from minikeras.layers.pooling.global_average_pooling2d import (
    GlobalAveragePooling2D as GlobalAvgPool2D,
)
from minikeras.layers.pooling.global_average_pooling3d import GlobalAveragePooling3D
from minikeras.layers.pooling.global_average_pooling3d import (
    GlobalAveragePooling3D as GlobalAvgPool3D,
)
from minikeras.layers.pooling.global_max_pooling1d import GlobalMaxPooling1D
from minikeras.layers.pooling.global_max_pooling1d import GlobalMaxPooling1D as GlobalMaxPool1D
from minikeras.layers.pooling.global_max_pooling2d import GlobalMaxPooling2D
from minikeras.layers.pooling.global_max_pooling2d import GlobalMaxPooling2D as GlobalMaxPool2D
from minikeras.layers.pooling.global_max_pooling3d import GlobalMaxPooling3D
from minikeras.layers.pooling.global_max_pooling3d import GlobalMaxPooling3D as GlobalMaxPool3D
from minikeras.layers.pooling.max_pooling1d import MaxPooling1D
from minikeras.layers.pooling.max_pooling1d import MaxPooling1D as MaxPool1D
from minikeras.layers.pooling.max_pooling2d import MaxPooling2D
from minikeras.layers.pooling.max_pooling2d import MaxPooling2D as MaxPool2D
from minikeras.layers.pooling.max_pooling3d import MaxPooling3D
from minikeras.layers.pooling.max_pooling3d import MaxPooling3D as MaxPool3D
from minikeras.layers.regularization.activity_regularization import ActivityRegularization
from minikeras.layers.regularization.alpha_dropout import AlphaDropout
from minikeras.layers.regularization.dropout import Dropout
from minikeras.layers.regularization.gaussian_dropout import GaussianDropout
from minikeras.layers.regularization.gaussian_noise import GaussianNoise
from minikeras.layers.regularization.spatial_dropout import (
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from minikeras.layers.reshaping.cropping1d import Cropping1D
from minikeras.layers.reshaping.cropping2d import Cropping2D
from minikeras.layers.reshaping.cropping3d import Cropping3D
from minikeras.layers.reshaping.flatten import Flatten
from minikeras.layers.reshaping.permute import Permute
from minikeras.layers.reshaping.repeat_vector import RepeatVector
from minikeras.layers.reshaping.reshape import Reshape
from minikeras.layers.reshaping.up_sampling1d import UpSampling1D
from minikeras.layers.reshaping.up_sampling2d import UpSampling2D
from minikeras.layers.reshaping.up_sampling3d import UpSampling3D
from minikeras.layers.reshaping.zero_padding1d import ZeroPadding1D
from minikeras.layers.reshaping.zero_padding2d import ZeroPadding2D
from minikeras.layers.reshaping.zero_padding3d import ZeroPadding3D
from minikeras.layers.rnn.bidirectional import Bidirectional
from minikeras.layers.rnn.gru import GRU, GRUCell
from minikeras.layers.rnn.lstm import LSTM, LSTMCell
from minikeras.layers.rnn.rnn import RNN
from minikeras.layers.rnn.simple_rnn import SimpleRNN, SimpleRNNCell
from minikeras.layers.rnn.stacked_rnn_cells import StackedRNNCells
from minikeras.layers.rnn.time_distributed import TimeDistributed

_IMAGES = {
    "AugMix": "aug_mix",
    "AutoContrast": "auto_contrast",
    "CenterCrop": "center_crop",
    "ContrastLimitedAdaptiveHistogramEqualization": "clahe",
    "CutMix": "cut_mix",
    "Equalization": "equalization",
    "MaxNumBoundingBoxes": "max_num_bounding_box",
    "MixUp": "mix_up",
    "RandAugment": "rand_augment",
    "RandomBrightness": "random_brightness",
    "RandomColorDegeneration": "random_color_degeneration",
    "RandomColorJitter": "random_color_jitter",
    "RandomContrast": "random_contrast",
    "RandomCrop": "random_crop",
    "RandomElasticTransform": "random_elastic_transform",
    "RandomErasing": "random_erasing",
    "RandomFlip": "random_flip",
    "RandomGaussianBlur": "random_gaussian_blur",
    "RandomGrayscale": "random_grayscale",
    "RandomHue": "random_hue",
    "RandomInvert": "random_invert",
    "RandomPerspective": "random_perspective",
    "RandomPosterization": "random_posterization",
    "RandomRotation": "random_rotation",
    "RandomSaturation": "random_saturation",
    "RandomSharpness": "random_sharpness",
    "RandomShear": "random_shear",
    "RandomTranslation": "random_translation",
    "RandomZoom": "random_zoom",
    "Resizing": "resizing",
    "Solarization": "solarization",
}
_LATE: dict[str, str] = {
    "Pipeline": "minikeras.layers.preprocessing.pipeline",
    **{k: f"minikeras.layers.preprocessing.image_preprocessing.{v}" for k, v in _IMAGES.items()},
    "Rescaling": "minikeras.layers.preprocessing.rescaling",
}
"""What most scripts do not use, and where it is: imported when it is asked for."""

__getattr__, __dir__, __all__ = _late_names(globals(), _LATE)
