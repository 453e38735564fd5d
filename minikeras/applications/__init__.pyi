"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.applications import convnext as convnext
from minikeras.applications import densenet as densenet
from minikeras.applications import efficientnet as efficientnet
from minikeras.applications import efficientnet_v2 as efficientnet_v2
from minikeras.applications import imagenet_utils as imagenet_utils
from minikeras.applications import inception_resnet_v2 as inception_resnet_v2
from minikeras.applications import inception_v3 as inception_v3
from minikeras.applications import mobilenet as mobilenet
from minikeras.applications import mobilenet_v2 as mobilenet_v2
from minikeras.applications import mobilenet_v3 as mobilenet_v3
from minikeras.applications import nasnet as nasnet
from minikeras.applications import resnet as resnet
from minikeras.applications import resnet50 as resnet50
from minikeras.applications import resnet_v2 as resnet_v2
from minikeras.applications import vgg16 as vgg16
from minikeras.applications import vgg19 as vgg19
from minikeras.applications import xception as xception
from minikeras.applications.convnext import PositiveInt
from minikeras.applications.inception_resnet_v2 import InceptionResNetV2 as InceptionResNetV2
from minikeras.applications.inception_v3 import InceptionV3 as InceptionV3
from minikeras.applications.mobilenet import MobileNet as MobileNet
from minikeras.applications.mobilenet_v2 import MobileNetV2 as MobileNetV2
from minikeras.applications.mobilenet_v3 import Fraction
from minikeras.applications.mobilenet_v3 import Positive
from minikeras.applications.network import Pooling
from minikeras.applications.network import Sequence
from minikeras.applications.network import Weights
from minikeras.applications.xception import Xception as Xception
from minikeras.models.model import Model
from typing import Any

def ConvNeXtBase(
    include_top: bool = True,
    include_preprocessing: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str = 'convnext_base',
) -> Model: ...

def ConvNeXtLarge(
    include_top: bool = True,
    include_preprocessing: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str = 'convnext_large',
) -> Model: ...

def ConvNeXtSmall(
    include_top: bool = True,
    include_preprocessing: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str = 'convnext_small',
) -> Model: ...

def ConvNeXtTiny(
    include_top: bool = True,
    include_preprocessing: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str = 'convnext_tiny',
) -> Model: ...

def ConvNeXtXLarge(
    include_top: bool = True,
    include_preprocessing: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str = 'convnext_xlarge',
) -> Model: ...

def DenseNet121(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'densenet121',
) -> Model: ...

def DenseNet169(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'densenet169',
) -> Model: ...

def DenseNet201(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'densenet201',
) -> Model: ...

def EfficientNetB0(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'efficientnetb0',
) -> Model: ...

def EfficientNetB1(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'efficientnetb1',
) -> Model: ...

def EfficientNetB2(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'efficientnetb2',
) -> Model: ...

def EfficientNetB3(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'efficientnetb3',
) -> Model: ...

def EfficientNetB4(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'efficientnetb4',
) -> Model: ...

def EfficientNetB5(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'efficientnetb5',
) -> Model: ...

def EfficientNetB6(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'efficientnetb6',
) -> Model: ...

def EfficientNetB7(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'efficientnetb7',
) -> Model: ...

def EfficientNetV2B0(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    include_preprocessing: bool = True,
    name: str | None = 'efficientnetv2-b0',
) -> Model: ...

def EfficientNetV2B1(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    include_preprocessing: bool = True,
    name: str | None = 'efficientnetv2-b1',
) -> Model: ...

def EfficientNetV2B2(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    include_preprocessing: bool = True,
    name: str | None = 'efficientnetv2-b2',
) -> Model: ...

def EfficientNetV2B3(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    include_preprocessing: bool = True,
    name: str | None = 'efficientnetv2-b3',
) -> Model: ...

def EfficientNetV2L(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    include_preprocessing: bool = True,
    name: str | None = 'efficientnetv2-l',
) -> Model: ...

def EfficientNetV2M(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    include_preprocessing: bool = True,
    name: str | None = 'efficientnetv2-m',
) -> Model: ...

def EfficientNetV2S(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    include_preprocessing: bool = True,
    name: str | None = 'efficientnetv2-s',
) -> Model: ...

def MobileNetV3Large(
    input_shape: Sequence | None = None,
    alpha: Positive = 1.0,
    minimalistic: bool = False,
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    classes: PositiveInt = 1000,
    pooling: Pooling = None,
    dropout_rate: Fraction = 0.2,
    classifier_activation: Any = 'softmax',
    include_preprocessing: bool = True,
    name: str | None = 'MobileNetV3Large',
) -> Model: ...

def MobileNetV3Small(
    input_shape: Sequence | None = None,
    alpha: Positive = 1.0,
    minimalistic: bool = False,
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    classes: PositiveInt = 1000,
    pooling: Pooling = None,
    dropout_rate: Fraction = 0.2,
    classifier_activation: Any = 'softmax',
    include_preprocessing: bool = True,
    name: str | None = 'MobileNetV3Small',
) -> Model: ...

def NASNetLarge(
    input_shape: Sequence | None = None,
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'nasnet_large',
) -> Model: ...

def NASNetMobile(
    input_shape: Sequence | None = None,
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'nasnet_mobile',
) -> Model: ...

def ResNet101(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'resnet101',
) -> Model: ...

def ResNet101V2(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'resnet101v2',
) -> Model: ...

def ResNet152(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'resnet152',
) -> Model: ...

def ResNet152V2(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'resnet152v2',
) -> Model: ...

def ResNet50(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'resnet50',
) -> Model: ...

def ResNet50V2(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'resnet50v2',
) -> Model: ...

def VGG16(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'vgg16',
) -> Model: ...

def VGG19(
    include_top: bool = True,
    weights: Weights = 'imagenet',
    input_tensor: Any = None,
    input_shape: Sequence | None = None,
    pooling: Pooling = None,
    classes: PositiveInt = 1000,
    classifier_activation: Any = 'softmax',
    name: str | None = 'vgg19',
) -> Model: ...

__all__ = [
    "convnext",
    "ConvNeXtBase",
    "ConvNeXtLarge",
    "ConvNeXtSmall",
    "ConvNeXtTiny",
    "ConvNeXtXLarge",
    "densenet",
    "DenseNet121",
    "DenseNet169",
    "DenseNet201",
    "efficientnet",
    "EfficientNetB0",
    "EfficientNetB1",
    "EfficientNetB2",
    "EfficientNetB3",
    "EfficientNetB4",
    "EfficientNetB5",
    "EfficientNetB6",
    "EfficientNetB7",
    "efficientnet_v2",
    "EfficientNetV2B0",
    "EfficientNetV2B1",
    "EfficientNetV2B2",
    "EfficientNetV2B3",
    "EfficientNetV2L",
    "EfficientNetV2M",
    "EfficientNetV2S",
    "imagenet_utils",
    "inception_resnet_v2",
    "InceptionResNetV2",
    "inception_v3",
    "InceptionV3",
    "mobilenet",
    "MobileNet",
    "mobilenet_v2",
    "MobileNetV2",
    "mobilenet_v3",
    "MobileNetV3Large",
    "MobileNetV3Small",
    "nasnet",
    "NASNetLarge",
    "NASNetMobile",
    "resnet",
    "ResNet101",
    "ResNet152",
    "ResNet50",
    "resnet50",
    "resnet_v2",
    "ResNet101V2",
    "ResNet152V2",
    "ResNet50V2",
    "vgg16",
    "VGG16",
    "vgg19",
    "VGG19",
    "xception",
    "Xception",
]
