"""`keras.preprocessing.text` of Keras 2; expected values are Keras 2.15's."""

import json

import numpy as np
import pytest

from minikeras.compat.keras2.preprocessing.text import (
    Tokenizer,
    hashing_trick,
    one_hot,
    text_to_word_sequence,
    tokenizer_from_json,
)

pytestmark = pytest.mark.filterwarnings("ignore::minikeras.compat.spelling.OldSpelling")

TEXTS = [
    "The cat sat on the mat.",
    "The dog, the dog! And the CAT?",
    "a\tb\nc -- don't",
    "",
    ["List", "of", "The", "words"],
]


def fitted(texts=TEXTS, **kwargs):
    tokenizer = Tokenizer(**kwargs)
    tokenizer.fit_on_texts(texts)
    return tokenizer


def test_words():
    assert text_to_word_sequence(TEXTS[1]) == ["the", "dog", "the", "dog", "and", "the", "cat"]
    assert text_to_word_sequence("Ab!go", filters="!", lower=False, split="g") == ["Ab", "o"]


def test_hashes():
    assert hashing_trick(TEXTS[1], 50, "md5") == [43, 2, 43, 2, 14, 43, 32]
    assert hashing_trick(TEXTS[1], 50, len) == [4] * 7
    assert hashing_trick("a b", 50, ord, analyzer=list) == [49, 33, 1]
    numbers = one_hot(TEXTS[1], 10)
    assert numbers[0] == numbers[2] and all(1 <= n < 10 for n in numbers)


def test_the_most_frequent_words_come_first():
    tokenizer = fitted()
    ranked = [
        "the",
        "cat",
        "dog",
        "sat",
        "on",
        "mat",
        "and",
        "a",
        "b",
        "c",
        "don't",
        "list",
        "of",
        "words",
    ]
    assert tokenizer.word_index == {word: i for i, word in enumerate(ranked, 1)}
    assert tokenizer.index_word[3] == "dog"
    assert tokenizer.word_counts["the"] == 6 and tokenizer.word_docs["the"] == 3
    assert tokenizer.index_docs[3] == 1 and tokenizer.document_count == 5


def test_sequences_and_back():
    query = ["the unknown dog sat", ["The", "CAT"]]
    tokenizer = fitted()
    assert tokenizer.texts_to_sequences(query) == [[1, 3, 4], [1, 2]]
    assert tokenizer.sequences_to_texts([[1, 3, 4], [0, 99, 2]]) == ["the dog sat", "cat"]
    few = fitted(num_words=4)
    assert few.texts_to_sequences(query) == [[1, 3], [1, 2]]
    assert few.sequences_to_texts([[1, 3, 4]]) == ["the dog"]
    marked = fitted(num_words=4, oov_token="<OOV>")
    assert marked.word_index["<OOV>"] == 1
    assert marked.texts_to_sequences(query) == [[2, 1, 1, 1], [2, 3]]
    assert marked.sequences_to_texts([[2, 5, 3]]) == ["the <OOV> cat"]
    assert list(marked.texts_to_sequences_generator(iter(query))) == [[2, 1, 1, 1], [2, 3]]


def test_characters_and_other_splitting():
    characters = fitted(["Aab", "ba"], char_level=True)
    assert characters.word_index == {"a": 1, "b": 2}
    assert characters.texts_to_sequences(["BAD"]) == [[2, 1]]
    assert fitted(["a B", "B"], lower=False).word_index == {"B": 1, "a": 2}
    assert fitted(["a-b c"], split="-", filters="").word_index == {"a": 1, "b c": 2}
    assert fitted(["x1y"], analyzer=lambda t: t.split("1")).word_index == {"x": 1, "y": 2}
    assert fitted(nb_words=3).num_words == 3


def test_matrices():
    tokenizer = fitted(num_words=4)
    texts = ["the cat the", "", "dog mat"]
    expected = {
        "binary": [[0, 1, 1, 0], [0] * 4, [0, 0, 0, 1]],
        "count": [[0, 2, 1, 0], [0] * 4, [0, 0, 0, 1]],
        "freq": [[0, 2 / 3, 1 / 3, 0], [0] * 4, [0, 0, 0, 1]],
        "tfidf": [
            [0, (1 + np.log(2)) * np.log(1 + 5 / 4), np.log(1 + 5 / 3), 0],
            [0] * 4,
            [0, 0, 0, np.log(1 + 5 / 2)],
        ],
    }
    for mode, rows in expected.items():
        np.testing.assert_allclose(tokenizer.texts_to_matrix(texts, mode), rows, rtol=1e-12)
    counts = Tokenizer(num_words=6)
    counts.fit_on_sequences([[1, 2, 2], [3], [9]])
    row = counts.sequences_to_matrix([[1, 2, 2, 7]], "tfidf")[0]
    rare = np.log(1 + 3 / 2)
    np.testing.assert_allclose(row, [0, rare, (1 + np.log(2)) * rare, 0, 0, 0])


def test_json_goes_there_and_back():
    tokenizer = fitted(num_words=9, oov_token="?")
    config = json.loads(tokenizer.to_json(indent=1))
    assert config["class_name"] == "Tokenizer"
    assert json.loads(config["config"]["index_word"])["2"] == "the"
    again = tokenizer_from_json(tokenizer.to_json())
    assert again.texts_to_sequences(TEXTS) == tokenizer.texts_to_sequences(TEXTS)
    np.testing.assert_array_equal(
        again.texts_to_matrix(TEXTS, "tfidf"), tokenizer.texts_to_matrix(TEXTS, "tfidf")
    )
    again.fit_on_texts(["new words"])
    assert again.word_index["new"] == 16 and again.document_count == 6


def test_json_of_keras():
    text = (
        '{"class_name": "Tokenizer", "config": {"num_words": null, "filters": ".", "lower": true, '
        '"split": " ", "char_level": false, "oov_token": null, "document_count": 1, '
        r'"word_counts": "{\"a\": 2, \"b\": 1}", "word_docs": "{\"b\": 1, \"a\": 1}", '
        r'"index_docs": "{\"2\": 1, \"1\": 1}", "index_word": "{\"1\": \"a\", \"2\": \"b\"}", '
        r'"word_index": "{\"a\": 1, \"b\": 2}"}}'
    )
    assert tokenizer_from_json(text).texts_to_sequences(["B a."]) == [[2, 1]]


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: Tokenizer().texts_to_matrix(["a"]), "call `fit_on_texts` first"),
        (lambda: Tokenizer(num_words=3).texts_to_matrix(["a"], "tfidf"), "needs `fit_on_texts`"),
        (lambda: fitted().texts_to_matrix(["a"], "tf"), "`mode` must be one of"),
    ],
)
def test_what_does_not_fit_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()
    with pytest.raises(TypeError, match=r"unknown arguments \['words'\]"):
        Tokenizer(words=3)
