"""Rows of `SpectralNormalization`, the spectrograms and `ReversibleEmbedding`."""

from layer_cases import Array, Call, Case, Make

SIGNAL = Array((2, 40))
CHANNELS = Array((2, 40, 2))


def inner(make, label):
    return Make(lambda k: make(k.layers), label)


STFT = {"frame_length": 8, "data_format": "channels_last", "padding": "valid"}

CASES = {
    "SpectralNormalization": Case(
        [
            Call(
                {
                    "layer": inner(
                        lambda layers: layers.Dense(3, name="inner", dtype="float64"), "Dense"
                    ),
                    "power_iterations": 1,
                },
                Array((2, 4)),
            ),
            Call(
                {
                    "layer": inner(
                        lambda layers: layers.Conv1D(3, 2, name="inner", dtype="float64"), "Conv1D"
                    ),
                    "power_iterations": 3,
                },
                Array((2, 5, 2)),
            ),
        ],
        examples=2,
    ),
    "MelSpectrogram": Case(
        [
            Call({"fft_length": 16, "sequence_stride": 9, "num_mel_bins": 4}, SIGNAL),
            Call(
                {
                    "fft_length": 16,
                    "sequence_stride": 5,
                    "sequence_length": 12,
                    "num_mel_bins": 5,
                    "window": "hamming",
                    "sampling_rate": 8000,
                    "min_freq": 50.0,
                    "max_freq": 3000.0,
                    "power_to_db": False,
                    "mag_exp": 3.0,
                },
                SIGNAL,
            ),
            Call(
                {
                    "fft_length": 16,
                    "sequence_stride": 9,
                    "num_mel_bins": 4,
                    "top_db": 10.0,
                    "min_power": 1e-3,
                    "ref_power": 2.0,
                    "window": None,
                },
                SIGNAL,
            ),
        ],
        examples=3,
        float32=1e-4,
        float64=1e-4,  # Keras's matrix is of float32
        empty=False,
    ),
    "STFTSpectrogram": Case(
        [
            Call({**STFT}, CHANNELS),
            Call({**STFT, "mode": "stft", "frame_step": 3, "padding": "same"}, CHANNELS),
            Call({**STFT, "mode": "psd", "fft_length": 16, "window": "hamming"}, CHANNELS),
            Call({**STFT, "mode": "magnitude", "periodic": True, "expand_dims": True}, CHANNELS),
            Call({**STFT, "mode": "real", "scaling": "spectrum"}, CHANNELS),
            Call({**STFT, "mode": "imag", "scaling": None}, CHANNELS),
            Call({**STFT, "mode": "angle", "data_format": "channels_first"}, Array((2, 2, 40))),
        ],
        examples=4,
        float32=1e-4,
    ),
    "ReversibleEmbedding": Case(
        [
            Call({"input_dim": 7, "output_dim": 3}, Array((2, 5), "int32", 0, 7)),
            Call(
                {"input_dim": 7, "output_dim": 3, "mask_zero": True}, Array((2, 5), "int32", 0, 7)
            ),
            Call(
                {
                    "input_dim": 7,
                    "output_dim": 3,
                    "tie_weights": False,
                    "logit_soft_cap": 2.0,
                },
                Array((2, 5, 3)),
                {"reverse": True},
            ),
        ],
        examples=3,
        also=[
            Call(
                {"input_dim": 7, "output_dim": 3, "reverse_dtype": "float64"},
                Array((2, 5, 3)),
                {"reverse": True},
            )
        ],
    ),
}
