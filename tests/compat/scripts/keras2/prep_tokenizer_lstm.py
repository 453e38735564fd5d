"""Sentiment of texts: Tokenizer, pad_sequences, Embedding, LSTM."""

import numpy as np

from keras.layers import LSTM, Dense, Embedding, SpatialDropout1D
from keras.models import Sequential
from keras.preprocessing.sequence import pad_sequences
from keras.preprocessing.text import (
    Tokenizer,
    one_hot,
    text_to_word_sequence,
    tokenizer_from_json,
)
from keras.utils.np_utils import to_categorical

np.random.seed(7)
good = "wonderful great lovely superb brilliant".split()
bad = "awful terrible boring poor dreadful".split()
things = "film plot cast music story ending".split()
texts, labels = [], []
for _ in range(300):
    label = np.random.randint(2)
    word = np.random.choice(good if label else bad)
    texts.append("The %s was %s, I think!" % (np.random.choice(things), word))
    labels.append(label)

max_features = 100
tokenizer = Tokenizer(num_words=max_features, split=" ")
tokenizer.fit_on_texts(texts)
print(tokenizer.word_index)
assert tokenizer.document_count == 300
assert text_to_word_sequence(texts[0])[0] == "the"
X = tokenizer.texts_to_sequences(texts)
X = pad_sequences(X, maxlen=10)
Y = to_categorical(labels)

model = Sequential()
model.add(Embedding(max_features, 16, input_length=X.shape[1]))
model.add(SpatialDropout1D(0.1))
model.add(LSTM(16, dropout=0.1, recurrent_dropout=0.0))
model.add(Dense(2, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(X[:240], Y[:240], epochs=12, batch_size=16, verbose=2)
score, acc = model.evaluate(X[240:], Y[240:], verbose=2, batch_size=16)
print("score: %.2f" % score)
print("acc: %.2f" % acc)
assert acc > 0.9

# The tokenizer goes along with the model.
again = tokenizer_from_json(tokenizer.to_json())
new = pad_sequences(again.texts_to_sequences(["The music was lovely, I think."]), maxlen=10)
assert model.predict(new).argmax() == 1

# Bags of words.
matrix = tokenizer.texts_to_matrix(texts, mode="tfidf")
model = Sequential([Dense(2, activation="softmax", input_shape=(max_features,))])
model.compile("rmsprop", "categorical_crossentropy", ["acc"])
history = model.fit(matrix, Y, epochs=5, validation_split=0.2, verbose=0)
assert history.history["val_acc"][-1] > 0.6

# Hashed words, as in "How to Use Word Embedding Layers for Deep Learning with Keras".
docs = ["Well done!", "Good work", "Great effort", "nice work", "Weak", "Poor effort!", "not good"]
encoded_docs = [one_hot(d, 50) for d in docs]
assert pad_sequences(encoded_docs, maxlen=4, padding="post").shape == (7, 4)
