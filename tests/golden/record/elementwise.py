"""Elementwise ops: unary, binary with every kind of broadcasting, selection."""

import numpy as np

from case import BFLOAT16, ELEMENTARY, EXACT, ROUNDED, SPECIAL, case
from tf_api import tf

FLOATS = [np.float32, np.float64, np.float16, BFLOAT16]
INTEGERS = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.int64]
SPECIALS = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.5, -2.5, 88.0, -88.0, 1e30, -1e30, 1e-30, np.inf, -np.inf, np.nan]


def type_name(dtype):
    return tf.as_dtype(dtype).name


# op: (low, high) of its random inputs, tolerance. Rounding ops get halves, to meet ties.
UNARY = {
    "Abs": (-4, 4, EXACT),
    "Acos": (-1, 1, ELEMENTARY),
    "Acosh": (1, 9, ELEMENTARY),
    "Asin": (-1, 1, ELEMENTARY),
    "Asinh": (-9, 9, ELEMENTARY),
    "Atan": (-9, 9, ELEMENTARY),
    "Atanh": (-0.99, 0.99, ELEMENTARY),
    "Ceil": (-4, 4, EXACT),
    "Cos": (-9, 9, ELEMENTARY),
    "Cosh": (-5, 5, ELEMENTARY),
    "Digamma": (-4.4, 9, SPECIAL),
    "Elu": (-4, 4, ELEMENTARY),
    "Erf": (-3, 3, ELEMENTARY),
    "Erfc": (-3, 3, SPECIAL),
    "Erfinv": (-0.99, 0.99, SPECIAL),
    "Exp": (-9, 9, ELEMENTARY),
    "Expm1": (-2, 2, ELEMENTARY),
    "Floor": (-4, 4, EXACT),
    "Inv": (0.1, 4, ROUNDED),
    "IsFinite": (-4, 4, EXACT),
    "IsInf": (-4, 4, EXACT),
    "IsNan": (-4, 4, EXACT),
    "LeakyRelu": (-4, 4, ROUNDED),
    "Lgamma": (-4.4, 9, SPECIAL),
    "Log": (0.01, 9, ELEMENTARY),
    "Log1p": (-0.9, 4, ELEMENTARY),
    "Ndtri": (0.01, 0.99, SPECIAL),
    "Neg": (-4, 4, EXACT),
    "Reciprocal": (-4, 4, ROUNDED),
    "Relu": (-4, 4, EXACT),
    "Relu6": (-4, 9, EXACT),
    "Rint": (-4, 4, EXACT),
    "Round": (-4, 4, EXACT),
    "Rsqrt": (0.01, 9, ROUNDED),
    "Selu": (-4, 4, ELEMENTARY),
    "Sigmoid": (-9, 9, ELEMENTARY),
    "Sign": (-4, 4, EXACT),
    "Sin": (-9, 9, ELEMENTARY),
    "Sinh": (-5, 5, ELEMENTARY),
    "Softplus": (-20, 20, ELEMENTARY),
    "Softsign": (-9, 9, ROUNDED),
    "Sqrt": (0, 9, EXACT),
    "Square": (-4, 4, EXACT),
    "Tan": (-1.5, 1.5, ELEMENTARY),
    "Tanh": (-9, 9, ELEMENTARY),
}
TIES = {"Ceil", "Floor", "Rint", "Round", "Sign"}
INTEGER_UNARY = {"Abs": "i", "Neg": "i", "Sign": "i", "Square": "i", "Relu": "iu", "Relu6": "iu", "Round": "i"}
LACKS = {  # what TensorFlow has no CPU kernel for
    "Digamma": ["bfloat16"],
    "Erfinv": ["float16", "bfloat16"],
    "Inv": ["bfloat16"],
    "Lgamma": ["bfloat16"],
    "Ndtri": ["float16", "bfloat16"],
    "Rint": ["float16", "bfloat16"],
    "Round": ["int8", "int16"],
}


def unary(op, low, high, tol):
    def on(make):
        def build(b):
            return getattr(b, op)(make(b))

        return build

    def random(dtype, *shape):
        def make(b):
            x = b.uniform(low, high, *shape)
            if op in ("IsFinite", "IsInf", "IsNan"):
                x = np.where(b.rng.uniform(0, 1, shape) < 0.5, x, b.rng.choice([np.nan, np.inf, -np.inf], shape))
            return b.input((np.round(x * 2) / 2 if op in TIES else x).astype(dtype))

        return make

    options = {"producer": 16} if op == "Inv" else {}
    for dtype in FLOATS:
        if type_name(dtype) not in LACKS.get(op, []):
            case(op, type_name(dtype), on(random(dtype, 3, 7)), tol, **options)
    case(op, "scalar", on(random(np.float32)), tol, **options)
    case(op, "empty", on(random(np.float32, 2, 0, 3)), tol, **options)
    case(op, "rank5", on(random(np.float32, 2, 1, 3, 1, 3)), tol, **options)
    case(op, "special_values", on(lambda b: b.input(SPECIALS, np.float32)), tol, **options)
    for dtype in INTEGERS:
        if np.dtype(dtype).kind in INTEGER_UNARY.get(op, "") and type_name(dtype) not in LACKS.get(op, []):
            signed = np.dtype(dtype).kind == "i"
            make = lambda b, t=dtype, s=signed: b.input(b.ints(-9 if s else 0, 10, 5, 4, dtype=t))
            # TensorFlow 2.21 answers 0 for Round of integers, a defect; 1.15 hands them on.
            case(op, type_name(dtype), on(make), old=op == "Round", **options)


for _op, (_low, _high, _tol) in UNARY.items():
    unary(_op, _low, _high, _tol)

for _alpha in [0.0, 0.1, 1.0, 1.5, -0.5]:
    case("LeakyRelu", "alpha_%g" % _alpha, lambda b, a=_alpha: b.LeakyRelu(b.input(b.normal(3, 7)), alpha=a))
case("LeakyRelu", "alpha_left_out", lambda b: b.LeakyRelu(b.input(b.normal(3, 7))), bare=True)
for _dtype in INTEGERS:
    case("Invert", type_name(_dtype), lambda b, t=_dtype: b.Invert(b.input(b.ints(0, 127, 4, 5, dtype=t))))
case("LogicalNot", "matrix", lambda b: b.LogicalNot(b.input(b.ints(0, 2, 3, 4, dtype=bool))))
case("LogicalNot", "scalar", lambda b: b.LogicalNot(b.input(True)))
case("LogicalNot", "empty", lambda b: b.LogicalNot(b.input(np.zeros([0, 2], bool))))


def passing():
    """Ops that hand on what they get."""
    for op in ["Identity", "Snapshot", "StopGradient", "PreventGradient"]:
        for dtype in [np.float32, np.float16, BFLOAT16, np.int64, np.uint8, bool]:
            case(
                op,
                type_name(dtype),
                lambda b, o=op, t=dtype: getattr(b, o)(b.input(b.ints(0, 2 if t is bool else 9, 2, 3, dtype=t))),
            )
        case(op, "empty", lambda b, o=op: getattr(b, o)(b.input(np.zeros([0, 3], np.float32))))
    case("Identity", "strings", lambda b: b.Identity(b.input(np.array([b"a", b"", b"\xff\x00z"], object))))
    case("Identity", "constant", lambda b: b.Identity(b.normal(2, 3)))
    case("IdentityN", "three_types", lambda b: b.IdentityN([b.input(b.normal(2)), b.input(3), b.input([True])]))
    case("IdentityN", "one", lambda b: b.IdentityN([b.input(b.normal(2, 2))]))
    for dtype in [np.float32, np.float64, np.float16, BFLOAT16]:
        make = lambda b, t=dtype: b.CheckNumerics(b.input(b.normal(2, 3, dtype=t)), message="not finite")
        case("CheckNumerics", type_name(dtype), make)

    @case("PlaceholderWithDefault", "left_at_default")
    def _(b):
        return b.Square(b.PlaceholderWithDefault(b.normal(2, 3), shape=[2, 3]))

    @case("PlaceholderWithDefault", "fed")
    def _(b):
        default = b.PlaceholderWithDefault(np.float32([1, 2]), shape=[None], name="d")
        b.feeds["d"] = b.normal(5)
        return b.Square(default)


passing()

PAIRS = {  # kinds of broadcasting
    "same": ([3, 4], [3, 4]),
    "scalar_right": ([3, 4], []),
    "scalar_left": ([], [3, 4]),
    "scalars": ([], []),
    "one_right": ([3, 4], [1]),
    "row": ([3, 4], [4]),
    "row_left": ([4], [3, 4]),
    "column": ([3, 4], [3, 1]),
    "outer": ([3, 1], [1, 4]),
    "middle": ([2, 3, 2], [2, 1, 2]),
    "channels_nchw": ([2, 3, 2, 2], [3, 1, 1]),
    "rank5": ([2, 1, 3, 1, 2], [1, 2, 1, 2, 1]),
    "empty": ([0, 3], [1, 3]),
    "empty_scalar": ([2, 0], []),
    "empty_against_one": ([2, 1], [0]),
}
FEW = ["same", "scalar_right", "row_left", "outer", "empty"]
FLOAT_KINDS = "float32 float64 float16 bfloat16".split()
INTEGER_KINDS = "int8 uint8 int16 uint16 int32 int64".split()
NUMBERS = FLOAT_KINDS + INTEGER_KINDS

# op: its types (the first is tried with all kinds of broadcasting), (low, high) of left and right, tolerance
BINARY = {
    "Add": ("float32 float64 float16 bfloat16 int8 uint8 int16 int32 int64", (-9, 9), (-9, 9), EXACT),
    "AddV2": (NUMBERS, (-9, 9), (-9, 9), EXACT),
    "Sub": (NUMBERS, (-9, 9), (-9, 9), EXACT),
    "Mul": (NUMBERS, (-9, 9), (-9, 9), EXACT),
    "Div": (NUMBERS, (-9, 9), (1, 5), EXACT),
    "RealDiv": (FLOAT_KINDS, (-9, 9), (0.5, 5), EXACT),
    "FloorDiv": (NUMBERS, (-9, 9), (1, 5), EXACT),
    "TruncateDiv": (INTEGER_KINDS, (-9, 9), (1, 5), EXACT),
    "FloorMod": ("int32 int64 float32 float64 float16 bfloat16 int8 uint8 int16 uint16", (-9, 9), (1, 5), ROUNDED),
    "Mod": ("int32 int64 float32 float64", (-9, 9), (1, 5), EXACT),
    "TruncateMod": ("int32 int64 float32 float64", (-9, 9), (1, 5), EXACT),
    "DivNoNan": (FLOAT_KINDS, (-9, 9), (-2, 2), EXACT),
    "MulNoNan": (FLOAT_KINDS, (-9, 9), (-2, 2), EXACT),
    "Maximum": (NUMBERS, (-9, 9), (-9, 9), EXACT),
    "Minimum": (NUMBERS, (-9, 9), (-9, 9), EXACT),
    "Pow": ("float32 float64 float16 bfloat16 int32 int64", (0.1, 4), (-3, 3), ELEMENTARY),
    "SquaredDifference": ("float32 float64 float16 bfloat16 int32 int64", (-9, 9), (-9, 9), ROUNDED),
    "Atan2": (FLOAT_KINDS, (-3, 3), (-3, 3), ELEMENTARY),
    "Xdivy": (FLOAT_KINDS, (-2, 2), (0.5, 5), EXACT),
    "Xlogy": (FLOAT_KINDS, (-2, 2), (0.1, 5), ELEMENTARY),
    "Xlog1py": (FLOAT_KINDS, (-2, 2), (-0.9, 5), ELEMENTARY),
    "NextAfter": ("float32 float64", (-3, 3), (-3, 3), EXACT),
    "Less": (NUMBERS, (-3, 3), (-3, 3), EXACT),
    "LessEqual": (NUMBERS, (-3, 3), (-3, 3), EXACT),
    "Greater": (NUMBERS, (-3, 3), (-3, 3), EXACT),
    "GreaterEqual": (NUMBERS, (-3, 3), (-3, 3), EXACT),
    "Equal": (NUMBERS + ["bool"], (-2, 2), (-2, 2), EXACT),
    "NotEqual": (NUMBERS + ["bool"], (-2, 2), (-2, 2), EXACT),
    "LogicalAnd": ("bool", (0, 2), (0, 2), EXACT),
    "LogicalOr": ("bool", (0, 2), (0, 2), EXACT),
    "BitwiseAnd": (["int32"] + INTEGER_KINDS, (-99, 99), (-99, 99), EXACT),
    "BitwiseOr": (["int32"] + INTEGER_KINDS, (-99, 99), (-99, 99), EXACT),
    "BitwiseXor": (["int32"] + INTEGER_KINDS, (-99, 99), (-99, 99), EXACT),
    "LeftShift": (["int32"] + INTEGER_KINDS, (-99, 99), (0, 7), EXACT),
    "RightShift": (["int32"] + INTEGER_KINDS, (-99, 99), (0, 7), EXACT),
}
WHOLE = {
    "Less",
    "LessEqual",
    "Greater",
    "GreaterEqual",
    "Equal",
    "NotEqual",
    "Maximum",
    "Minimum",
    "DivNoNan",
    "MulNoNan",
}


def operand(b, op, dtype, limits, shape):
    """Random numbers; one alone is chosen so that the answer is not the same everywhere."""
    low, high = limits
    single = int(np.prod(shape)) == 1
    if dtype == "bool":
        mixed = (np.arange(np.prod(shape)) + b.ints(0, 3)) % 3 != 1
        return np.full(shape, op == "LogicalAnd") if single else mixed.reshape(shape)
    if single:
        low = high = low + 0.7 * (high - low)
    dtype = tf.as_dtype(dtype).as_numpy_dtype
    if np.dtype(dtype).kind in "iu":
        low = max(low, 0) if np.dtype(dtype).kind == "u" or op == "Pow" else low
        low = int(low) if single else int(np.ceil(low))
        return b.ints(low, max(int(high), low + 1), *shape, dtype=dtype)
    x = b.uniform(low, high, *shape)
    return (np.round(x) if op in WHOLE else x).astype(dtype)


def binary(op, types, left, right, tol):
    def build(dtype, kind):
        def add(b):
            shapes = PAIRS[kind]
            x = b.input(operand(b, op, dtype, left, shapes[0]), name="x")
            y = b.input(operand(b, op, dtype, right, shapes[1]), name="y")
            return getattr(b, op)(x, y)

        return add

    types = list(dict.fromkeys(types.split() if isinstance(types, str) else types))
    for kind in PAIRS:
        case(op, "%s_%s" % (types[0], kind), build(types[0], kind), tol)
    for dtype in types[1:]:
        for kind in FEW if dtype in ("int32", "float64", "int64") else FEW[:2] + FEW[3:4]:
            case(op, "%s_%s" % (dtype, kind), build(dtype, kind), tol)


for _op, (_types, _left, _right, _tol) in BINARY.items():
    binary(_op, _types, _left, _right, _tol)


NARROW_MOD = ("Mod", "TruncateMod")  # these have no kernels for the short types


def two(b, x, y, dtype):
    return b.input(x, dtype, name="x"), b.input(y, dtype, name="y")


def binary_edges():
    signs = [7, -7, 7, -7, 6, -6, 0, 1], [3, 3, -3, -3, 3, -3, -5, -2]
    for op in ["FloorDiv", "FloorMod", "Div", "TruncateDiv", "Mod", "TruncateMod"]:
        for dtype in [np.int32, np.int64, np.int8, np.float32, np.float16, BFLOAT16]:
            kind = np.dtype(dtype).kind if dtype != BFLOAT16 else "f"
            if op == "TruncateDiv" and kind == "f" or op in NARROW_MOD and dtype in (np.int8, np.float16, BFLOAT16):
                continue
            name = "signs_" + type_name(dtype)
            case(op, name, lambda b, o=op, t=dtype: getattr(b, o)(*two(b, signs[0], signs[1], t)), ROUNDED)
    halves = [5.5, -5.5, 5.5, -5.5, 0.3, -0.3, 1e-8, 9], [2.5, 2.5, -2.5, -2.5, 0.1, 0.1, -3, np.inf]
    for op in ["FloorDiv", "FloorMod", "Mod", "TruncateMod"]:
        case(op, "signs_fractions", lambda b, o=op: getattr(b, o)(*two(b, halves[0], halves[1], np.float32)), ROUNDED)
    zeros = [0, 1, -1, 0, np.inf, np.nan, 5], [0, 0, -0.0, 3, 0, 0, -0.5]
    for op in ["DivNoNan", "MulNoNan", "RealDiv", "Xdivy", "Xlogy", "Xlog1py", "Div", "Atan2", "Maximum", "Minimum"]:
        case(op, "zeros", lambda b, o=op: getattr(b, o)(*two(b, zeros[0], zeros[1], np.float32)), ELEMENTARY)
        case(op, "zeros_swapped", lambda b, o=op: getattr(b, o)(*two(b, zeros[1], zeros[0], np.float32)), ELEMENTARY)
    unordered = [np.nan, 1, np.nan, np.inf, -np.inf, 0.0], [np.nan, np.nan, 2, np.inf, np.inf, -0.0]
    for op in ["Maximum", "Minimum", "Less", "LessEqual", "Greater", "GreaterEqual", "Equal", "NotEqual"]:
        case(op, "nan_and_inf", lambda b, o=op: getattr(b, o)(*two(b, unordered[0], unordered[1], np.float32)))
        case(op, "nan_and_inf_swapped", lambda b, o=op: getattr(b, o)(*two(b, unordered[1], unordered[0], np.float32)))
    powers = [-2, -2, 0, 0, 2, -1, 1e20, -2], [3, 2, 0, 2, -1, -3, 3, 0.5]
    case("Pow", "edges", lambda b: b.Pow(*two(b, powers[0], powers[1], np.float32)), ELEMENTARY)
    case("Pow", "int32_bases", lambda b: b.Pow(*two(b, [-2, -1, 0, 1, 2, 3], [3, 5, 0, 9, 10, 4], np.int32)))
    for dtype in [np.int8, np.uint8, np.int32, np.int64]:
        amounts = [0, 1, 7, 8, 31, 40, 64, 100]
        for op in ["LeftShift", "RightShift"]:
            make = lambda b, o=op, t=dtype: getattr(b, o)(*two(b, [93, 93, 93, 93, 93, 93, 1, 1], amounts, t))
            case(op, "beyond_width_" + type_name(dtype), make)
    for dtype in [np.int8, np.uint8, np.int32]:
        high, low = np.iinfo(dtype).max, np.iinfo(dtype).min
        for op in ["AddV2", "Sub", "Mul"]:
            make = lambda b, o=op, t=dtype, h=high, l=low: getattr(b, o)(*two(b, [h, l, h, l], [1, 1, h, h], t))
            case(op, "wraps_" + type_name(dtype), make)
    case("Add", "strings", lambda b: b.Add(*two(b, np.array([b"a", b""], object), np.array([b"b"], object), None)))
    case("AddV2", "unknown_shapes", lambda b: b.AddV2(b.input(b.normal(2, 3), shape=[None, None]), b.normal(3)))
    case("Mul", "same_tensor", lambda b: (lambda x: b.Mul(x, x))(b.input(b.normal(2, 3))))
    case("Sub", "constant_left", lambda b: b.Sub(np.float32(1), b.input(b.normal(2, 3))))


binary_edges()


def comparisons():
    for op in ["Equal", "NotEqual"]:
        make = lambda b, o=op: getattr(b, o)(
            *two(b, b.ints(0, 2, 3), b.ints(0, 2, 3), None), incompatible_shape_error=False
        )
        case(op, "shape_error_off_same", make)
        make = lambda b, o=op: getattr(b, o)(
            *two(b, b.ints(0, 2, 3), b.ints(0, 2, 4), None), incompatible_shape_error=False
        )
        case(op, "shape_error_off_mismatch", make)
        strings = np.array([b"a", b"b", b""], object)
        case(op, "strings", lambda b, o=op, s=strings: getattr(b, o)(*two(b, s, np.array([b"b"], object), None)))
    for tolerance in [1e-5, 0.1]:
        make = lambda b, e=tolerance: b.ApproximateEqual(
            *two(b, [1, 2, 3], [1.05, 2.000001, 4], np.float32), tolerance=e
        )
        case("ApproximateEqual", "tolerance_%g" % tolerance, make)
    case(
        "ApproximateEqual",
        "float64",
        lambda b: b.ApproximateEqual(*two(b, [1, 2], [1.0000001, 3], np.float64)),
        bare=True,
    )


comparisons()


def several():
    for dtype in [np.float32, np.float64, np.float16, BFLOAT16, np.int32, np.int64]:
        for count in [1, 2, 3, 9]:
            make = lambda b, n=count, t=dtype: b.AddN([b.input(b.uniform(-9, 9, 2, 3).astype(t)) for _ in range(n)])
            case("AddN", "%s_%d" % (type_name(dtype), count), make, ROUNDED)
    case("AddN", "empty", lambda b: b.AddN([b.input(b.normal(0, 3)), b.input(b.normal(0, 3))]))
    case("AddN", "scalars", lambda b: b.AddN([b.input(np.float32(1.5)), b.input(np.float32(2))]))


several()


def accumulate(b, count, dtype=np.float32):
    parts = [b.input(b.uniform(-9, 9, 2, 3).astype(dtype)) for _ in range(count)]
    if b.running:
        return b.AddN(parts, name="AccumulateNV2")
    return b.AccumulateNV2(parts, shape=[2, 3])


for _count in [1, 2, 4]:
    # A graph optimisation of TensorFlow replaces the op, it has no kernel: AddN stands in.
    case("AccumulateNV2", "float32_%d" % _count, lambda b, n=_count: accumulate(b, n), ROUNDED, stand_in=True)
