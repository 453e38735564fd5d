"""Words, tables and hashes of many texts, against Python's dicts and TensorFlow's numbers."""

import numpy as np
import pytest

from minikeras.kernels.hashing import buckets
from minikeras.kernels.texts import Table, ngrams_of, texts_of, words_of


def random_texts(n, most):
    rng = np.random.default_rng(0)
    return [bytes(rng.integers(97, 99, size).astype(np.uint8)) for size in rng.integers(0, most, n)]


def test_words_are_those_of_split():
    texts = [b"a bc", b"", b"  \t\n", b" x\x0by\x0cz\r ", b"\xc2\xa0\x1c\x00", b"end"]
    words, counts = words_of(texts)
    wanted = [t.split() for t in texts]
    assert counts.tolist() == [len(w) for w in wanted]
    assert words.sizes.tolist() == [len(w) for row in wanted for w in row]
    flat = [w for row in wanted for w in row]
    assert Table(flat, range(len(flat))).numbers(words, -1).tolist() == list(range(len(flat)))
    assert [len(x.sizes) for x in words_of([])[:1]] == [0]


@pytest.mark.parametrize("known", [0, 1, 3000])
def test_tables_are_dicts(known):
    texts = list(dict.fromkeys(random_texts(30_000, 30)))
    numbers = dict(zip(texts[:known], range(7, 7 + known)))
    table = Table(list(numbers), list(numbers.values()))
    wanted = [numbers.get(t, -1) for t in texts]
    assert table.numbers(texts_of(texts), -1).tolist() == wanted
    assert table.numbers(texts_of(np.array(texts)), -1).tolist() == wanted


def test_equal_hashes_are_no_proof(monkeypatch):
    from minikeras.kernels import texts as module

    true = module._hashes

    def alike(*arguments):
        hashes, first = true(*arguments)
        return hashes & np.uint64(3 << 62), first

    monkeypatch.setattr(module, "_hashes", alike)
    texts = list(dict.fromkeys(random_texts(300, 40)))
    table = Table(texts[:150], range(150))
    wanted = [*range(150), *[-1] * (len(texts) - 150)]
    assert table.numbers(texts_of(texts), -1).tolist() == wanted


# From TensorFlow 2.15: tf.strings.to_hash_bucket_fast and to_hash_bucket_strong with the key (1, 2), of
# 2^63 - 1 buckets.
# fmt: off
WANTED = {
    b'': (1936946117179621456, 443797209252341628),
    b'a': (3694432073954588132, 5158252350249958646),
    b'ab': (3066228220894225695, 9219471107255029106),
    b'abc': (2640714258260161385, 5862226954915230110),
    b'abcd': (1897425971756105985, 8889024970603298004),
    b'hello': (3786372426573024489, 2957200328589801622),
    b'hello wor': (568376189322566502, 4747976962177366451),
    b'hello world!': (4577883861590986596, 4134433662751500284),
    b'0123456789abcdef': (6105018409752412263, 2696401170605352037),
    b'0123456789abcdefg': (2800675501336285771, 2289318929677843346),
    b'x' * 31: (5265493245336272416, 4258031775828252694),
    b'y' * 32: (6963001497674513743, 5414293446010322427),
    b'z' * 33: (6594686257597725552, 1384389142664038360),
    b'the quick brown fox jumps over the lazy dog': (3200379034145657812, 1922187928643153481),
    b'q' * 63: (2530101068778109086, 8270598753816428010),
    b'w' * 64: (4555407945498560506, 961158343003684371),
    b'e' * 65: (8492481647093572336, 2493106731665117993),
    b'r' * 127: (6754042871698137064, 5300884918536762655),
    b't' * 128: (5810857504116967420, 1850710126822426541),
    b'u' * 129: (5798157103178313525, 3733714009906187325),
    b'i' * 200: (696062702351028761, 1694561150137191836),
    b'gr\xc3\xbc\xc3\x9fe': (5804066709786629872, 7931210599322685670),
    b'\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e': (6457860189211899976, 1091377360618762286),
    b'p' * 1000: (3749144587158171577, 2354045361854637264),
}
# fmt: on


def test_hashes_are_those_of_tensorflow():
    n = 2**63 - 1
    assert buckets(list(WANTED), n).tolist() == [fast for fast, _ in WANTED.values()]
    assert buckets(list(WANTED), n, (1, 2)).tolist() == [strong for _, strong in WANTED.values()]
    array = np.array(list(WANTED))
    assert buckets(array, n).tolist() == [fast for fast, _ in WANTED.values()]
    many = buckets(array.repeat(2000), n).reshape(-1, 2000)  # more than are hashed at once
    assert (many == buckets(array, n)[:, None]).all()
    assert buckets([], 3).size == buckets([], 3, (1, 2)).size == 0


@pytest.mark.parametrize("widths", [(1, 2), (3,), (2, 1)])
def test_ngrams_are_joined_by_one_space_whatever_parts_their_words(widths):
    parts = [b"a", b"bcdefghijkl", b"x", b" ", b"  ", b"\t", b"\n"]
    drawn = np.random.default_rng(0).choice(len(parts), (200, 8))
    texts = [b"".join([parts[i] for i in row]) for row in drawn] + [b"", b" "]
    for some in (texts, [b" ".join(t.split()) for t in texts], [b" "], []):
        found, counts = ngrams_of(*words_of(some), widths)
        rows = []
        for words in [t.split() for t in some]:
            wide = [zip(*[words[i:] for i in range(n)]) for n in widths]
            rows.append([b" ".join(ngram) for same in wide for ngram in same])
        ends = (found.starts + found.sizes).tolist()
        seen = [found.buffer[i:j] for i, j in zip(found.starts.tolist(), ends)]
        assert seen == [ngram for row in rows for ngram in row]
        assert counts.tolist() == [len(row) for row in rows]
