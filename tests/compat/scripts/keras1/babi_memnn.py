'''Questions about short stories with a memory network, in the manner of 2015: Merge of Merges.'''
from __future__ import print_function
import numpy as np
np.random.seed(5)

from keras.models import Sequential
from keras.layers.embeddings import Embedding
from keras.layers.core import Activation, Dense, Merge, Permute, Dropout
from keras.layers.recurrent import LSTM
from keras.preprocessing.sequence import pad_sequences

names, places = ['mary', 'john'], ['garden', 'kitchen', 'office']
vocab = sorted(names + places + ['went', 'where', 'is'])
word_idx = dict((w, i + 1) for i, w in enumerate(vocab))
vocab_size = len(vocab) + 1

stories, queries, answers = [], [], []
for _ in range(500):
    at = dict((n, places[np.random.randint(3)]) for n in names)
    story = [w for n in np.random.permutation(names) for w in (n, 'went', at[n])]
    who = names[np.random.randint(2)]
    stories.append([word_idx[w] for w in story])
    queries.append([word_idx[w] for w in ('where', 'is', who)])
    answers.append(np.eye(vocab_size)[word_idx[at[who]]])
story_maxlen, query_maxlen = 6, 3
inputs_train = pad_sequences(stories, maxlen=story_maxlen)
queries_train = pad_sequences(queries, maxlen=query_maxlen)
answers_train = np.array(answers)

input_encoder_m = Sequential()
input_encoder_m.add(Embedding(input_dim=vocab_size, output_dim=32, input_length=story_maxlen))
input_encoder_m.add(Dropout(0.1))
question_encoder = Sequential()
question_encoder.add(Embedding(input_dim=vocab_size, output_dim=32, input_length=query_maxlen))
question_encoder.add(Dropout(0.1))
match = Sequential()
match.add(Merge([input_encoder_m, question_encoder], mode='dot', dot_axes=[(2,), (2,)]))
match.add(Activation('softmax'))
input_encoder_c = Sequential()
input_encoder_c.add(Embedding(input_dim=vocab_size, output_dim=query_maxlen,
                              input_length=story_maxlen))
input_encoder_c.add(Dropout(0.1))
response = Sequential()
response.add(Merge([match, input_encoder_c], mode='sum'))
response.add(Permute((2, 1)))
answer = Sequential()
answer.add(Merge([response, question_encoder], mode='concat', concat_axis=-1))
answer.add(LSTM(32))
answer.add(Dense(vocab_size))
answer.add(Activation('softmax'))
answer.compile(optimizer='rmsprop', loss='categorical_crossentropy')

history = answer.fit([inputs_train, queries_train, inputs_train], answers_train, batch_size=32,
                     nb_epoch=25, show_accuracy=True, verbose=0)
print(history.history['loss'][-1], history.history['acc'][-1])
assert answer.input_shape == [(None, 6), (None, 3), (None, 6)]
assert history.history['acc'][-1] > 0.6
