"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.common.serialization import serialize_keras_object as serialize
from minikeras.layers.activations.activation import Activation as Activation
from minikeras.layers.activations.elu import ELU as ELU
from minikeras.layers.activations.leaky_relu import LeakyReLU as LeakyReLU
from minikeras.layers.activations.prelu import PReLU as PReLU
from minikeras.layers.activations.relu import ReLU as ReLU
from minikeras.layers.activations.softmax import Softmax as Softmax
from minikeras.layers.attention.additive_attention import AdditiveAttention as AdditiveAttention
from minikeras.layers.attention.attention import Attention as Attention
from minikeras.layers.attention.grouped_query_attention import GroupQueryAttention as GroupQueryAttention
from minikeras.layers.attention.multi_head_attention import MultiHeadAttention as MultiHeadAttention
from minikeras.layers.convolutional.base_conv import ActivationLike
from minikeras.layers.convolutional.base_conv import ConstraintLike
from minikeras.layers.convolutional.base_conv import InitializerLike
from minikeras.layers.convolutional.base_conv import PositiveInt
from minikeras.layers.convolutional.base_conv import RegularizerLike
from minikeras.layers.convolutional.conv1d import Conv1D as Conv1D
from minikeras.layers.convolutional.conv1d import Conv1D as Convolution1D
from minikeras.layers.convolutional.conv1d_transpose import Conv1DTranspose as Conv1DTranspose
from minikeras.layers.convolutional.conv1d_transpose import Conv1DTranspose as Convolution1DTranspose
from minikeras.layers.convolutional.conv2d import Conv2D as _Conv2D
from minikeras.layers.convolutional.conv2d_transpose import Conv2DTranspose as _Conv2DTranspose
from minikeras.layers.convolutional.conv3d import Conv3D as _Conv3D
from minikeras.layers.convolutional.conv3d_transpose import Conv3DTranspose as Conv3DTranspose
from minikeras.layers.convolutional.conv3d_transpose import Conv3DTranspose as Convolution3DTranspose
from minikeras.layers.convolutional.depthwise_conv1d import DepthwiseConv1D as DepthwiseConv1D
from minikeras.layers.convolutional.depthwise_conv2d import DepthwiseConv2D as _DepthwiseConv2D
from minikeras.layers.convolutional.separable_conv1d import SeparableConv1D as SeparableConv1D
from minikeras.layers.convolutional.separable_conv1d import SeparableConv1D as SeparableConvolution1D
from minikeras.layers.convolutional.separable_conv2d import SeparableConv2D as _SeparableConv2D
from minikeras.layers.core.dense import Dense as Dense
from minikeras.layers.core.einsum_dense import EinsumDense as EinsumDense
from minikeras.layers.core.embedding import Embedding as Embedding
from minikeras.layers.core.identity import Identity as Identity
from minikeras.layers.core.input_layer import Input as Input
from minikeras.layers.core.input_layer import InputLayer as InputLayer
from minikeras.layers.core.lambda_layer import Lambda as Lambda
from minikeras.layers.core.masking import Masking as Masking
from minikeras.layers.core.reversible_embedding import ReversibleEmbedding as ReversibleEmbedding
from minikeras.layers.core.wrapper import Wrapper as Wrapper
from minikeras.layers.input_spec import InputSpec as InputSpec
from minikeras.layers.layer import Layer as Layer
from minikeras.layers.lookup import deserialize as deserialize
from minikeras.layers.merging.add import Add as _Add
from minikeras.layers.merging.add import add as add
from minikeras.layers.merging.average import Average as _Average
from minikeras.layers.merging.average import average as average
from minikeras.layers.merging.concatenate import Concatenate as Concatenate
from minikeras.layers.merging.concatenate import concatenate as concatenate
from minikeras.layers.merging.dot import Dot as Dot
from minikeras.layers.merging.dot import dot as dot
from minikeras.layers.merging.maximum import Maximum as _Maximum
from minikeras.layers.merging.maximum import maximum as maximum
from minikeras.layers.merging.minimum import Minimum as _Minimum
from minikeras.layers.merging.minimum import minimum as minimum
from minikeras.layers.merging.multiply import Multiply as _Multiply
from minikeras.layers.merging.multiply import multiply as multiply
from minikeras.layers.merging.subtract import Subtract as _Subtract
from minikeras.layers.merging.subtract import subtract as subtract
from minikeras.layers.normalization.batch_normalization import BatchNormalization as BatchNormalization
from minikeras.layers.normalization.group_normalization import GroupNormalization as GroupNormalization
from minikeras.layers.normalization.layer_normalization import LayerNormalization as LayerNormalization
from minikeras.layers.normalization.rms_normalization import RMSNormalization as RMSNormalization
from minikeras.layers.normalization.spectral_normalization import SpectralNormalization as SpectralNormalization
from minikeras.layers.normalization.unit_normalization import UnitNormalization as UnitNormalization
from minikeras.layers.other_frameworks import FlaxLayer as FlaxLayer
from minikeras.layers.other_frameworks import JaxLayer as JaxLayer
from minikeras.layers.other_frameworks import TFSMLayer as TFSMLayer
from minikeras.layers.other_frameworks import TorchModuleWrapper as TorchModuleWrapper
from minikeras.layers.pooling.adaptive_average_pooling1d import AdaptiveAveragePooling1D as AdaptiveAveragePooling1D
from minikeras.layers.pooling.adaptive_average_pooling2d import AdaptiveAveragePooling2D as AdaptiveAveragePooling2D
from minikeras.layers.pooling.adaptive_average_pooling3d import AdaptiveAveragePooling3D as AdaptiveAveragePooling3D
from minikeras.layers.pooling.adaptive_max_pooling1d import AdaptiveMaxPooling1D as AdaptiveMaxPooling1D
from minikeras.layers.pooling.adaptive_max_pooling2d import AdaptiveMaxPooling2D as AdaptiveMaxPooling2D
from minikeras.layers.pooling.adaptive_max_pooling3d import AdaptiveMaxPooling3D as AdaptiveMaxPooling3D
from minikeras.layers.pooling.average_pooling1d import AveragePooling1D as AveragePooling1D
from minikeras.layers.pooling.average_pooling1d import AveragePooling1D as AvgPool1D
from minikeras.layers.pooling.average_pooling2d import AveragePooling2D as AveragePooling2D
from minikeras.layers.pooling.average_pooling2d import AveragePooling2D as AvgPool2D
from minikeras.layers.pooling.average_pooling3d import AveragePooling3D as AveragePooling3D
from minikeras.layers.pooling.average_pooling3d import AveragePooling3D as AvgPool3D
from minikeras.layers.pooling.global_average_pooling1d import GlobalAveragePooling1D as GlobalAveragePooling1D
from minikeras.layers.pooling.global_average_pooling1d import GlobalAveragePooling1D as GlobalAvgPool1D
from minikeras.layers.pooling.global_average_pooling2d import GlobalAveragePooling2D as GlobalAveragePooling2D
from minikeras.layers.pooling.global_average_pooling2d import GlobalAveragePooling2D as GlobalAvgPool2D
from minikeras.layers.pooling.global_average_pooling3d import GlobalAveragePooling3D as GlobalAveragePooling3D
from minikeras.layers.pooling.global_average_pooling3d import GlobalAveragePooling3D as GlobalAvgPool3D
from minikeras.layers.pooling.global_max_pooling1d import GlobalMaxPooling1D as GlobalMaxPool1D
from minikeras.layers.pooling.global_max_pooling1d import GlobalMaxPooling1D as GlobalMaxPooling1D
from minikeras.layers.pooling.global_max_pooling2d import GlobalMaxPooling2D as GlobalMaxPool2D
from minikeras.layers.pooling.global_max_pooling2d import GlobalMaxPooling2D as GlobalMaxPooling2D
from minikeras.layers.pooling.global_max_pooling3d import GlobalMaxPooling3D as GlobalMaxPool3D
from minikeras.layers.pooling.global_max_pooling3d import GlobalMaxPooling3D as GlobalMaxPooling3D
from minikeras.layers.pooling.max_pooling1d import MaxPooling1D as _MaxPooling1D
from minikeras.layers.pooling.max_pooling2d import MaxPooling2D as _MaxPooling2D
from minikeras.layers.pooling.max_pooling3d import MaxPooling3D as _MaxPooling3D
from minikeras.layers.preprocessing.category_encoding import CategoryEncoding as CategoryEncoding
from minikeras.layers.preprocessing.discretization import Discretization as Discretization
from minikeras.layers.preprocessing.hashed_crossing import HashedCrossing as HashedCrossing
from minikeras.layers.preprocessing.hashing import Hashing as Hashing
from minikeras.layers.preprocessing.image_preprocessing.aug_mix import AugMix as AugMix
from minikeras.layers.preprocessing.image_preprocessing.auto_contrast import AutoContrast as AutoContrast
from minikeras.layers.preprocessing.image_preprocessing.center_crop import CenterCrop as CenterCrop
from minikeras.layers.preprocessing.image_preprocessing.clahe import ContrastLimitedAdaptiveHistogramEqualization as ContrastLimitedAdaptiveHistogramEqualization
from minikeras.layers.preprocessing.image_preprocessing.cut_mix import CutMix as CutMix
from minikeras.layers.preprocessing.image_preprocessing.equalization import Equalization as Equalization
from minikeras.layers.preprocessing.image_preprocessing.max_num_bounding_box import MaxNumBoundingBoxes as MaxNumBoundingBoxes
from minikeras.layers.preprocessing.image_preprocessing.mix_up import MixUp as MixUp
from minikeras.layers.preprocessing.image_preprocessing.rand_augment import RandAugment as RandAugment
from minikeras.layers.preprocessing.image_preprocessing.random_brightness import RandomBrightness as RandomBrightness
from minikeras.layers.preprocessing.image_preprocessing.random_color_degeneration import RandomColorDegeneration as RandomColorDegeneration
from minikeras.layers.preprocessing.image_preprocessing.random_color_jitter import RandomColorJitter as RandomColorJitter
from minikeras.layers.preprocessing.image_preprocessing.random_contrast import RandomContrast as RandomContrast
from minikeras.layers.preprocessing.image_preprocessing.random_crop import RandomCrop as RandomCrop
from minikeras.layers.preprocessing.image_preprocessing.random_elastic_transform import RandomElasticTransform as RandomElasticTransform
from minikeras.layers.preprocessing.image_preprocessing.random_erasing import RandomErasing as RandomErasing
from minikeras.layers.preprocessing.image_preprocessing.random_flip import RandomFlip as RandomFlip
from minikeras.layers.preprocessing.image_preprocessing.random_gaussian_blur import RandomGaussianBlur as RandomGaussianBlur
from minikeras.layers.preprocessing.image_preprocessing.random_grayscale import RandomGrayscale as RandomGrayscale
from minikeras.layers.preprocessing.image_preprocessing.random_hue import RandomHue as RandomHue
from minikeras.layers.preprocessing.image_preprocessing.random_invert import RandomInvert as RandomInvert
from minikeras.layers.preprocessing.image_preprocessing.random_perspective import RandomPerspective as RandomPerspective
from minikeras.layers.preprocessing.image_preprocessing.random_posterization import RandomPosterization as RandomPosterization
from minikeras.layers.preprocessing.image_preprocessing.random_rotation import RandomRotation as RandomRotation
from minikeras.layers.preprocessing.image_preprocessing.random_saturation import RandomSaturation as RandomSaturation
from minikeras.layers.preprocessing.image_preprocessing.random_sharpness import RandomSharpness as RandomSharpness
from minikeras.layers.preprocessing.image_preprocessing.random_shear import RandomShear as RandomShear
from minikeras.layers.preprocessing.image_preprocessing.random_translation import RandomTranslation as RandomTranslation
from minikeras.layers.preprocessing.image_preprocessing.random_zoom import RandomZoom as RandomZoom
from minikeras.layers.preprocessing.image_preprocessing.resizing import Resizing as Resizing
from minikeras.layers.preprocessing.image_preprocessing.solarization import Solarization as Solarization
from minikeras.layers.preprocessing.integer_lookup import IntegerLookup as IntegerLookup
from minikeras.layers.preprocessing.mel_spectrogram import MelSpectrogram as MelSpectrogram
from minikeras.layers.preprocessing.normalization import Normalization as Normalization
from minikeras.layers.preprocessing.pipeline import Pipeline as Pipeline
from minikeras.layers.preprocessing.rescaling import Rescaling as Rescaling
from minikeras.layers.preprocessing.stft_spectrogram import STFTSpectrogram as STFTSpectrogram
from minikeras.layers.preprocessing.string_lookup import StringLookup as StringLookup
from minikeras.layers.preprocessing.text_vectorization import TextVectorization as TextVectorization
from minikeras.layers.regularization.activity_regularization import ActivityRegularization as ActivityRegularization
from minikeras.layers.regularization.alpha_dropout import AlphaDropout as AlphaDropout
from minikeras.layers.regularization.dropout import Dropout as Dropout
from minikeras.layers.regularization.gaussian_dropout import GaussianDropout as GaussianDropout
from minikeras.layers.regularization.gaussian_noise import GaussianNoise as GaussianNoise
from minikeras.layers.regularization.spatial_dropout import SpatialDropout1D as SpatialDropout1D
from minikeras.layers.regularization.spatial_dropout import SpatialDropout2D as SpatialDropout2D
from minikeras.layers.regularization.spatial_dropout import SpatialDropout3D as SpatialDropout3D
from minikeras.layers.reshaping.cropping1d import Cropping1D as Cropping1D
from minikeras.layers.reshaping.cropping2d import Cropping2D as _Cropping2D
from minikeras.layers.reshaping.cropping3d import Cropping3D as _Cropping3D
from minikeras.layers.reshaping.flatten import Flatten as Flatten
from minikeras.layers.reshaping.permute import Permute as Permute
from minikeras.layers.reshaping.repeat_vector import RepeatVector as RepeatVector
from minikeras.layers.reshaping.reshape import Reshape as Reshape
from minikeras.layers.reshaping.up_sampling1d import UpSampling1D as UpSampling1D
from minikeras.layers.reshaping.up_sampling2d import UpSampling2D as UpSampling2D
from minikeras.layers.reshaping.up_sampling3d import UpSampling3D as UpSampling3D
from minikeras.layers.reshaping.zero_padding1d import ZeroPadding1D as ZeroPadding1D
from minikeras.layers.reshaping.zero_padding2d import ZeroPadding2D as _ZeroPadding2D
from minikeras.layers.reshaping.zero_padding3d import ZeroPadding3D as _ZeroPadding3D
from minikeras.layers.rnn.bidirectional import Bidirectional as Bidirectional
from minikeras.layers.rnn.conv_lstm1d import ConvLSTM1D as ConvLSTM1D
from minikeras.layers.rnn.conv_lstm2d import ConvLSTM2D as ConvLSTM2D
from minikeras.layers.rnn.conv_lstm3d import ConvLSTM3D as ConvLSTM3D
from minikeras.layers.rnn.gru import GRU as GRU
from minikeras.layers.rnn.gru import GRUCell as GRUCell
from minikeras.layers.rnn.lstm import LSTM as LSTM
from minikeras.layers.rnn.lstm import LSTMCell as LSTMCell
from minikeras.layers.rnn.rnn import RNN as RNN
from minikeras.layers.rnn.simple_rnn import SimpleRNN as SimpleRNN
from minikeras.layers.rnn.simple_rnn import SimpleRNNCell as SimpleRNNCell
from minikeras.layers.rnn.stacked_rnn_cells import StackedRNNCells as StackedRNNCells
from minikeras.layers.rnn.time_distributed import TimeDistributed as TimeDistributed
from typing import Any

class Add(_Add):
    def __init__(
        self,
        **kwargs: Any,
    ) -> None: ...

class Average(_Average):
    def __init__(
        self,
        **kwargs: Any,
    ) -> None: ...

class Conv2D(_Conv2D):
    def __init__(
        self,
        filters: PositiveInt,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = 'valid',
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        groups: PositiveInt = 1,
        activation: ActivationLike = None,
        use_bias: bool = True,
        kernel_initializer: InitializerLike = 'glorot_uniform',
        bias_initializer: InitializerLike = 'zeros',
        kernel_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None: ...

class Conv2DTranspose(_Conv2DTranspose):
    def __init__(
        self,
        filters: PositiveInt,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = 'valid',
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        activation: ActivationLike = None,
        use_bias: bool = True,
        kernel_initializer: InitializerLike = 'glorot_uniform',
        bias_initializer: InitializerLike = 'zeros',
        kernel_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None: ...

class Conv3D(_Conv3D):
    def __init__(
        self,
        filters: PositiveInt,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: str = 'valid',
        data_format: str | None = None,
        dilation_rate: Any = (1, 1, 1),
        groups: PositiveInt = 1,
        activation: ActivationLike = None,
        use_bias: bool = True,
        kernel_initializer: InitializerLike = 'glorot_uniform',
        bias_initializer: InitializerLike = 'zeros',
        kernel_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        kernel_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None: ...

class Cropping2D(_Cropping2D):
    def __init__(
        self,
        cropping: Any = ((0, 0), (0, 0)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None: ...

class Cropping3D(_Cropping3D):
    def __init__(
        self,
        cropping: Any = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None: ...

class DepthwiseConv2D(_DepthwiseConv2D):
    def __init__(
        self,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = 'valid',
        depth_multiplier: PositiveInt = 1,
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        activation: ActivationLike = None,
        use_bias: bool = True,
        depthwise_initializer: InitializerLike = 'glorot_uniform',
        bias_initializer: InitializerLike = 'zeros',
        depthwise_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        depthwise_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None: ...

class MaxPooling1D(_MaxPooling1D):
    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = 'valid',
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None: ...

class MaxPooling2D(_MaxPooling2D):
    def __init__(
        self,
        pool_size: Any = (2, 2),
        strides: Any = None,
        padding: str = 'valid',
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None: ...

class MaxPooling3D(_MaxPooling3D):
    def __init__(
        self,
        pool_size: Any = (2, 2, 2),
        strides: Any = None,
        padding: str = 'valid',
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None: ...

class Maximum(_Maximum):
    def __init__(
        self,
        **kwargs: Any,
    ) -> None: ...

class Minimum(_Minimum):
    def __init__(
        self,
        **kwargs: Any,
    ) -> None: ...

class Multiply(_Multiply):
    def __init__(
        self,
        **kwargs: Any,
    ) -> None: ...

class SeparableConv2D(_SeparableConv2D):
    def __init__(
        self,
        filters: PositiveInt,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = 'valid',
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        depth_multiplier: PositiveInt = 1,
        activation: ActivationLike = None,
        use_bias: bool = True,
        depthwise_initializer: InitializerLike = 'glorot_uniform',
        pointwise_initializer: InitializerLike = 'glorot_uniform',
        bias_initializer: InitializerLike = 'zeros',
        depthwise_regularizer: RegularizerLike = None,
        pointwise_regularizer: RegularizerLike = None,
        bias_regularizer: RegularizerLike = None,
        activity_regularizer: RegularizerLike = None,
        depthwise_constraint: ConstraintLike = None,
        pointwise_constraint: ConstraintLike = None,
        bias_constraint: ConstraintLike = None,
        **kwargs: Any,
    ) -> None: ...

class Subtract(_Subtract):
    def __init__(
        self,
        **kwargs: Any,
    ) -> None: ...

class ZeroPadding2D(_ZeroPadding2D):
    def __init__(
        self,
        padding: Any = (1, 1),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None: ...

class ZeroPadding3D(_ZeroPadding3D):
    def __init__(
        self,
        padding: Any = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None: ...

Conv2dTranspose = Conv2DTranspose
Convolution2D = Conv2D
Convolution2DTranspose = Conv2DTranspose
Convolution3D = Conv3D
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
SeparableConvolution2D = SeparableConv2D

__all__ = [
    "serialize",
    "Activation",
    "ELU",
    "LeakyReLU",
    "PReLU",
    "ReLU",
    "Softmax",
    "AdditiveAttention",
    "Attention",
    "GroupQueryAttention",
    "MultiHeadAttention",
    "Conv1D",
    "Convolution1D",
    "Conv1DTranspose",
    "Convolution1DTranspose",
    "Conv2D",
    "Convolution2D",
    "Conv2DTranspose",
    "Conv2dTranspose",
    "Convolution2DTranspose",
    "Conv3D",
    "Convolution3D",
    "Conv3DTranspose",
    "Convolution3DTranspose",
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "SeparableConv1D",
    "SeparableConvolution1D",
    "SeparableConv2D",
    "SeparableConvolution2D",
    "Dense",
    "EinsumDense",
    "Embedding",
    "Identity",
    "Input",
    "InputLayer",
    "Lambda",
    "Masking",
    "Wrapper",
    "InputSpec",
    "Layer",
    "deserialize",
    "Add",
    "add",
    "Average",
    "average",
    "Concatenate",
    "concatenate",
    "Dot",
    "dot",
    "Maximum",
    "maximum",
    "Minimum",
    "minimum",
    "Multiply",
    "multiply",
    "Subtract",
    "subtract",
    "BatchNormalization",
    "GroupNormalization",
    "LayerNormalization",
    "RMSNormalization",
    "UnitNormalization",
    "AveragePooling1D",
    "AvgPool1D",
    "AveragePooling2D",
    "AvgPool2D",
    "AveragePooling3D",
    "AvgPool3D",
    "GlobalAveragePooling1D",
    "GlobalAvgPool1D",
    "GlobalAveragePooling2D",
    "GlobalAvgPool2D",
    "GlobalAveragePooling3D",
    "GlobalAvgPool3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPool1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPool2D",
    "GlobalMaxPooling3D",
    "GlobalMaxPool3D",
    "MaxPooling1D",
    "MaxPool1D",
    "MaxPooling2D",
    "MaxPool2D",
    "MaxPooling3D",
    "MaxPool3D",
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "Flatten",
    "Permute",
    "RepeatVector",
    "Reshape",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
    "Bidirectional",
    "GRU",
    "GRUCell",
    "LSTM",
    "LSTMCell",
    "RNN",
    "SimpleRNN",
    "SimpleRNNCell",
    "StackedRNNCells",
    "TimeDistributed",
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveAveragePooling3D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "AdaptiveMaxPooling3D",
    "AugMix",
    "AutoContrast",
    "CategoryEncoding",
    "CenterCrop",
    "ContrastLimitedAdaptiveHistogramEqualization",
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
    "CutMix",
    "Discretization",
    "Equalization",
    "FlaxLayer",
    "HashedCrossing",
    "Hashing",
    "IntegerLookup",
    "JaxLayer",
    "MaxNumBoundingBoxes",
    "MelSpectrogram",
    "MixUp",
    "Normalization",
    "Pipeline",
    "RandAugment",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomCrop",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterization",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
    "Rescaling",
    "Resizing",
    "ReversibleEmbedding",
    "STFTSpectrogram",
    "Solarization",
    "SpectralNormalization",
    "StringLookup",
    "TFSMLayer",
    "TextVectorization",
    "TorchModuleWrapper",
]
