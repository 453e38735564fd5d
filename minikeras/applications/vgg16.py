"""`VGG16`."""

from minikeras.applications.imagenet_utils import decode_predictions, preprocessing
from minikeras.applications.network import variant
from minikeras.applications.vgg import Row, vgg

VGG16 = variant(
    vgg,
    "VGG16",
    "vgg16",
    Row((2, 2, 3, 3, 3), ("64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc")),
    "VGG with 16 layers of weights.",
)
preprocess_input = preprocessing("caffe")
