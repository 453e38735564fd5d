"""Rows of the layers that change images, with numbers in place of ranges: nothing is left to chance.

What chance cannot be taken out of stands here without training; `tests/layers/preprocessing/` has it
with Keras's draws, and the options.
"""

from layer_cases import Array, Call, Case, Make

IMAGES = Array((2, 6, 5, 3), low=5.0, high=250.0)
FIRST = Array((2, 3, 6, 5), low=5.0, high=250.0)
PART = Array((2, 6, 5, 3), low=0.05, high=0.95)
ONE = Array((6, 5, 3), low=5.0, high=250.0, batch=False)
LOW = {"value_range": (0, 1)}
IN_FIRST = {"data_format": "channels_first"}
ALWAYS = {"factor": (1.0, 1.0)}


def fixed(*calls, first=True, **options):
    """Return the row of calls with the same result every time; one more for images of another kind."""
    found = [Call(kwargs, PART if kwargs.get("value_range") else IMAGES) for kwargs in calls]
    if first:
        found.append(Call({**calls[0], **IN_FIRST}, FIRST))
    # What Keras computes in float32 in every dtype, and rounds to half precision on the way, has
    # tolerances of its own.
    settings = {"examples": 3, "float32": 1e-4, "options": False, **options}
    return Case(found, also=[Call(calls[0], ONE)], **settings)


def moved(*calls, **options):
    """Return the row of calls that look pixels up elsewhere, whose gradients `ops.image` has tests of."""
    return fixed(*calls, first=False, keras_gradient=False, float64=1e-5, **options)


def by_chance(*calls, **options):
    """Return the row of calls that draw while training."""
    found = [Call(kwargs, IMAGES, {"training": False}) for kwargs in calls]
    return Case(found, examples=2, training=False, options=False, **options)


QUARTER = {"height_factor": (0.25, 0.25), "width_factor": (-0.25, -0.25)}

CASES = {
    "AugMix": by_chance(
        {"value_range": (0, 1), "num_chains": 2},
        {"all_ops": False, "factor": 0.5, "interpolation": "nearest", "seed": 3},
    ),
    "AutoContrast": fixed({}, LOW, first=False),
    "ContrastLimitedAdaptiveHistogramEqualization": fixed(
        {"tile_grid_size": (2, 2)}, float64=1e-5, empty=False
    ),
    "CutMix": by_chance({"factor": 0.5, "seed": 3}),
    "Equalization": fixed(
        *({"bins": 8}, {"bins": 16, **LOW}), half=False, empty=False, keras_config=False
    ),
    "MaxNumBoundingBoxes": fixed({"max_number": 3}, keras_config=False),
    "MixUp": by_chance({"alpha": 0.5, "seed": 3}),
    "Pipeline": Case(
        [
            Call({"layers": Make(lambda k: [k.layers.Dense(4, name="a"), k.layers.ReLU(name="b")])}, PART)
        ],
        # Its layers keep the dtype that they were made with.
        float64=1e-5, half=False, options=False,
    ),
    "RandAugment": by_chance({"num_ops": 1, "factor": 0.3, **LOW}, {"interpolation": "nearest", "seed": 3}),
    "RandomBrightness": fixed({"factor": (0.25, 0.25), "seed": 3}, {"factor": (-0.5, -0.5), **LOW}),
    "RandomColorDegeneration": fixed({"factor": (0.75, 0.75), "seed": 3}, {"factor": (-0.5, -0.5), **LOW}),
    "RandomColorJitter": fixed(
        {"brightness_factor": (0.125, 0.125), "contrast_factor": (-0.5, 0.5), "seed": 3},
        {"saturation_factor": (0.25, 0.25), "hue_factor": (1.0, 1.0), "seed": 4, **LOW},
        first=False, half=False, float64=1e-6,
    ),
    "RandomContrast": fixed(
        {"factor": (-0.5, 0.5), "seed": 3}, {"factor": (-0.25, 0.25), **LOW}, half=False
    ),
    "RandomCrop": fixed({"height": 8, "width": 5, "seed": 3}, {"height": 4, "width": 6, "seed": 4}),
    "RandomElasticTransform": fixed(
        {"factor": 0.0, "seed": 3}, {"scale": 0.0, "fill_mode": "mirror", "interpolation": "nearest", **LOW}
    ),
    "RandomErasing": fixed(
        {**ALWAYS, "scale": (1.0, 1.0), "fill_value": 7.0, "seed": 3}, {"factor": 0.0, **LOW}
    ),
    "RandomFlip": by_chance({"mode": "horizontal", "seed": 3}, {"mode": "vertical"}, IN_FIRST),
    "RandomGaussianBlur": fixed(
        {**ALWAYS, "sigma": (0.75, 0.75), "seed": 3},
        {**ALWAYS, "sigma": (0.5, 0.5), "kernel_size": (3, 5), **LOW},
    ),
    "RandomGrayscale": fixed({"factor": 1.0, "seed": 3}, {"factor": 0.0}, keras_config=False),
    "RandomHue": fixed({**ALWAYS, "seed": 3}, {"factor": 0.0, **LOW}, float64=1e-4),
    "RandomInvert": fixed({**ALWAYS, "seed": 3}, {**ALWAYS, **LOW}),
    "RandomPerspective": moved({"scale": 0.0, "seed": 3}, {"factor": 0.0, "interpolation": "nearest"}),
    "RandomPosterization": fixed({"factor": (3, 3), "seed": 3}, {"factor": 1, **LOW}),
    "RandomRotation": moved(
        {"factor": (0.125, 0.125), "fill_mode": "constant", "fill_value": 9.0, "seed": 3},
        {"factor": (-0.0625, -0.0625), "interpolation": "nearest"},
    ),
    "RandomSaturation": fixed(
        {"factor": (0.25, 0.25), "seed": 3}, {"factor": (0.625, 0.625), **LOW}, float64=1e-6
    ),
    "RandomSharpness": fixed(
        {"factor": (0.75, 0.75), "seed": 3}, {"factor": (0.25, 0.25), **LOW}, float64=1e-7
    ),
    "RandomShear": moved({"x_factor": 0.0, "seed": 3}, {"interpolation": "nearest", "fill_mode": "wrap"}),
    "RandomTranslation": moved({**QUARTER, "seed": 3}, {**QUARTER, "fill_mode": "nearest"}),
    "RandomZoom": moved({**QUARTER, "seed": 3}, {"height_factor": (0.5, 0.5), "fill_mode": "wrap"}),
    "Solarization": fixed({}, LOW, {"seed": 3}, first=False),
}  # fmt: skip
