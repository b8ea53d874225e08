"""Conditions, loops and calls. Each program is written in TensorFlow 1's nodes and in TensorFlow 2's functions."""

import contextlib

import numpy as np

from case import ELEMENTARY, SUM, case
from tf_api import tf

CONDITIONS = {}
LOOPS = {}


def program(table, tol=SUM):
    """Registers a function of the builder under its own name."""

    def register(function):
        table[function.__name__] = (function, tol)
        return function

    return register


@contextlib.contextmanager
def functions(enabled):
    """Control flow as functions (If, While) or as frames (Switch, Enter)."""
    before = tf.control_flow_v2_enabled()
    (tf.enable_control_flow_v2 if enabled else tf.disable_control_flow_v2)()
    try:
        yield
    finally:
        (tf.enable_control_flow_v2 if before else tf.disable_control_flow_v2)()


def written(function, enabled):
    def build(b):
        with functions(enabled):
            return function(b)

    return build


def choose(predicate, yes, no):
    return tf.cond(predicate, yes, no)


def scalar(b, value, dtype=np.float32, name="x"):
    return b.input(value, dtype, name=name)


@program(CONDITIONS)
def predicate_true(b):
    x = b.input(b.normal(2, 3))
    return choose(scalar(b, True, bool, "p"), lambda: x * 2.0, lambda: x - 1.0)


@program(CONDITIONS)
def predicate_false(b):
    x = b.input(b.normal(2, 3))
    return choose(scalar(b, False, bool, "p"), lambda: x * 2.0, lambda: x - 1.0)


@program(CONDITIONS)
def predicate_computed(b):
    x = b.input(b.normal(5))
    return choose(tf.reduce_sum(x) > 0.0, lambda: tf.exp(x), lambda: tf.square(x))


@program(CONDITIONS)
def predicate_constant(b):
    x = b.input(b.normal(4))
    # placeholder_with_default keeps Python from choosing; the graph may fold it.
    return choose(tf.identity(tf.constant(True)), lambda: x + 1.0, lambda: x / 3.0)


@program(CONDITIONS)
def several_outputs(b):
    x, n = b.input(b.normal(2, 2)), scalar(b, 3, np.int32, "n")
    return choose(n > 2, lambda: (x + 1.0, n, tf.shape(x)), lambda: (x * 0.5, n - 1, tf.shape(x) * 2))


@program(CONDITIONS)
def shapes_differ(b):
    x = b.input(b.normal(4, 2))
    return tf.reduce_sum(choose(scalar(b, False, bool, "p"), lambda: x[:1], lambda: x[1:]), 0)


@program(CONDITIONS)
def branch_passes_through(b):
    x = b.input(b.normal(3))
    return choose(tf.size(x) > 9, lambda: tf.negative(x), lambda: x)


@program(CONDITIONS)
def nested(b):
    x, n = b.input(b.normal(3)), scalar(b, 5, np.int32, "n")
    inner = lambda: choose(n > 3, lambda: x * 10.0, lambda: x * 100.0)
    return choose(n > 0, lambda: inner() + 1.0, lambda: x)


@program(CONDITIONS)
def nested_not_taken(b):
    x, n = b.input(b.normal(3)), scalar(b, -5, np.int32, "n")
    inner = lambda: choose(n > 3, lambda: x * 10.0, lambda: x * 100.0)
    return choose(n > 0, lambda: inner() + 1.0, lambda: inner() - 1.0)


@program(CONDITIONS)
def one_predicate_twice(b):
    x, p = b.input(b.normal(3)), scalar(b, True, bool, "p")
    y = choose(p, lambda: x + 1.0, lambda: x - 1.0)
    return choose(p, lambda: y * x, lambda: y / x)


@program(CONDITIONS)
def one_feeds_the_other(b):
    x = b.input(b.normal(3))
    y = choose(x[0] > 0.0, lambda: x * 2.0, lambda: x * 3.0)
    return choose(tf.reduce_sum(y) > 1.0, lambda: tf.sqrt(tf.abs(y)), lambda: y - x)


@program(CONDITIONS)
def constants_in_branches(b):
    return choose(scalar(b, False, bool, "p"), lambda: tf.constant([1.0, 2.0]), lambda: tf.constant([3.0, 4.0]))


@program(CONDITIONS)
def loop_inside(b):
    x = b.input(b.normal(3))
    loop = lambda: tf.while_loop(lambda i, v: i < 4, lambda i, v: (i + 1, v * 1.5), (tf.constant(0), x))[1]
    return choose(scalar(b, True, bool, "p"), loop, lambda: x)


@program(CONDITIONS)
def empty_tensors(b):
    x = b.input(np.zeros([0, 3], np.float32))
    return tf.shape(choose(tf.size(x) > 0, lambda: x, lambda: tf.ones([2, 3])))


@program(LOOPS)
def counter(b):
    return tf.while_loop(lambda i: i < 10, lambda i: i + 3, [scalar(b, 0, np.int32)])


@program(LOOPS)
def accumulates(b):
    x = b.input(b.normal(2, 3))
    return tf.while_loop(
        lambda i, s: i < 5, lambda i, s: (i + 1, s + x * tf.cast(i, tf.float32)), (tf.constant(0), tf.zeros_like(x))
    )


@program(LOOPS)
def trip_count_fed(b):
    x, n = b.input(b.normal(3)), scalar(b, 4, np.int32, "n")
    return tf.while_loop(lambda i, s: i < n, lambda i, s: (i + 1, s * 1.25), (tf.constant(0), x))


@program(LOOPS)
def no_iterations(b):
    x = b.input(b.normal(3))
    return tf.while_loop(lambda i, s: i < 0, lambda i, s: (i + 1, s * 2.0), (tf.constant(0), x))


@program(LOOPS)
def data_decides(b):
    return tf.while_loop(lambda s: tf.reduce_sum(s) < 100.0, lambda s: s * s + 1.0, [b.input(b.uniform(0, 1, 3))])


@program(LOOPS)
def matrix_power(b):
    m = b.input(b.normal(3, 3, scale=0.6))
    return tf.while_loop(lambda i, p: i < 4, lambda i, p: (i + 1, tf.matmul(p, m)), (tf.constant(0), tf.eye(3)))[1]


@program(LOOPS)
def variables_swap(b):
    return tf.while_loop(
        lambda i, x, y: i < 3,
        lambda i, x, y: (i + 1, y, x),
        (tf.constant(0), b.input(b.normal(2)), b.input(b.normal(2), name="y")),
    )


@program(LOOPS)
def variable_unchanged(b):
    x = b.input(b.normal(2))
    return tf.while_loop(
        lambda i, k, s: i < 3, lambda i, k, s: (i + 1, k, s + k), (tf.constant(0), x, tf.zeros_like(x))
    )


@program(LOOPS)
def variable_dead_inside(b):
    x = b.input(b.normal(2))
    return tf.while_loop(lambda i, k: i < 3, lambda i, k: (i + 1, x * tf.cast(i, tf.float32)), (tf.constant(0), x))


@program(LOOPS)
def fibonacci(b):
    return tf.while_loop(
        lambda i, a, c: i < 20,
        lambda i, a, c: (i + 1, c, a + c),
        (tf.constant(0), scalar(b, 0, np.int64), tf.constant(1, tf.int64)),
    )


@program(LOOPS)
def grows(b):
    x = b.input(b.normal(1, 2))
    shapes = [tf.TensorShape([]), tf.TensorShape([None, 2])]
    return tf.while_loop(
        lambda i, s: i < 3,
        lambda i, s: (i + 1, tf.concat([s, s[-1:] * 2.0], 0)),
        [tf.constant(0), x],
        shape_invariants=shapes,
    )[1]


@program(LOOPS)
def nested_loops(b):
    def outer(i, s):
        return i + 1, tf.while_loop(
            lambda j, t: j < i, lambda j, t: (j + 1, t + tf.cast(i * j, tf.float32)), (tf.constant(0), s)
        )[1]

    return tf.while_loop(lambda i, s: i < 5, outer, (tf.constant(0), b.input(b.normal(2))))


@program(LOOPS)
def nested_three_deep(b):
    x = b.input(b.normal(2))

    def inner(j, t):
        return j + 1, tf.while_loop(lambda k, u: k < 2, lambda k, u: (k + 1, u + x), (tf.constant(0), t))[1]

    def outer(i, s):
        return i + 1, tf.while_loop(lambda j, t: j < 3, inner, (tf.constant(0), s * 0.5))[1]

    return tf.while_loop(lambda i, s: i < 2, outer, (tf.constant(0), x))[1]


@program(LOOPS)
def two_side_by_side(b):
    x = b.input(b.normal(3))
    one = tf.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, s * 2.0), (tf.constant(0), x))[1]
    two = tf.while_loop(lambda i, s: i < 4, lambda i, s: (i + 1, s - 1.0), (tf.constant(0), x))[1]
    return one + two


@program(LOOPS)
def one_after_the_other(b):
    x = b.input(b.normal(3))
    first = tf.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, s * 2.0), (tf.constant(0), x))
    return tf.while_loop(lambda i, s: i < 7, lambda i, s: (i + 2, s + 0.5), first)


@program(LOOPS)
def condition_inside(b):
    def body(i, s):
        return i + 1, choose(tf.equal(i % 2, 0), lambda: s + 1.0, lambda: s * 3.0)

    return tf.while_loop(lambda i, s: i < 5, body, (tf.constant(0), b.input(b.normal(2))))[1]


@program(LOOPS)
def condition_inside_with_capture(b):
    x, limit = b.input(b.normal(4)), scalar(b, 0.3, np.float32, "limit")

    def body(i, best, where):
        better = x[i] > limit
        return i + 1, choose(better, lambda: x[i], lambda: best), choose(better, lambda: i, lambda: where)

    return tf.while_loop(lambda i, v, w: i < 4, body, (tf.constant(0), tf.constant(-1.0), tf.constant(-1)))


@program(LOOPS)
def maximum_iterations(b):
    return tf.while_loop(lambda s: tf.constant(True), lambda s: s + 1.5, [b.input(b.normal(2))], maximum_iterations=4)


@program(LOOPS)
def one_at_a_time(b):
    x = b.input(b.normal(2))
    return tf.while_loop(
        lambda i, s: i < 3,
        lambda i, s: (i + 1, tf.tanh(s)),
        (tf.constant(0), x),
        parallel_iterations=1,
        back_prop=False,
    )


@program(LOOPS)
def condition_reads_capture(b):
    x, table = b.input(b.normal(2)), b.input(np.float32([1, 1, 1, 0, 1]), name="table")
    return tf.while_loop(lambda i, s: table[i] > 0.5, lambda i, s: (i + 1, s + table[i]), (tf.constant(0), x))


@program(LOOPS)
def body_shapes(b):
    x = b.input(b.normal(3, 4), shape=[None, 4])
    return tf.while_loop(
        lambda i, s: i < tf.shape(x)[0],
        lambda i, s: (i + 1, s + tf.reduce_mean(x[: i + 1], 0)),
        (tf.constant(0), tf.zeros([4])),
    )[1]


@program(LOOPS)
def map_rows(b):
    return tf.map_fn(lambda row: tf.reduce_sum(row * row) + row, b.input(b.normal(4, 3)))


@program(LOOPS)
def map_to_other_type(b):
    return tf.map_fn(lambda row: tf.cast(tf.argmax(row), tf.int32), b.input(b.normal(4, 3)), dtype=tf.int32)


@program(LOOPS)
def map_two_to_two(b):
    pair = (b.input(b.normal(3, 2)), b.input(b.normal(3), name="y"))
    return tf.map_fn(lambda e: (e[0] * e[1], e[1] - 1.0), pair, dtype=(tf.float32, tf.float32))


@program(LOOPS)
def map_of_nothing(b):
    return tf.shape(tf.map_fn(lambda row: row * 2.0, b.input(b.normal(0, 3))))


@program(LOOPS)
def map_images(b):
    """As the Object Detection API preprocesses a batch."""
    images = b.input(b.ints(0, 256, 2, 4, 5, 3, dtype=np.uint8), shape=[None, None, None, 3])
    scale = lambda image: (
        tf.image.resize_bilinear(tf.expand_dims(tf.cast(image, tf.float32), 0), [3, 3])[0] / 127.5 - 1.0
    )
    return tf.map_fn(scale, images, dtype=tf.float32)


@program(LOOPS)
def map_selects_boxes(b):
    """As the Object Detection API suppresses a batch."""
    corners = b.rng.uniform(0, 0.6, (2, 6, 2))
    boxes = b.input(np.concatenate([corners, corners + b.rng.uniform(0.1, 0.4, (2, 6, 2))], -1), np.float32)

    def one(element):
        places, scores = element
        keep = tf.image.non_max_suppression(places, scores, 4, 0.3, 0.1)
        chosen = tf.gather(places, keep)
        return tf.pad(chosen, [[0, 4 - tf.shape(chosen)[0]], [0, 0]]), tf.shape(keep)[0]

    return tf.map_fn(one, (boxes, b.input(b.uniform(0, 1, 2, 6), name="scores")), dtype=(tf.float32, tf.int32))


@program(LOOPS)
def scan_rows(b):
    return tf.scan(lambda s, row: s * 0.5 + row, b.input(b.normal(5, 2)))


@program(LOOPS)
def scan_backwards(b):
    return tf.scan(lambda s, row: s + row, b.input(b.normal(5, 2)), initializer=tf.zeros([2]), reverse=True)


@program(LOOPS)
def fold_rows(b):
    x = b.input(b.normal(5, 2))
    return tf.foldl(lambda s, row: s * 2.0 - row, x), tf.foldr(lambda s, row: tf.maximum(s, row), x)


@program(LOOPS)
def map_inside_map(b):
    return tf.map_fn(lambda rows: tf.map_fn(lambda row: row - tf.reduce_mean(row), rows), b.input(b.normal(2, 3, 4)))


@program(LOOPS, ELEMENTARY)
def recurrence(b):
    x, w = b.input(b.normal(4, 2, 3)), b.normal(5, 2)

    def body(t, state, outputs):
        state = tf.tanh(tf.matmul(tf.concat([x[t], state], 1), w))
        return t + 1, state, outputs.write(t, state)

    outputs = tf.TensorArray(tf.float32, 4, element_shape=[2, 2])
    _, state, outputs = tf.while_loop(lambda t, s, o: t < 4, body, (tf.constant(0), tf.zeros([2, 2]), outputs))
    return state, outputs.stack()


FRAMES_ONLY = {}


@program(FRAMES_ONLY)
def only_one_side_read(b):
    """A Switch whose other side nothing reads."""
    x = b.input(b.normal(3))
    no, yes = b.Switch(x, scalar(b, True, bool, "p"))
    return b.Merge([no * 2.0, yes + 1.0])[0]


@program(FRAMES_ONLY)
def value_index(b):
    x = b.input(b.normal(3))
    no, yes = b.Switch(x, scalar(b, False, bool, "p"))
    return list(b.Merge([tf.abs(no), tf.exp(yes)]))


@program(FRAMES_ONLY)
def value_index_one(b):
    x = b.input(b.normal(3))
    no, yes = b.Switch(x, scalar(b, True, bool, "p"))
    return list(b.Merge([no, yes]))


@program(FRAMES_ONLY)
def control_edge_from_pivot(b):
    """A constant made in one branch only, as tf.cond pins it."""
    p = scalar(b, True, bool, "p")
    no, yes = b.Switch(p, p)
    with tf.control_dependencies([b.Identity(yes)]):
        one = tf.constant([1.0, 2.0])
    with tf.control_dependencies([b.Identity(no)]):
        two = tf.constant([3.0, 4.0])
    return b.Merge([two, one])[0]


@program(FRAMES_ONLY)
def merge_of_three(b):
    """Nested switches that one Merge joins."""
    x = b.input(b.normal(3))
    no, yes = b.Switch(x, scalar(b, True, bool, "p"))
    yes_no, yes_yes = b.Switch(yes, scalar(b, False, bool, "q"))
    return list(b.Merge([no + 1.0, yes_no + 2.0, yes_yes + 3.0]))


def register_programs():
    for table, frames, call, stateful in [
        (CONDITIONS, "Switch", "StatelessIf", "If"),
        (LOOPS, "Enter", "StatelessWhile", "While"),
    ]:
        for name, (function, tol) in table.items():
            case(frames, name, written(function, False), tol)
            case(frames, name + "_tf1", written(function, False), tol, old=True)
            case(call, name, written(function, True), tol)
            case(stateful, name, written(function, True), tol, rename={call: stateful})
    for name, (function, tol) in FRAMES_ONLY.items():
        case("Switch", name, written(function, False), tol)
        case("Merge", name, written(function, False), tol)
    for op in ["Exit", "NextIteration", "LoopCond"]:
        for name in ["counter", "variables_swap", "nested_loops"]:
            case(op, name, written(LOOPS[name][0], False), LOOPS[name][1])


register_programs()


def branches():
    """tf.switch_case: Case and StatelessCase; an index outside the range takes the last branch."""
    for index in [-1, 0, 1, 2, 7]:

        def build(b, index=index):
            x = b.input(b.normal(3))
            with functions(True):
                return tf.switch_case(
                    scalar(b, index, np.int32, "i"), [lambda: x + 1.0, lambda: x * 2.0, lambda: tf.square(x)]
                )

        case("StatelessCase", "index_%d" % index, build, SUM)
        case("Case", "index_%d" % index, build, SUM, rename={"StatelessCase": "Case"})


branches()


def calls():
    def double(x, n):
        return x * 2.0 + tf.cast(n, tf.float32), n + 1

    def twice(b, inner=double):
        called = tf.function(inner, autograph=False)
        x, n = called(b.input(b.normal(2, 2)), scalar(b, 3, np.int32, "n"))
        return called(x, n)

    def nested(b):
        inner = tf.function(lambda x: tf.exp(x) - 1.0, autograph=False)
        outer = tf.function(lambda x: inner(x) + inner(x * 0.5), autograph=False)
        return outer(b.input(b.normal(3)))

    def captured(b):
        w = b.input(b.normal(3, 2), name="w")
        return tf.function(lambda x: tf.matmul(x, w), autograph=False)(b.input(b.normal(2, 3)))

    def condition(b):
        with functions(True):
            inner = tf.function(lambda x, p: tf.cond(p, lambda: x + 1.0, lambda: x - 1.0), autograph=False)
            return inner(b.input(b.normal(3)), scalar(b, True, bool, "p"))

    def by_name(b):
        from tensorflow.python.framework import function

        scaled = function.Defun(tf.float32, func_name="scaled")(lambda x: x * 3.0 + 1.0)
        return scaled(nested(b))

    for name, build in {
        "called_twice": twice,
        "nested": nested,
        "captured": captured,
        "condition_inside": condition,
        "function_by_name": by_name,
    }.items():
        case("PartitionedCall", name, build, ELEMENTARY)
        case("StatefulPartitionedCall", name, build, ELEMENTARY, rename={"PartitionedCall": "StatefulPartitionedCall"})


calls()


def side_effects():
    """Ops that compute nothing: they stand in the graph, often as control inputs."""

    @case("Assert", "control_input")
    def _(b):
        x = b.input(b.normal(3))
        with tf.control_dependencies([b.Assert(b.Less(b.Size(x), np.int32(9)), [x, tf.constant("too many")])]):
            return b.Identity(x)

    @case("Assert", "in_branch", tol=SUM)
    def _(b):
        x = b.input(b.normal(3))

        def checked():
            with tf.control_dependencies([b.Assert(tf.size(x) > 0, [x])]):
                return tf.exp(x)

        with functions(False):
            return tf.cond(tf.size(x) > 0, checked, lambda: x)

    @case("NoOp", "control_input")
    def _(b):
        x = b.input(b.normal(3))
        with tf.control_dependencies([b.NoOp(), x.op]):
            return b.Square(x)

    @case("NoOp", "group")
    def _(b):
        x = b.input(b.normal(3))
        with tf.control_dependencies([tf.group(b.Neg(x), b.NoOp())]):
            return b.Square(x)

    case("Print", "passes_on", lambda b: b.Print(b.input(b.normal(3)), [b.const([1, 2])], message="seen ", first_n=0))

    @case("PrintV2", "control_input")
    def _(b):
        x = b.input(b.normal(3))
        with tf.control_dependencies([b.PrintV2(tf.constant("seen"), output_stream="log(info)")]):
            return b.Identity(x)

    @case("Identity", "control_input_of_constant")
    def _(b):
        x = b.input(b.normal(3))
        with tf.control_dependencies([b.Neg(x)]):
            return b.Add(b.Identity(tf.constant([1.0, 2.0, 3.0])), x)


side_effects()
