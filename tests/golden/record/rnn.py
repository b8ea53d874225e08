"""Recurrent networks: block cells, and cells of both Keras and TensorFlow 1 with frozen weights."""

import numpy as np

from case import LONG_SUM, Tolerance, case
from tf_api import session, tf

DEPTHS = Tolerance(400)  # errors of tanh and of the products pass through some steps


def lstm_inputs(b, batch=2, width=3, units=4):
    weights = [b.normal(width + units, 4 * units, scale=0.5)] + [b.normal(units, scale=0.3) for _ in range(3)]
    states = [b.input(b.normal(batch, units, scale=0.5), name=n) for n in ("cs_prev", "h_prev")]
    return states + weights + [b.normal(4 * units, scale=0.2)]


def block_cells():
    for peephole in [False, True]:
        for clip in [3.0, 0.25, -1.0]:
            flags = dict(use_peephole=peephole, cell_clip=clip)
            name = "clip_%g%s" % (clip, "_peephole" * peephole)
            make = lambda b, f=flags: list(
                b.LSTMBlockCell(b.input(b.normal(2, 3)), *lstm_inputs(b), forget_bias=0.5, **f)
            )
            case("LSTMBlockCell", name, make, LONG_SUM)
            for op in ["BlockLSTM", "BlockLSTMV2"]:
                for length in [5, 3, 0]:

                    def build(b, op=op, length=length, f=flags):
                        more = dict(f, forget_bias=0.5) if op == "BlockLSTM" else f
                        x = b.input(b.normal(5, 2, 3))
                        # The kernel leaves what lies beyond the length unwritten, save for the cell's state and output.
                        outputs = getattr(b, op)(np.int64(length), x, *lstm_inputs(b), **more)
                        return list(outputs) if length == 5 else [outputs[1], outputs[6]]

                    if length == 5 or clip == 3.0:
                        case(op, "%s_length_%d" % (name, length), build, DEPTHS)
    case(
        "LSTMBlockCell",
        "attributes_left_out",
        lambda b: list(b.LSTMBlockCell(b.input(b.normal(2, 3)), *lstm_inputs(b))),
        LONG_SUM,
        bare=True,
    )
    case(
        "BlockLSTM",
        "attributes_left_out",
        lambda b: list(b.BlockLSTM(np.int64(4), b.input(b.normal(4, 2, 3)), *lstm_inputs(b))),
        DEPTHS,
        bare=True,
    )
    case(
        "BlockLSTMV2",
        "attributes_left_out",
        lambda b: list(b.BlockLSTMV2(np.int64(4), b.input(b.normal(4, 2, 3)), *lstm_inputs(b))),
        DEPTHS,
        bare=True,
    )
    case(
        "BlockLSTM",
        "length_fed",
        lambda b: b.BlockLSTM(b.input(4, np.int64, name="length"), b.input(b.normal(4, 2, 3)), *lstm_inputs(b))[6],
        DEPTHS,
    )
    for batch in [1, 3]:

        def gru(b, batch=batch):
            state = b.input(b.normal(batch, 4), name="h_prev")
            return list(
                b.GRUBlockCell(
                    b.input(b.normal(batch, 3)), state, b.normal(7, 8), b.normal(7, 4), b.normal(8), b.normal(4)
                )
            )

        case("GRUBlockCell", "batch_%d" % batch, gru, LONG_SUM)


block_cells()


def frozen(b, build):
    """Gives the graph's variables random numbers and makes them constants; the case's graph becomes the frozen one."""
    weights = lambda shape, dtype=tf.float32, partition_info=None: tf.constant(
        b.normal(*[int(n) for n in shape], scale=0.6)
    )
    with tf.variable_scope("rnn", initializer=weights):
        names = [o.name for o in build()]
    with session(b.graph) as s:
        s.run(tf.global_variables_initializer())
        definition = tf.graph_util.convert_variables_to_constants(s, b.graph.as_graph_def(), [n[:-2] for n in names])
    b.graph = tf.Graph()
    with b.graph.as_default():
        tf.import_graph_def(definition, name="")
    return [b.graph.get_tensor_by_name(n) for n in names]


def cells():
    nn = tf.nn.rnn_cell
    return {
        "basic": lambda: nn.BasicRNNCell(4),
        "gru": lambda: nn.GRUCell(4),
        "basic_lstm": lambda: nn.BasicLSTMCell(4),
        "lstm_peephole": lambda: nn.LSTMCell(4, use_peepholes=True, num_proj=3, cell_clip=2.0),
        "two_layers": lambda: nn.MultiRNNCell([nn.BasicLSTMCell(4), nn.GRUCell(3)]),
        "residual": lambda: nn.ResidualWrapper(nn.GRUCell(3)),
    }


def flat(outputs, state):
    """Output and final states as named tensors that no optimisation drops."""
    tensors = (
        [outputs] + [t for t in tf.nest.flatten(state)]
        if not isinstance(outputs, list)
        else outputs + tf.nest.flatten(state)
    )
    return [tf.identity(t) for t in tensors]


def tensorflow_1_cells():
    for kind in ["basic", "gru", "basic_lstm", "lstm_peephole", "two_layers", "residual"]:

        def looped(b, kind=kind, **how):
            x = b.input(b.normal(2, 5, 3))
            if how.get("lengths"):
                how = {"sequence_length": b.input(how["lengths"], np.int32, name="lengths")}
            return frozen(b, lambda: flat(*tf.nn.dynamic_rnn(cells()[kind](), x, dtype=tf.float32, **how)))

        def unrolled(b, kind=kind):
            steps = tf.unstack(b.input(b.normal(3, 2, 3)))
            return frozen(b, lambda: flat(*tf.nn.static_rnn(cells()[kind](), steps, dtype=tf.float32)))

        case("Enter", "rnn_" + kind, looped, DEPTHS, old=True)
        case("Unpack", "rnn_unrolled_" + kind, unrolled, DEPTHS, old=True)
        if kind in ("gru", "basic_lstm"):
            case("Enter", "rnn_lengths_" + kind, lambda b, f=looped: f(b, lengths=[3, 5]), DEPTHS, old=True)
            case("Enter", "rnn_time_major_" + kind, lambda b, f=looped: f(b, time_major=True), DEPTHS, old=True)

    def both_ways(b):
        x = b.input(b.normal(2, 4, 3))
        lengths = b.input([4, 2], np.int32, name="lengths")
        make = cells()["gru"]
        return frozen(
            b, lambda: flat(list(tf.nn.bidirectional_dynamic_rnn(make(), make(), x, lengths, dtype=tf.float32)[0]), [])
        )

    case("Enter", "rnn_both_ways", both_ways, DEPTHS, old=True)


tensorflow_1_cells()


def keras(b, make, *shape):
    """A Keras layer as TensorFlow 2 freezes it: functional loops over lists."""
    import tensorflow
    import tf_keras
    from tensorflow.python.eager import context
    from tensorflow.python.framework import convert_to_constants

    value = b.normal(*shape)
    with context.eager_mode():
        layer = make(tf_keras.layers)
        layer(tensorflow.zeros(shape))
        layer.set_weights([b.normal(*w.shape, scale=0.5) for w in layer.get_weights()])
        specification = tensorflow.TensorSpec(shape, tensorflow.float32, name="x")
        concrete = tensorflow.function(lambda x: layer(x), autograph=False).get_concrete_function(specification)
        constant = convert_to_constants.convert_variables_to_constants_v2(concrete, lower_control_flow=False)
    tf.import_graph_def(constant.graph.as_graph_def(), name="")
    b.feeds["x"] = value
    return [b.graph.get_tensor_by_name(t.name) for t in constant.outputs]


def keras_layers():
    layers = {
        "lstm": lambda k: k.LSTM(4),
        "lstm_sequences": lambda k: k.LSTM(4, return_sequences=True),
        "lstm_backwards": lambda k: k.LSTM(4, go_backwards=True),
        "lstm_hard_sigmoid": lambda k: k.LSTM(4, recurrent_activation="hard_sigmoid"),
        "gru": lambda k: k.GRU(4),
        "gru_reset_before": lambda k: k.GRU(4, reset_after=False, return_sequences=True),
        "simple": lambda k: k.SimpleRNN(4, return_sequences=True),
        "both_ways": lambda k: k.Bidirectional(k.LSTM(3, return_sequences=True)),
    }
    for name, make in layers.items():
        rename = {"StatelessWhile": "While"}
        case("While", "keras_" + name, lambda b, m=make: keras(b, m, 2, 4, 3), DEPTHS, rename=rename)
    unrolled = lambda b: keras(b, lambda k: k.LSTM(4, unroll=True, return_sequences=True), 2, 3, 3)
    case("Unpack", "keras_lstm_unrolled", unrolled, DEPTHS)


keras_layers()
