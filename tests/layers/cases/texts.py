"""Rows of the layers that look things up; what they give for texts is in preprocessing/."""

from layer_cases import Array, Call, Case

TEXTS = Array((4, 3), "string")


def of_words(**kwargs):
    return {"vocabulary": ["a", "z"], **kwargs}


CASES = {
    "Hashing": Case(
        [
            Call({"num_bins": 5, "output_mode": "one_hot"}, Array((4, 1), "int64", -9, 9)),
            Call({"num_bins": 5, "output_mode": "multi_hot"}, TEXTS),
            Call({"num_bins": 5, "output_mode": "count", "salt": 3}, TEXTS),
        ],
        keras=False,
        options=False,  # they change what other options may be: tested one by one in preprocessing/
    ),
    "IntegerLookup": Case(
        [
            Call({"vocabulary": [5, 7, -2]}, Array((4, 3), "int64", -9, 9)),
            Call({"vocabulary": [5, 7], "invert": True}, Array((4,), "int64", 0, 5)),
            Call({"vocabulary": [5, 7], "output_mode": "one_hot"}, Array((4, 1), "int64", 4, 9)),
            Call({"vocabulary": [5, 7], "output_mode": "multi_hot"}, Array((4, 3), "int64", 4, 9)),
        ],
        keras=False,
        options=False,  # they change what other options may be: tested one by one in preprocessing/
    ),
    "StringLookup": Case(
        [
            Call(of_words(), TEXTS),
            Call(of_words(output_mode="count", mask_token="m"), TEXTS),
            Call(of_words(output_mode="tf_idf", idf_weights=[0.5, 2.0]), TEXTS),
        ],
        keras=False,
        options=False,  # they change what other options may be: tested one by one in preprocessing/
    ),
    "TextVectorization": Case(
        [
            Call(of_words(), Array((4, 1), "string")),
            Call(of_words(output_sequence_length=3), Array((4,), "string")),
            Call(of_words(output_mode="multi_hot"), Array((4,), "string")),
        ],
        keras=False,
        options=False,  # they change what other options may be: tested one by one in preprocessing/
    ),
}
