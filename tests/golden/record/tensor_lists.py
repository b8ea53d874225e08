"""TensorArrays (three generations) and TensorLists, straight and in loops."""

import numpy as np

from case import SUM, case
from control_flow import functions
from tf_api import tf

# The generations' suffix, and the GraphDef version that they need.
GENERATIONS = {"": 15, "V2": 25, "V3": None}


class Array:
    """A TensorArray made of raw ops of one generation; every change gives the next flow."""

    def __init__(self, b, generation, size, dtype=tf.float32, **how):
        self.b, self.generation, self.dtype = b, generation, dtype
        made = getattr(b, "TensorArray" + generation)(size, dtype=dtype, **how)
        self.handle, self.flow = made if generation == "V3" else (made, tf.constant(0.0))

    def add(self, op, *arguments, **attributes):
        return getattr(self.b, "TensorArray" + op + self.generation)(self.handle, *arguments, **attributes)

    def write(self, index, value):
        self.flow = self.add("Write", np.int32(index), value, self.flow)
        return self

    def scatter(self, indices, values):
        self.flow = self.add("Scatter", np.int32(indices), values, self.flow)
        return self

    def split(self, value, lengths):
        self.flow = self.add("Split", value, np.int64(lengths), self.flow)
        return self

    def read(self, index):
        return self.add("Read", index, self.flow, dtype=self.dtype)

    def gather(self, indices, **how):
        return self.add("Gather", np.int32(indices), self.flow, dtype=self.dtype, **how)

    def concat(self):
        return list(self.add("Concat", self.flow, dtype=self.dtype))

    def size(self):
        return self.add("Size", self.flow)


def arrays(generation, old):
    """`old`: TensorFlow 2 has no kernels of that generation."""
    options = {"producer": GENERATIONS[generation], "old": old}
    new = lambda b, size, **how: Array(b, generation, np.int32(size), **how)
    rows = lambda b, n=3: b.input(b.normal(n, 2))

    def register(op, name, build):
        case("TensorArray" + op + generation, name, build, **options)

    def written(b, clear=False):
        array, x = new(b, 3, clear_after_read=clear), rows(b)
        for i in [2, 0, 1]:
            array.write(i, x[i])
        return array

    def handed_over(b):
        array = written(b)
        return [array.read(np.int32(1)), array.read(b.input(2, np.int32, name="i")), array.size()]

    register("", "write_read", handed_over)
    register("Write", "out_of_order", lambda b: written(b).gather([0, 1, 2]))
    register("Read", "once", lambda b: written(b, clear=True).read(np.int32(0)))
    register("Gather", "some", lambda b: written(b).gather([2, 0]))
    register("Gather", "none", lambda b: new(b, 0).gather(np.zeros([0]), element_shape=[2]))
    register("Gather", "with_shape", lambda b: written(b).gather([1, 1], element_shape=[2]))
    register("Scatter", "all", lambda b: new(b, 3).scatter([2, 0, 1], rows(b)).gather([0, 1, 2]))
    register("Scatter", "partly", lambda b: new(b, 4).scatter([3, 1], rows(b, 2)).gather([3, 1]))
    register("Split", "lengths", lambda b: new(b, 3).split(rows(b, 5), [2, 0, 3]).concat())
    register("Concat", "equal", lambda b: new(b, 2).split(rows(b, 4), [2, 2]).concat())
    register("Concat", "written", lambda b: new(b, 2).write(0, rows(b, 1)).write(1, rows(b, 3)).concat())
    register("Size", "fixed", lambda b: new(b, 5).size())
    register("Size", "grown", lambda b: new(b, 0, dynamic_size=True).write(3, rows(b)).size())
    register("", "dynamic", lambda b: new(b, 0, dynamic_size=True).write(0, rows(b)).write(1, rows(b)).gather([1, 0]))

    def closed(b):
        array = written(b)
        y = array.gather([0, 2])
        with tf.control_dependencies([y]), tf.control_dependencies([array.add("Close")]):
            return b.Identity(y)

    register("Close", "after_reading", closed)


def array_loops():
    for dtype in [tf.float32, tf.int64, tf.uint8, tf.bool, tf.bfloat16]:

        def typed(b, dtype=dtype):
            x = b.input((b.ints(0, 9, 3, 2) // 2 % 4).astype(dtype.as_numpy_dtype))
            return Array(b, "V3", np.int32(3), dtype).scatter([0, 1, 2], x).gather([2, 1, 0])

        case("TensorArrayV3", dtype.name, typed)

    def squares(b, dynamic=False):
        x = b.input(b.normal(4, 2))
        with functions(False):
            source = tf.TensorArray(tf.float32, 4).unstack(x)
            out = tf.TensorArray(tf.float32, 0 if dynamic else 4, dynamic_size=dynamic, clear_after_read=False)
            body = lambda i, o: (i + 1, o.write(i, tf.square(source.read(i))))
            return tf.while_loop(lambda i, o: i < 4, body, (tf.constant(0), out))[1].stack()

    case("TensorArrayV3", "loop", squares, SUM)
    case("TensorArrayV3", "loop_dynamic", lambda b: squares(b, dynamic=True), SUM)
    case("TensorArrayV3", "loop_tf1", squares, SUM, old=True)

    def backwards(b):
        x = b.input(b.normal(4, 2))
        with functions(False):
            source, out = tf.TensorArray(tf.float32, 4).unstack(x), tf.TensorArray(tf.float32, 4)
            body = lambda i, o: (i - 1, o.write(3 - i, source.read(i) * 2.0))
            return tf.while_loop(lambda i, o: i >= 0, body, (tf.constant(3), out))[1].stack()

    case("TensorArrayV3", "loop_backwards", backwards, SUM)

    def ragged(b):
        x = b.input(b.normal(6))
        with functions(False):
            out = tf.TensorArray(tf.float32, 4, infer_shape=False)
            body = lambda i, o: (i + 1, o.write(i, x[:i]))
            return tf.while_loop(lambda i, o: i < 4, body, (tf.constant(0), out))[1].concat()

    case("TensorArrayV3", "loop_ragged_concat", ragged, SUM)


def old_names(generation):
    """Pack and Unpack, the first names of gather and scatter of everything."""
    options = {"producer": 15}

    def both(b):
        array = Array(b, "", np.int32(3))
        array.flow = b.TensorArrayUnpack(array.handle, b.input(b.normal(3, 2)), array.flow)
        return b.TensorArrayPack(array.handle, array.flow, dtype=tf.float32)

    case("TensorArrayPack", "all", both, **options)
    case("TensorArrayUnpack", "all", both, **options)


def register_arrays():
    arrays("V3", old=False)
    arrays("V2", old=False)
    arrays("", old=False)
    old_names("")


register_arrays()
array_loops()


def tensor_list(b, count=3, width=2):
    """A list of `count` rows."""
    return b.TensorListFromTensor(b.input(b.normal(count, width)), np.int32([width]))


def stacked(b, values, count=-1, width=2, dtype=tf.float32):
    return b.TensorListStack(values, np.int32([width]), element_dtype=dtype, num_elements=count)


def empty(b, limit=-1, shape=(2,), dtype=tf.float32):
    return b.EmptyTensorList(np.int32(shape), np.int32(limit), element_dtype=dtype)


def row(b, width=2, name="x"):
    return b.input(b.normal(width), name=name)


def reserve(b, count=3, shape=(2,)):
    return b.TensorListReserve(np.int32(shape), np.int32(count), element_dtype=tf.float32)


def pushed(b, count=3):
    values = empty(b)
    for _ in range(count):
        values = b.TensorListPushBack(values, row(b))
    return values


def list_stacks():
    case("TensorListFromTensor", "stack_again", lambda b: stacked(b, tensor_list(b)))
    case(
        "TensorListFromTensor",
        "scalars",
        lambda b: b.TensorListStack(
            b.TensorListFromTensor(b.input(b.normal(4)), np.zeros([0], np.int32)),
            np.zeros([0], np.int32),
            element_dtype=tf.float32,
        ),
    )
    case("TensorListStack", "known_count", lambda b: stacked(b, tensor_list(b), 3), bare=True)
    case(
        "TensorListStack",
        "unknown_shape",
        lambda b: b.TensorListStack(tensor_list(b), np.int32(-1), element_dtype=tf.float32),
    )
    case(
        "TensorListStack",
        "partly_known_shape",
        lambda b: b.TensorListStack(tensor_list(b), np.int32([-1]), element_dtype=tf.float32),
    )
    case("TensorListStack", "nothing", lambda b: stacked(b, empty(b)))
    for dtype in [tf.int32, tf.int64, tf.uint8, tf.bool, tf.bfloat16, tf.float16]:

        def typed(b, dtype=dtype):
            x = b.input((b.ints(0, 9, 3, 2) // 2 % 4).astype(dtype.as_numpy_dtype))
            return stacked(b, b.TensorListFromTensor(x, np.int32([2])), dtype=dtype)

        case("TensorListStack", dtype.name, typed)
    case("TensorListLength", "of_tensor", lambda b: b.TensorListLength(tensor_list(b, 4)))
    case("TensorListLength", "empty", lambda b: b.TensorListLength(empty(b)))
    case(
        "TensorListLength",
        "reserved",
        lambda b: b.TensorListLength(
            b.TensorListReserve(np.int32([2]), b.input(5, np.int32), element_dtype=tf.float32)
        ),
    )
    case("TensorListElementShape", "known", lambda b: b.TensorListElementShape(tensor_list(b), shape_type=tf.int32))


def list_ends():
    case("EmptyTensorList", "length", lambda b: b.TensorListLength(empty(b, limit=3)))

    case("EmptyTensorList", "filled", lambda b: stacked(b, pushed(b)))
    case("TensorListPushBack", "three", lambda b: stacked(b, pushed(b)))
    case(
        "TensorListPushBack",
        "to_tensor_list",
        lambda b: stacked(b, b.TensorListPushBack(tensor_list(b), row(b, name="new"))),
    )

    @case("TensorListPushBack", "old_list_stays")
    def _(b):
        first = tensor_list(b)
        return [stacked(b, b.TensorListPushBack(first, row(b))), stacked(b, first)]

    @case("TensorListPopBack", "last")
    def _(b):
        rest, last = b.TensorListPopBack(tensor_list(b), np.int32([2]), element_dtype=tf.float32)
        return [stacked(b, rest), last]


def list_items():
    case(
        "TensorListGetItem",
        "constant",
        lambda b: b.TensorListGetItem(tensor_list(b), np.int32(1), np.int32([2]), element_dtype=tf.float32),
    )
    case(
        "TensorListGetItem",
        "fed",
        lambda b: b.TensorListGetItem(
            tensor_list(b), b.input(2, np.int32, name="i"), np.int32(-1), element_dtype=tf.float32
        ),
    )
    # What was never set reads as zeros where the shape is known.
    case(
        "TensorListGetItem",
        "never_set",
        lambda b: b.TensorListGetItem(reserve(b), np.int32(1), np.int32([2]), element_dtype=tf.float32),
    )
    case(
        "TensorListReserve",
        "never_set_stacked",
        lambda b: stacked(b, b.TensorListSetItem(reserve(b), np.int32(1), row(b))),
    )
    case(
        "TensorListSetItem",
        "replaces",
        lambda b: stacked(b, b.TensorListSetItem(tensor_list(b), np.int32(1), row(b, name="new"))),
    )
    case(
        "TensorListSetItem",
        "index_fed",
        lambda b: stacked(b, b.TensorListSetItem(tensor_list(b), b.input(0, np.int32, name="i"), row(b, name="new"))),
    )
    case(
        "TensorListSetItem",
        "grows",
        lambda b: stacked(
            b, b.TensorListSetItem(tensor_list(b), np.int32(4), row(b, name="new"), resize_if_index_out_of_bounds=True)
        ),
    )


def list_places():
    case("TensorListResize", "longer", lambda b: b.TensorListLength(b.TensorListResize(tensor_list(b), np.int32(5))))
    case(
        "TensorListResize",
        "shorter",
        lambda b: stacked(b, b.TensorListResize(tensor_list(b), b.input(2, np.int32, name="n"))),
    )
    case(
        "TensorListGather",
        "some",
        lambda b: b.TensorListGather(
            tensor_list(b), b.input([2, 0, 2], np.int32, name="i"), np.int32([2]), element_dtype=tf.float32
        ),
    )
    case(
        "TensorListGather",
        "none",
        lambda b: b.TensorListGather(tensor_list(b), np.zeros([0], np.int32), np.int32([2]), element_dtype=tf.float32),
    )
    case(
        "TensorListScatter",
        "two_of_three",
        lambda b: b.TensorListGather(
            b.TensorListScatter(b.input(b.normal(2, 2)), np.int32([2, 0]), np.int32([2])),
            np.int32([2, 0]),
            np.int32([2]),
            element_dtype=tf.float32,
        ),
    )
    case(
        "TensorListScatterV2",
        "counted",
        lambda b: stacked(
            b, b.TensorListScatterV2(b.input(b.normal(2, 2)), np.int32([2, 0]), np.int32([2]), np.int32(4))
        ),
    )
    case(
        "TensorListScatterV2",
        "uncounted",
        lambda b: stacked(
            b, b.TensorListScatterV2(b.input(b.normal(2, 2)), np.int32([1, 0]), np.int32([2]), np.int32(-1))
        ),
    )
    case(
        "TensorListScatterIntoExistingList",
        "replaces",
        lambda b: stacked(
            b, b.TensorListScatterIntoExistingList(tensor_list(b), b.input(b.normal(2, 2), name="y"), np.int32([0, 2]))
        ),
    )
    case(
        "TensorListConcatLists",
        "two",
        lambda b: stacked(b, b.TensorListConcatLists(tensor_list(b), tensor_list(b, 2), element_dtype=tf.float32)),
    )


def list_parts():
    lengths = lambda b: b.TensorListSplit(
        b.input(b.normal(5, 2)), np.int32([-1, 2]), b.input([2, 0, 3], np.int64, name="lengths")
    )
    case(
        "TensorListSplit",
        "lengths",
        lambda b: b.TensorListGetItem(lengths(b), np.int32(2), np.int32([3, 2]), element_dtype=tf.float32),
    )
    case(
        "TensorListConcat",
        "split_again",
        lambda b: list(b.TensorListConcat(lengths(b), element_dtype=tf.float32, element_shape=[None, 2])),
    )
    joined = lambda b, shape: list(
        b.TensorListConcatV2(lengths(b), np.int32(shape), np.zeros([0], np.int64), element_dtype=tf.float32)
    )
    case("TensorListConcatV2", "split_again", lambda b: joined(b, [-1, 2]))
    leading = lambda b: b.TensorListConcatV2(
        reserve(b, 2, (-1, 2)), np.int32([-1, 2]), np.int64([1, 2]), element_dtype=tf.float32
    )
    case("TensorListConcatV2", "never_set", lambda b: list(leading(b)))


list_stacks()
list_ends()
list_items()
list_places()
list_parts()


def list_loops():
    def program(build, tol=SUM):
        def run(b):
            with functions(True):
                return build(b)

        return run

    def squares(b, dynamic=False):
        x = b.input(b.normal(4, 2))
        source = tf.TensorArray(tf.float32, 4).unstack(x)
        out = tf.TensorArray(tf.float32, 0 if dynamic else 4, dynamic_size=dynamic, element_shape=[2])
        body = lambda i, o: (i + 1, o.write(i, tf.square(source.read(i))))
        return tf.while_loop(lambda i, o: i < 4, body, (tf.constant(0), out))[1].stack()

    def ragged(b):
        x = b.input(b.normal(6))
        out = tf.TensorArray(tf.float32, 4, infer_shape=False, element_shape=[None])
        body = lambda i, o: (i + 1, o.write(i, x[: i + 1]))
        return tf.while_loop(lambda i, o: i < 4, body, (tf.constant(0), out))[1].concat()

    def pops(b):
        values = tensor_list(b, 4)

        def body(i, handle, total):
            handle, last = b.TensorListPopBack(handle, np.int32([2]), element_dtype=tf.float32)
            return i + 1, handle, total * 2.0 + last

        return tf.while_loop(lambda i, h, s: i < 3, body, (tf.constant(0), values, tf.zeros([2])))[2]

    def pushes(b):
        x = b.input(b.normal(2))
        body = lambda i, h: (i + 1, b.TensorListPushBack(h, x * tf.cast(i, tf.float32)))
        return stacked(b, tf.while_loop(lambda i, h: i < 3, body, (tf.constant(0), empty(b)))[1])

    def conditional(b):
        p, x, values = b.input(True, name="p"), b.input(b.normal(2)), tensor_list(b)
        return stacked(b, tf.cond(p, lambda: b.TensorListPushBack(values, x), lambda: values))

    case("TensorListSetItem", "loop", program(squares), SUM)
    case("TensorListReserve", "loop", program(squares), SUM)
    case("TensorListGetItem", "loop", program(squares), SUM)
    case("TensorListSetItem", "loop_dynamic", program(lambda b: squares(b, True)), SUM)
    case("TensorListConcatV2", "loop_ragged", program(ragged), SUM)
    case("TensorListPopBack", "loop", program(pops), SUM)
    case("TensorListPushBack", "loop", program(pushes), SUM)
    case("TensorListPushBack", "in_branch", program(conditional), SUM)


list_loops()
