"""Cases of the ops in `minikeras/ops/fft.py`."""

from op_cases import Cases

CASES = Cases()

CASES.add("fft", lambda r: ((r.real(r.batch, 6), r.real(r.batch, 6)),), rtol32=1e-4)
CASES.add("fft2 ifft2", lambda r: ((r.real(r.batch, 3, 4), r.real(r.batch, 3, 4)),), rtol32=1e-4)
CASES.add("rfft", lambda r: (r.real(r.batch, 6), r.one_of(None, 4, 7, 8)), rtol32=1e-4)
CASES.add(
    "irfft",
    lambda r: ((r.real(r.batch, 5), r.real(r.batch, 5)), r.one_of(None, 7, 6, 10)),
    rtol32=1e-4,
)
CASES.add("extract_sequences", lambda r: (r.real(r.batch, 9), 4, r.one_of(2, 3)))
CASES.add(
    "stft",
    lambda r: (
        (r.real(r.batch, 20), 8, 4, r.one_of(8, 10)),
        {"window": r.one_of("hann", "hamming", None), "center": r.one_of(True, False)},
    ),
    rtol32=1e-3,
)
CASES.add(
    "istft",
    lambda r: (
        ((r.real(r.batch, 6, 5), r.real(r.batch, 6, 5)), 8, 4, 8),
        {"window": r.one_of("hann", "hamming"), "center": True, "length": r.one_of(None, 18)},
    ),
    rtol32=1e-3,
)
