"""`keras.applications`: known networks for images, with weights trained on ImageNet or without."""

from minikeras.common.late_names import late_names as _late_names

_NETWORKS = {
    "convnext": "ConvNeXtBase ConvNeXtLarge ConvNeXtSmall ConvNeXtTiny ConvNeXtXLarge",
    "densenet": "DenseNet121 DenseNet169 DenseNet201",
    "efficientnet": " ".join([f"EfficientNetB{i}" for i in range(8)]),
    "efficientnet_v2": " ".join([f"EfficientNetV2{i}" for i in ("B0", "B1", "B2", "B3", *"LMS")]),
    "imagenet_utils": "",
    "inception_resnet_v2": "InceptionResNetV2",
    "inception_v3": "InceptionV3",
    "mobilenet": "MobileNet",
    "mobilenet_v2": "MobileNetV2",
    "mobilenet_v3": "MobileNetV3Large MobileNetV3Small",
    "nasnet": "NASNetLarge NASNetMobile",
    "resnet": "ResNet101 ResNet152 ResNet50",
    "resnet50": "",
    "resnet_v2": "ResNet101V2 ResNet152V2 ResNet50V2",
    "vgg16": "VGG16",
    "vgg19": "VGG19",
    "xception": "Xception",
}
"""Modules, and the networks that each has."""

_LATE = {
    name: f"minikeras.applications.{module}"
    for module, networks in _NETWORKS.items()
    for name in (module, *networks.split())
}
"""All names, and where they are: imported when they are asked for."""

__getattr__, __dir__, __all__ = _late_names(globals(), _LATE)
