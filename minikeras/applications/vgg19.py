"""`VGG19`."""

from minikeras.applications.imagenet_utils import decode_predictions, preprocessing
from minikeras.applications.network import variant
from minikeras.applications.vgg import Row, vgg

VGG19 = variant(
    vgg,
    "VGG19",
    "vgg19",
    Row((2, 2, 4, 4, 4), ("cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6")),
    "VGG with 19 layers of weights.",
)
preprocess_input = preprocessing("caffe")
