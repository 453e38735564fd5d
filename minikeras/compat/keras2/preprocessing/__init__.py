"""`keras.preprocessing` of Keras 2: images, text, sequences."""

from minikeras.compat.adapters import Adapted, Lazy
from minikeras.compat.keras2.preprocessing.arguments import of_load_img
from minikeras.compat.namespaces import Contents

_HERE = "minikeras.compat.keras2.preprocessing"


def _all_of(module: str, names: str) -> dict[str, Lazy]:
    return {name: Lazy(f"{_HERE}.{module}:{name}") for name in names.split()}


IMAGE = {
    **_all_of("image_data_generator", "ImageDataGenerator"),
    **_all_of(
        "iterators",
        "Iterator BatchFromFilesMixin NumpyArrayIterator DirectoryIterator DataFrameIterator list_pictures",
    ),
    **_all_of(
        "transforms",
        "random_rotation random_shift random_shear random_zoom random_channel_shift random_brightness "
        "apply_affine_transform apply_channel_shift apply_brightness_shift flip_axis apply_transform "
        "transform_matrix_offset_center",
    ),
    "load_img": Adapted(
        "minikeras.utils:load_img",
        "path grayscale color_mode target_size interpolation keep_aspect_ratio",
        prepare=of_load_img,
    ),
}
TEXT = _all_of("text", "Tokenizer tokenizer_from_json text_to_word_sequence one_hot hashing_trick")
SEQUENCE = _all_of(
    "sequence",
    "TimeseriesGenerator timeseries_generator_from_json skipgrams make_sampling_table",
)

_IMAGES = {
    "image_dataset_from_directory": Adapted(
        "minikeras.utils:image_dataset_from_directory",
        "directory labels label_mode class_names color_mode batch_size image_size shuffle seed "
        "validation_split subset interpolation follow_links crop_to_aspect_ratio",
        {"smart_resize": "crop_to_aspect_ratio"},
    )
}
_TEXTS, _SERIES = (
    {name: Lazy(f"minikeras.utils:{name}")}
    for name in ("text_dataset_from_directory", "timeseries_dataset_from_array")
)

MODULES = {
    "preprocessing": Contents(_IMAGES, ["minikeras.preprocessing"]),
    "preprocessing.image_dataset": Contents(_IMAGES),
    "preprocessing.text_dataset": Contents(_TEXTS),
    "preprocessing.timeseries": Contents(_SERIES),
    "preprocessing.image": Contents({**IMAGE, **_IMAGES}, ["minikeras.preprocessing.image"]),
    "preprocessing.text": Contents({**TEXT, **_TEXTS}),
    "preprocessing.sequence": Contents(SEQUENCE, ["minikeras.preprocessing.sequence"]),
}
