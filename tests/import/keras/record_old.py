#!/usr/bin/env python3
"""Records models of Keras 1 and their answers, as record.py does of later ones: recorded/old.zip and recorded/old_sequence.zip.

usage: record_old.py          with a Python 3.7 that has keras 1.2.2, theano 1.0.5, h5py 2, numpy 1.18 and tensorflow 1.15, KERAS_BACKEND
                              set to theano or tensorflow; each records what it can compute

Theano mirrors the filters of convolutions, which the file does not say, so models of convolutions are TensorFlow's.
"""
import os
import pathlib
import shutil
import tempfile
import warnings
import zipfile

warnings.filterwarnings("ignore")
import h5py
import numpy as np
from keras import backend
from keras import layers as L
from keras.models import Model, Sequential

HERE = pathlib.Path(__file__).resolve().parent


def pictures():
    model = Sequential()
    model.add(L.Convolution2D(4, 3, 2, border_mode="same", activation="relu", input_shape=(7, 6, 3), dim_ordering="tf"))
    model.add(L.BatchNormalization(axis=-1))
    model.add(L.MaxPooling2D((2, 2), dim_ordering="tf"))
    model.add(L.ZeroPadding2D((1, 2), dim_ordering="tf"))
    model.add(L.Convolution2D(3, 2, 2, subsample=(2, 1), bias=False, dim_ordering="tf"))
    model.add(L.LeakyReLU(0.2))
    model.add(L.UpSampling2D((2, 2), dim_ordering="tf"))
    model.add(L.Flatten())
    model.add(L.Dropout(0.3))
    model.add(L.Dense(5, activation="softmax"))
    return model


def sequences():
    x = L.Input((6, 3), name="x")
    y = L.Convolution1D(4, 3, border_mode="same")(x)
    outputs = [L.GlobalMaxPooling1D(name="pooled")(y), L.MaxPooling1D(2, name="max")(y)]
    return Model(x, outputs)


def parts():
    x, z = L.Input((6, 3), name="x"), L.Input((4,), name="z")
    outputs = [L.LSTM(4, name="lstm")(x), L.GRU(4, return_sequences=True, name="gru")(x), L.SimpleRNN(4, name="simple")(x),
               L.Bidirectional(L.LSTM(3), name="both")(x), L.TimeDistributed(L.Dense(2), name="distributed")(x),
               L.merge([L.LSTM(4, inner_activation="sigmoid", name="smooth")(x), z], mode="sum", name="sum"),
               L.merge([L.Dense(3, bias=False, name="d")(z), z], mode="concat", name="joined"),
               L.merge([z, L.Dense(4, activation="hard_sigmoid", name="e")(z)], mode="mul", name="product")]
    return Model([x, z], outputs)


CASES = {"tensorflow": {"old": pictures, "old_convolution": sequences}, "theano": {"old_sequence": parts}}


def main():
    for name, build in CASES[backend.backend()].items():
        rng = np.random.RandomState(7)
        model = build()
        model.set_weights([rng.uniform(0.3, 1.2, w.shape) if "std" in str(v) or "var" in str(v) else rng.normal(0, 0.5, w.shape)
                           for v, w in zip(model.weights, model.get_weights())])
        inputs = model.inputs if isinstance(model.inputs, list) else [model.inputs]
        names = [layer.name for layer in model.input_layers] if hasattr(model, "input_layers") else [model.layers[0].name + "_input"]
        values = {n: rng.normal(0, 1, [2] + [int(d) for d in backend.int_shape(t)[1:]]).astype("float32") for n, t in zip(names, inputs)}
        if isinstance(model, Sequential):
            values = {model.layers[0].name + "_input": list(values.values())[0]}
        outputs = model.predict(list(values.values()))
        outputs = outputs if isinstance(outputs, list) else [outputs]
        ends = [model.layers[-1].name] if isinstance(model, Sequential) else [layer.name for layer in model.output_layers]
        folder = pathlib.Path(tempfile.mkdtemp())
        model.save(str(folder / "keras1.h5"))
        with h5py.File(str(folder / "keras1.answers.h5"), "w") as file:
            for n, v in values.items():
                file.create_dataset("inputs/" + n, data=v)
            for n, v in zip(ends, outputs):
                file.create_dataset("outputs/" + n, data=v)
        with zipfile.ZipFile(str(HERE / "recorded" / (name + ".zip")), "w") as out:
            for path in sorted(folder.iterdir()):
                out.writestr(zipfile.ZipInfo(path.name), path.read_bytes(), zipfile.ZIP_DEFLATED)
        print(name, ends)
        shutil.rmtree(str(folder))


if __name__ == "__main__":
    main()
