"""Word2vec with skipgrams and a model of two inputs."""

import random

import numpy as np

from keras.layers import Activation, Dot, Embedding, Input, Reshape
from keras.models import Model
from keras.optimizers import RMSprop
from keras.preprocessing.sequence import make_sampling_table, skipgrams
from keras.preprocessing.text import Tokenizer

random.seed(0)
np.random.seed(0)
animals = "cat dog bird fish".split()
tools = "saw drill hammer file".split()
corpus = []
for _ in range(150):
    group = random.choice([animals, tools])
    corpus.append(" ".join(random.choice(group) for _ in range(6)))

tokenizer = Tokenizer()
tokenizer.fit_on_texts(corpus)
V = len(tokenizer.word_index) + 1
dim = 8
table = make_sampling_table(V, sampling_factor=0.5)
assert table.shape == (V,)

w_inputs = Input(shape=(1,), dtype="int32")
w = Embedding(V, dim)(w_inputs)
c_inputs = Input(shape=(1,), dtype="int32")
c = Embedding(V, dim)(c_inputs)
o = Dot(axes=2)([w, c])
o = Reshape((1,), input_shape=(1, 1))(o)
o = Activation("sigmoid")(o)
SkipGram = Model(inputs=[w_inputs, c_inputs], outputs=o)
SkipGram.compile(loss="binary_crossentropy", optimizer=RMSprop(lr=0.01))

losses = []
for _ in range(2):
    loss = 0.0
    for doc in tokenizer.texts_to_sequences(corpus):
        data, labels = skipgrams(
            sequence=doc, vocabulary_size=V, window_size=5, negative_samples=2.0
        )
        x = [np.array(x) for x in zip(*data)]
        y = np.array(labels, dtype=np.int32)
        if x:
            loss += SkipGram.train_on_batch(x, y)
    losses.append(loss)
    print(loss)
assert losses[-1] < losses[0] * 0.95

vectors = SkipGram.get_weights()[0]
contexts = SkipGram.get_weights()[1]
near = vectors @ contexts.T
index = tokenizer.word_index
inside = near[index["cat"], [index[w] for w in animals]].mean()
across = near[index["cat"], [index[w] for w in tools]].mean()
print(inside, across)
assert inside > across + 1
