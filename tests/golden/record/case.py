"""What a recorded case is: an op, a name, and a function that builds a small graph with a `Builder`."""

import zlib

import numpy as np

from tf_api import apply_op, op_def, tf

CASES = []
BFLOAT16 = tf.bfloat16.as_numpy_dtype


class Tolerance:
    """`ulps` epsilons of the coarsest floating output type, absolute and relative; 0 asks for equal bits."""

    def __init__(self, ulps, scale=1.0):
        self.ulps = ulps
        self.scale = scale

    def of(self, arrays):
        """(atol, rtol) for the given outputs. `scale` is the size of the numbers that are added up."""
        eps = max([_epsilon(a.dtype) for a in arrays] or [0.0])
        return float("%.2g" % (self.ulps * eps * self.scale)), float("%.2g" % (self.ulps * eps))


EXACT = Tolerance(0)  # data movement, integers, comparisons, and single correctly rounded operations
ROUNDED = Tolerance(2)  # two or three correctly rounded operations, which may be fused or reordered
ELEMENTARY = Tolerance(16)  # TensorFlow's own polynomial approximations are some ulps off the true value
SPECIAL = Tolerance(100)  # gamma and error functions: series cut off differently
SUM = Tolerance(40)  # up to a few hundred products added in another order
LONG_SUM = Tolerance(100)  # sums of sums: recurrent cells, normalisation


def _epsilon(dtype):
    if dtype == BFLOAT16:
        return 2.0**-7
    if dtype.kind == "c":
        return _epsilon(np.zeros(0, dtype).real.dtype)
    return float(np.finfo(dtype).eps) if dtype.kind == "f" else 0.0


class Case:
    """One recorded graph. `options` are keywords of `case`."""

    def __init__(self, op, name, build, tol, options):
        self.op = op
        self.name = name
        self.build = build
        self.tol = tol
        self.producer = options.pop("producer", None)
        self.stand_in = options.pop("stand_in", False)
        self.bare = options.pop("bare", False)
        self.old = options.pop("old", False)
        self.rename = options.pop("rename", {})
        self.not_finite = options.pop("not_finite", False)
        if options:
            raise TypeError("unknown options %s of %s/%s" % (sorted(options), op, name))

    def __str__(self):
        return "%s/%s" % (self.op, self.name)

    def construct(self, running):
        """(builder, output tensors) of the graph to run, or of the one to write where `stand_in` makes them differ."""
        builder = Builder(str(self), self.producer, running)
        with builder.graph.as_default():
            outputs = self.build(builder)
        if not isinstance(outputs, (list, tuple)):
            outputs = [outputs]
        return builder, [o for o in outputs if o is not None]


def case(op, name, build=None, tol=EXACT, **options):
    """Registers `build(b) -> output tensors` as case `name` of TensorFlow op `op`; without `build`, a decorator.

    producer: GraphDef version to write, for ops that newer graphs may not hold.
    stand_in: TensorFlow's CPU kernels refuse the op as written, so `build` is called twice: with `b.running` it builds
              an equivalent that runs, without it the graph that is written.
    bare:     attributes at their default are left out of the graph, as exporters do.
    rename:   spellings to write in place of those that TensorFlow's Python writes; both must take the same node.
    not_finite: an output without any finite number is what the case is about.
    old:      recorded by TensorFlow 1.15 (`--old`), since TensorFlow 2 no longer writes or runs it.
    """

    def register(function):
        CASES.append(Case(op, name, function, tol, options))
        return function

    return register(build) if build else register


class Builder:
    """Builds a graph: `b.Conv2D(x, w, strides=...)` adds any registered op; arrays as inputs become Const nodes."""

    def __init__(self, seed, producer=None, running=True):
        self.graph = tf.Graph()
        self.feeds = {}
        self.rng = np.random.RandomState(zlib.crc32(seed.encode()))
        self.running = running
        if producer:
            self.producer(producer)

    def producer(self, version):
        definition = tf.GraphDef()
        definition.versions.producer = version
        with self.graph.as_default():
            tf.import_graph_def(definition, name="")

    def input(self, value, dtype=None, name="x", shape=None):
        """A placeholder fed with `value`; its static shape is the value's unless `shape` (as `[None, 3]`) is given."""
        value = np.asarray(value, dtype)
        declared = tf.string if value.dtype == object else tf.as_dtype(value.dtype)
        tensor = tf.placeholder(declared, value.shape if shape is None else shape, name)
        self.feeds[tensor.op.name] = value
        return tensor

    def const(self, value, dtype=None, name="Const"):
        return tf.constant(np.asarray(value, dtype), name=name)

    def normal(self, *shape, **how):
        """Random normal numbers of `dtype` (float32)."""
        return np.asarray(self.rng.standard_normal(shape) * how.get("scale", 1)).astype(how.get("dtype", np.float32))

    def uniform(self, low, high, *shape, **how):
        return np.asarray(self.rng.uniform(low, high, shape)).astype(how.get("dtype", np.float32))

    def ints(self, low, high, *shape, **how):
        """Random whole numbers in [low, high), int32 unless `dtype` is given."""
        return np.asarray(self.rng.randint(low, high, shape)).astype(how.get("dtype", np.int32))

    def __getattr__(self, op):
        definition = op_def(op)
        if definition is None:
            raise AttributeError("TensorFlow has no op " + op)

        def add(*inputs, **attributes):
            attributes.update(zip([a.name for a in definition.input_arg], inputs))
            inferred = {n for a in definition.input_arg for n in (a.type_attr, a.number_attr, a.type_list_attr)}
            for attribute in definition.attr:
                if attribute.HasField("default_value") and attribute.name not in inferred:
                    attributes.setdefault(attribute.name, _plain(attribute.default_value))
            attributes.setdefault("name", op.lstrip("_"))
            return apply_op(op, **attributes)

        return add


def _plain(value):
    """The Python value of an attribute's default."""
    kind = value.WhichOneof("value")
    if kind == "list":
        fields = [(f, v) for f, v in value.list.ListFields()]
        values = list(fields[0][1]) if fields else []
        return [tf.as_dtype(v) for v in values] if fields and fields[0][0].name == "type" else values
    if kind == "type":
        return tf.as_dtype(value.type)
    return getattr(value, kind)
