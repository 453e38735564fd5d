"""Skip-grams with negative sampling, as TensorFlow's word2vec tutorial has them."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

SEED = 42
AUTOTUNE = tf.data.AUTOTUNE
tf.random.set_seed(SEED)
rng = np.random.RandomState(SEED)

GROUPS = [["cat", "dog", "cow", "pig"], ["red", "blue", "green", "pink"], ["one", "two", "six", "ten"]]
sentences = [" ".join(rng.choice(GROUPS[rng.randint(3)], 6)) for _ in range(300)]

vocab, index = {"<pad>": 0}, 1
for sentence in sentences:
    for token in sentence.lower().split():
        if token not in vocab:
            vocab[token] = index
            index += 1
inverse_vocab = {index: token for token, index in vocab.items()}
vocab_size, num_ns, window_size = len(vocab), 4, 2
sequences = [[vocab[word] for word in sentence.lower().split()] for sentence in sentences]


def generate_training_data(sequences, window_size, num_ns, vocab_size, seed):
    targets, contexts, labels = [], [], []
    for sequence in sequences[:120]:
        for i, target_word in enumerate(sequence):
            for j in range(max(0, i - window_size), min(len(sequence), i + window_size + 1)):
                if i == j:
                    continue
                context_class = tf.expand_dims(tf.constant([sequence[j]], dtype="int64"), 1)
                negative, _, _ = tf.random.log_uniform_candidate_sampler(
                    true_classes=context_class,
                    num_true=1,
                    num_sampled=num_ns,
                    unique=True,
                    range_max=vocab_size,
                    seed=seed + len(targets),
                    name="negative_sampling",
                )
                context = tf.concat([tf.squeeze(context_class, 1), negative], 0)
                label = tf.constant([1] + [0] * num_ns, dtype="int64")
                targets.append(target_word)
                contexts.append(context)
                labels.append(label)
    return targets, contexts, labels


targets, contexts, labels = generate_training_data(sequences, window_size, num_ns, vocab_size, SEED)
targets, contexts, labels = np.array(targets), np.array(contexts), np.array(labels)
print(f"targets.shape: {targets.shape}, contexts.shape: {contexts.shape}, labels.shape: {labels.shape}")
dataset = tf.data.Dataset.from_tensor_slices(((targets, contexts), labels))
dataset = dataset.shuffle(10000).batch(64, drop_remainder=True).cache().prefetch(AUTOTUNE)


class Word2Vec(tf.keras.Model):
    def __init__(self, vocab_size, embedding_dim):
        super(Word2Vec, self).__init__()
        self.target_embedding = layers.Embedding(vocab_size, embedding_dim, name="w2v_embedding")
        self.context_embedding = layers.Embedding(vocab_size, embedding_dim)

    def call(self, pair):
        target, context = pair
        if len(target.shape) == 2:
            target = tf.squeeze(target, axis=1)
        word_emb = self.target_embedding(target)
        context_emb = self.context_embedding(context)
        return tf.einsum("be,bce->bc", word_emb, context_emb)


word2vec = Word2Vec(vocab_size, 8)
word2vec.compile(
    optimizer=tf.keras.optimizers.Adam(0.02),
    loss=tf.keras.losses.CategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
history = word2vec.fit(dataset, epochs=12, verbose=0)
print("accuracy", history.history["accuracy"][0], "->", history.history["accuracy"][-1])
weights = tf.nn.l2_normalize(word2vec.get_layer("w2v_embedding").get_weights()[0], axis=1)
similar = tf.matmul(weights, weights, transpose_b=True)
together = 0
for group in GROUPS:
    for word in group:
        _, nearest = tf.math.top_k(similar[vocab[word]], k=2)
        other = inverse_vocab[int(nearest[1])]
        together += other in group
print("words whose nearest word is of their group:", together, "of 12")
assert together >= 10
