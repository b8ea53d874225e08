#!/usr/bin/env python3
"""Makes the small models under tests/import/models with TensorFlow 2.21, and records what TensorFlow answers.

usage: make_models.py OUT

OUT/answers.json is of the form that tests/golden/README.md describes; a case's name is the model's path, then `?` and options: outputs=a,b signature=s tags=t.
"""
import base64
import json
import os
import pathlib
import shutil
import sys

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saver_pb2

v1 = tf.compat.v1
OUT = pathlib.Path(sys.argv[1])
CASES = []


def encode(array):
    array = np.asarray(array)
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": base64.b64encode(array.tobytes()).decode()}


def record(name, inputs, outputs):
    CASES.append({"name": name, "graph": "", "ops": [], "inputs": {k: encode(v) for k, v in inputs.items()}, "outputs": {k: encode(v) for k, v in outputs.items()},
                  "atol": 1e-6, "rtol": 1e-5})


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def of_signature(path, inputs, signature="serving_default", option=""):
    """Records a signature's answers, as TensorFlow gives them of what was saved."""
    loaded = tf.saved_model.load(str(OUT / path))
    outputs = loaded.signatures[signature](**{k: tf.constant(v) for k, v in inputs.items()})
    record(path + option, inputs, {k: v.numpy() for k, v in outputs.items()})


class SameNames(tf.Module):
    """Two variables of one name, a gather of a third, and two signatures."""

    def __init__(self):
        super().__init__()
        self.w = tf.Variable(numbers(3, 4, seed=1), name="v")
        self.b = tf.Variable(numbers(4, seed=2), name="v")
        self.table = tf.Variable(numbers(5, 3, seed=3), name="table")

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def dense(self, x):
        return {"y": tf.matmul(x, self.w) + self.b}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32, name="ids")])
    def embed(self, ids):
        rows = tf.gather(self.table, ids)
        return {"z": tf.matmul(rows, self.w), "rows": rows, "size": tf.shape(self.table)}


class Flow(tf.Module):
    """Variables inside functions of branches and loops."""

    def __init__(self):
        super().__init__()
        self.w = tf.Variable(numbers(3, 3, seed=4) / 4, name="w")
        self.u = tf.Variable(numbers(3, seed=5), name="u")

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def call(self, x):
        def step(i, value):
            return i + 1, tf.nn.tanh(tf.matmul(value, self.w)) + self.u
        _, looped = tf.while_loop(lambda i, _: i < 4, step, [0, x])
        chosen = tf.cond(tf.reduce_sum(x) > 0, lambda: looped + self.u, lambda: tf.matmul(looped, self.w))
        return {"looped": looped, "chosen": chosen}


def tf2_models():
    tf.random.set_seed(1)
    module = SameNames()
    tf.saved_model.save(module, str(OUT / "same_names"), signatures={"serving_default": module.dense, "embed": module.embed})
    of_signature("same_names", {"x": numbers(2, 3, seed=6)})
    of_signature("same_names", {"ids": np.array([4, 0, 2], np.int32)}, "embed", "?signature=embed")
    module = Flow()
    tf.saved_model.save(module, str(OUT / "flow"), signatures=module.call)
    of_signature("flow", {"x": np.abs(numbers(2, 3, seed=7))})
    model = tf.keras.Sequential([
        tf.keras.layers.Input((8, 8, 3)), tf.keras.layers.Conv2D(4, 3, activation="relu"), tf.keras.layers.BatchNormalization(), tf.keras.layers.Dropout(0.5),
        tf.keras.layers.GlobalAveragePooling2D(), tf.keras.layers.Dense(3, activation="softmax")])
    for i, weight in enumerate(model.weights):
        if weight.dtype == "float32":
            weight.assign(np.abs(numbers(*weight.shape, seed=20 + i)) + 0.1)
    model.export(str(OUT / "keras_cnn"), verbose=False)
    loaded = tf.saved_model.load(str(OUT / "keras_cnn"))
    inputs = {list(loaded.signatures["serving_default"].structured_input_signature[1])[0]: numbers(2, 8, 8, 3, seed=8)}
    of_signature("keras_cnn", inputs)


def conditional(x, w, v):
    """A branch and a loop of TensorFlow 1 that use variables."""
    branch = v1.cond(tf.reduce_sum(x) > 0, lambda: tf.matmul(x, w) + v, lambda: tf.matmul(x, w) - v)
    _, looped = v1.while_loop(lambda i, _: i < 3, lambda i, y: (i + 1, tf.tanh(y) * v), [tf.constant(0), branch])
    return tf.identity(branch, name="branch"), tf.identity(looped, name="looped")


def tf1_saved_model(name, use_resource):
    v1.disable_control_flow_v2()
    path = OUT / name
    builder = v1.saved_model.Builder(str(path))
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 3], name="input")
        with v1.variable_scope("scope", use_resource=use_resource):
            w = v1.get_variable("w", initializer=numbers(3, 3, seed=9))
            v = v1.get_variable("v", initializer=numbers(3, seed=10))
        branch, looped = conditional(x, w, v)
        session.run(v1.global_variables_initializer())
        signature = v1.saved_model.predict_signature_def({"x": x}, {"branch": branch, "looped": looped})
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        feeds = numbers(2, 3, seed=11)
        values = session.run([branch, looped], {x: feeds})
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 3], name="input")
        with v1.variable_scope("scope", use_resource=use_resource):
            w = v1.get_variable("w", initializer=np.zeros((3, 3), np.float32))
            v = v1.get_variable("v", initializer=np.zeros(3, np.float32))
        doubled = tf.multiply(tf.matmul(x, w), 2.0, name="doubled")
        builder.add_meta_graph(["gpu", "serve"], {"serving_default": v1.saved_model.predict_signature_def({"x": x}, {"doubled": doubled})})
    builder.save()
    record(name, {"x": feeds}, {"branch": values[0], "looped": values[1]})
    record(name + "?tags=serve,gpu", {"x": feeds}, {"doubled": 2 * feeds @ numbers(3, 3, seed=9)})


def checkpoints():
    """A graph for training that takes its input from a queue, with partitioned variables, saved in shards and in the first format."""
    for folder in ("sharded", "first_format"):
        (OUT / folder).mkdir()
    with tf.Graph().as_default(), v1.Session(config=v1.ConfigProto(device_count={"CPU": 2})) as session:
        queue = v1.FIFOQueue(10, [tf.float32, tf.int32], [[4], []], name="queue")
        x, label = queue.dequeue_many(2, name="batch")
        with v1.variable_scope("layer", use_resource=False):
            with tf.device("/cpu:1"):
                w = v1.get_variable("w", [4, 6], initializer=v1.glorot_uniform_initializer(seed=1), partitioner=v1.fixed_size_partitioner(3, axis=0))
            b = v1.get_variable("b", initializer=numbers(6, seed=12))
        kernel = tf.convert_to_tensor(w)
        logits = tf.add(tf.matmul(x, kernel), b, name="logits")
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=label, logits=logits))
        v1.train.MomentumOptimizer(0.1, 0.9).minimize(loss, global_step=v1.train.get_or_create_global_step())
        sharded = v1.train.Saver(sharded=True)
        first = v1.train.Saver(write_version=saver_pb2.SaverDef.V1, name="first")
        session.run(v1.global_variables_initializer())
        feeds = numbers(2, 4, seed=13)
        answer = session.run(logits, {x: feeds})
        sharded.save(session, str(OUT / "sharded" / "model"), write_state=False)
        first.save(session, str(OUT / "first_format" / "model"), latest_filename="checkpoint")
    for name in ("sharded/model.meta", "first_format"):
        record(name + "?outputs=logits", {"batch": feeds}, {"logits": answer})


def dropped(x, how):
    """Dropout as the versions of TensorFlow write it."""
    keep = tf.constant(0.6)
    if how == "floor":
        return (x / keep) * tf.floor(keep + tf.random.uniform(tf.shape(x), seed=1))
    if how == "cast":
        return (x * (1 / keep)) * tf.cast(tf.random.uniform(tf.shape(x), seed=1) >= 0.4, tf.float32)
    return v1.nn.dropout(x, rate=0.4, seed=1)


def network(x, use_resource, training):
    """Convolution, normalisation and dropout in their forms for training, or what is left of them when the model serves."""
    updates = []
    with v1.variable_scope("net", use_resource=use_resource):
        kernel = v1.get_variable("kernel", initializer=numbers(3, 3, 2, 4, seed=30))
        x = tf.nn.conv2d(x, kernel, 1, "SAME")
        for name in ("a", "b", "c"):
            scale, offset, mean, variance = (v1.get_variable(f"{name}/{part}", initializer=np.abs(numbers(4, seed=31 + i)) + 0.2, trainable=i < 2)
                                             for i, part in enumerate(("gamma", "beta", "moving_mean", "moving_variance")))
            if training:
                x, batch_mean, batch_variance = v1.nn.fused_batch_norm(x, scale, offset, is_training=True)
                updates += [v1.assign_sub(v, (v - b) * 0.01) for v, b in ((mean, batch_mean), (variance, batch_variance))]
                x = dropped(tf.nn.relu(x), {"a": "floor", "b": "cast", "c": "select"}[name])
            else:
                x = tf.nn.relu(v1.nn.fused_batch_norm(x, scale, offset, mean, variance, is_training=False)[0])
    return tf.identity(tf.reduce_mean(x, [1, 2]), name="answer"), updates


def training_models():
    for name, use_resource in (("training_refs", False), ("training_resources", True)):
        feeds = numbers(2, 5, 5, 2, seed=40)
        with tf.Graph().as_default(), v1.Session() as session:
            x = v1.placeholder(tf.float32, [None, 5, 5, 2], name="picture")
            answer, updates = network(x, use_resource, training=True)
            with tf.control_dependencies(updates):
                v1.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(answer))
            saver = v1.train.Saver()
            session.run(v1.global_variables_initializer())
            saver.save(session, str(OUT / name / "model"), write_state=False)
        with tf.Graph().as_default(), v1.Session() as session:
            x = v1.placeholder(tf.float32, [None, 5, 5, 2], name="picture")
            answer, _ = network(x, use_resource, training=False)
            v1.train.Saver().restore(session, str(OUT / name / "model"))
            record(name + "?outputs=answer", {"picture": feeds}, {"answer": session.run(answer, {x: feeds})})


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    tf2_models()
    tf1_saved_model("tf1_refs", use_resource=False)
    tf1_saved_model("tf1_resources", use_resource=True)
    checkpoints()
    training_models()
    for path in OUT.rglob("fingerprint.pb"):
        path.unlink()
    for path in list(OUT.rglob("assets")):
        path.rmdir()
    (OUT / "first_format" / "checkpoint").write_text('model_checkpoint_path: "/where/it/was/trained/model"\n')
    lines = ",\n".join(json.dumps(case) for case in CASES)
    (OUT / "answers.json").write_text(f'{{"op": "model", "tensorflow": "{tf.__version__}", "cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
