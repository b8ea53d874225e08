"""Shapes, slicing, joining, padding and moving of data."""

import numpy as np

from case import BFLOAT16, ELEMENTARY, case
from tf_api import tf

TYPES = [np.float32, np.float64, np.float16, BFLOAT16, np.int32, np.int64, np.uint8, np.int8, bool]
SHORT = [np.float32, np.float16, BFLOAT16, np.int64, np.uint8, bool]


def name_of(dtype):
    return tf.as_dtype(dtype).name


def array(b, shape, dtype=np.float32, name="x"):
    """A fed tensor of random numbers; of alternating truth values for bool."""
    if dtype is bool:
        return b.input((np.arange(np.prod(shape)) % 3 != 1).reshape(shape), name=name)
    return b.input(b.ints(0, 100, *shape, dtype=np.int64).astype(dtype), name=name)


def shape_arguments():
    targets = {
        "flat": ([2, 3, 4], [-1]),
        "infer_middle": ([2, 3, 4], [2, -1, 2]),
        "split": ([6, 4], [2, 3, 4]),
        "to_scalar": ([1, 1], []),
        "from_scalar": ([], [1, 1]),
        "empty": ([0, 3], [3, 0]),
        "empty_infer": ([0, 3], [-1, 3]),
    }
    for name, (shape, target) in targets.items():
        case("Reshape", name, lambda b, s=shape, t=target: b.Reshape(array(b, s), np.array(t, np.int32)))
    case("Reshape", "fed", lambda b: b.Reshape(array(b, [2, 6]), b.input([3, -1], np.int32, name="shape")))
    case("Reshape", "int64", lambda b: b.Reshape(array(b, [2, 6]), np.int64([4, 3])))
    case("Reshape", "from_shape", lambda b: b.Reshape(array(b, [2, 6]), b.Shape(array(b, [3, 4], name="like"))))

    @case("Reshape", "batch_from_shape")
    def _(b):
        x = b.input(b.normal(2, 3, 4), shape=[None, 3, 4])
        batch = b.StridedSlice(b.Shape(x), [0], [1], [1], shrink_axis_mask=1)
        return b.Reshape(x, b.Pack([batch, np.int32(-1)]))

    for axis in [0, 1, 2, -1, -3]:
        case("ExpandDims", "axis_%d" % axis, lambda b, a=axis: b.ExpandDims(array(b, [2, 3]), np.int32(a)))
    case("ExpandDims", "scalar", lambda b: b.ExpandDims(array(b, []), np.int32(0)))
    case("ExpandDims", "fed", lambda b: b.ExpandDims(array(b, [2, 3]), b.input(-2, np.int32, name="axis")))
    case("ExpandDims", "int64_vector_axis", lambda b: b.ExpandDims(array(b, [2, 0]), np.int64([1])))
    squeezed = {"all": [], "one": [0], "negative": [-1, -3], "two": [2, 0]}
    for name, axes in squeezed.items():
        case(
            "Squeeze",
            name,
            lambda b, a=axes: b.Squeeze(array(b, [1, 3, 1, 2, 1] if a != [-1, -3] else [2, 1, 3, 1]), squeeze_dims=a),
        )
    case("Squeeze", "to_scalar", lambda b: b.Squeeze(array(b, [1, 1])), bare=True)
    case("Squeeze", "nothing_to_do", lambda b: b.Squeeze(array(b, [2, 3])))
    for output in [tf.int32, tf.int64]:
        for shape in [[], [0], [2, 0, 3], [4, 1]]:
            name = "rank%d_%s" % (len(shape), output.name) + "_empty" * (0 in shape)
            case("Shape", name, lambda b, s=shape, t=output: b.Shape(array(b, s), out_type=t))
            case("Size", name, lambda b, s=shape, t=output: b.Size(array(b, s), out_type=t))
    case("Shape", "unknown", lambda b: b.Shape(b.input(b.normal(2, 3), shape=[None, None])), bare=True)
    case("ShapeN", "three", lambda b: b.ShapeN([array(b, [2, 3]), array(b, []), array(b, [0, 1])]))
    case("ShapeN", "int64", lambda b: b.ShapeN([array(b, [2, 3])], out_type=tf.int64))
    for shape in [[], [3], [0, 1, 2, 1]]:
        case("Rank", "rank%d" % len(shape), lambda b, s=shape: b.Rank(array(b, s)))


shape_arguments()


def filling():
    for dtype in TYPES:
        case("Fill", name_of(dtype), lambda b, t=dtype: b.Fill(np.int32([2, 3]), b.input(1, t)))
        for op in ["ZerosLike", "OnesLike"]:
            case(op, name_of(dtype), lambda b, o=op, t=dtype: getattr(b, o)(array(b, [2, 3], t)))
    case("Fill", "scalar", lambda b: b.Fill(np.zeros([0], np.int32), np.float32(2.5)))
    case("Fill", "empty", lambda b: b.Fill(np.int64([0, 2]), np.float32(2.5)))
    case(
        "Fill",
        "fed",
        lambda b: b.Fill(b.input([2, 1, 3], np.int32, name="dims"), b.input(2.5, np.float32, name="value")),
    )
    case("ZerosLike", "empty", lambda b: b.ZerosLike(array(b, [0, 2])))
    ranges = [(0, 5, 1), (3, -4, -2), (2, 2, 1), (1, 10, 4), (-3, 3, 2)]
    for start, limit, step in ranges:
        for dtype in [np.int32, np.int64, np.float32]:
            name = "%s_%d_%d_%d" % (name_of(dtype), start, limit, step)
            case("Range", name, lambda b, v=(start, limit, step), t=dtype: b.Range(*[t(n) for n in v]))
    case(
        "Range", "fractions", lambda b: b.Range(b.input(0.1, np.float32), np.float32(1.0), np.float32(0.1)), ELEMENTARY
    )
    case("Range", "float64", lambda b: b.Range(np.float64(0), b.input(1.0, np.float64), np.float64(0.3)), ELEMENTARY)
    case(
        "Range",
        "fed",
        lambda b: b.Range(b.input(2, np.int32), b.input(9, np.int32, name="limit"), b.input(3, np.int32, name="step")),
    )
    case("Range", "of_size", lambda b: b.Range(np.int32(0), b.Size(array(b, [2, 3])), np.int32(1)))
    for start, stop, count in [(0, 1, 5), (-2, 3, 4), (3, 3, 2), (1, 9, 1), (10, 0, 7)]:
        name = "%d_%d_%d" % (start, stop, count)
        make = lambda b, v=(start, stop, count): b.LinSpace(np.float32(v[0]), b.input(v[1], np.float32), np.int32(v[2]))
        case("LinSpace", name, make, ELEMENTARY)
    case(
        "LinSpace", "float64_fed", lambda b: b.LinSpace(np.float64(0), np.float64(1), b.input(6, np.int64)), ELEMENTARY
    )


filling()


def joining():
    parts = lambda b, shapes, t=np.float32: [array(b, s, t) for s in shapes]
    shapes = {
        0: [[2, 3], [1, 3], [0, 3]],
        1: [[2, 3], [2, 1], [2, 4]],
        -1: [[2, 1, 2], [2, 1, 0], [2, 1, 3]],
        -2: [[1, 2], [3, 2]],
    }
    for axis, dims in shapes.items():
        case("ConcatV2", "axis_%d" % axis, lambda b, a=axis, d=dims: b.ConcatV2(parts(b, d), np.int32(a)))
        if axis >= 0:
            case("Concat", "axis_%d" % axis, lambda b, a=axis, d=dims: b.Concat(np.int32(a), parts(b, d)))
    for dtype in TYPES:
        for op, order in [("ConcatV2", 1), ("Concat", 0)]:
            make = lambda b, o=op, r=order, t=dtype: getattr(b, o)(
                *[parts(b, [[2, 2], [2, 3]], t), np.int32(1)][:: 1 if r else -1]
            )
            case(op, name_of(dtype), make)
        case("Pack", name_of(dtype), lambda b, t=dtype: b.Pack(parts(b, [[2, 2], [2, 2]], t), axis=1))
        case("Unpack", name_of(dtype), lambda b, t=dtype: b.Unpack(array(b, [3, 2], t), num=3))
    case("ConcatV2", "axis_fed", lambda b: b.ConcatV2(parts(b, [[2, 3], [2, 1]]), b.input(1, np.int32, name="axis")))
    case("ConcatV2", "axis_int64", lambda b: b.ConcatV2(parts(b, [[2, 3], [2, 1]]), np.int64(-1)))
    case("ConcatV2", "all_empty", lambda b: b.ConcatV2(parts(b, [[0, 2], [0, 2]]), np.int32(0)))
    case(
        "ConcatV2",
        "strings",
        lambda b: b.ConcatV2([b.input(np.array([b"a"], object)), b.input(np.array([b"", b"bc"], object))], np.int32(0)),
    )
    case("Concat", "axis_fed", lambda b: b.Concat(b.input(1, np.int32, name="axis"), parts(b, [[2, 3], [2, 1]])))
    case(
        "ConcatOffset",
        "axis_1",
        lambda b: b.ConcatOffset(np.int32(1), [b.input(s, np.int32) for s in ([2, 3], [2, 1], [2, 4])]),
    )
    case("ConcatOffset", "axis_0", lambda b: b.ConcatOffset(np.int32(0), [np.int32([5, 3]), b.input([2, 3], np.int32)]))
    for axis in [0, 1, 2, -1, -3]:
        case("Pack", "axis_%d" % axis, lambda b, a=axis: b.Pack(parts(b, [[2, 3]] * 3), axis=a))
    case("Pack", "scalars", lambda b: b.Pack(parts(b, [[], []])), bare=True)
    case("Pack", "one", lambda b: b.Pack(parts(b, [[2]])))
    case("Pack", "empty", lambda b: b.Pack(parts(b, [[0, 2], [0, 2]]), axis=0))
    for axis in [0, 1, 2, -1, -2]:
        case("Unpack", "axis_%d" % axis, lambda b, a=axis: b.Unpack(array(b, [3, 3, 3]), num=3, axis=a))
    case("Unpack", "vector", lambda b: b.Unpack(array(b, [2]), num=2), bare=True)
    case("Unpack", "nothing", lambda b: [b.ZerosLike(array(b, [2]))] + b.Unpack(array(b, [0, 2]), num=0))
    case("Unpack", "empty_parts", lambda b: b.Unpack(array(b, [2, 0]), num=2))


joining()


def splitting():
    for axis in [0, 1, -1]:
        case("Split", "axis_%d" % axis, lambda b, a=axis: b.Split(np.int32(a), array(b, [4, 6, 2]), num_split=2))
    for dtype in TYPES:
        case("Split", name_of(dtype), lambda b, t=dtype: b.Split(np.int32(1), array(b, [2, 6], t), num_split=3))
        case(
            "SplitV",
            name_of(dtype),
            lambda b, t=dtype: b.SplitV(array(b, [2, 6], t), np.int32([1, 3, 2]), np.int32(1), num_split=3),
        )
    case("Split", "one", lambda b: b.Split(np.int32(0), array(b, [3, 2]), num_split=1))
    case("Split", "axis_fed", lambda b: b.Split(b.input(1, np.int32, name="axis"), array(b, [2, 4]), num_split=2))
    case("Split", "channels", lambda b: b.Split(np.int32(3), array(b, [1, 2, 3, 4]), num_split=4))
    case("Split", "empty", lambda b: b.Split(np.int32(0), array(b, [0, 4]), num_split=2))
    for name, (axis, sizes) in {
        "rest": (0, [1, -1, 2]),
        "zero": (1, [0, 4]),
        "negative_axis": (-2, [3, 3]),
        "one": (0, [6]),
    }.items():
        make = lambda b, a=axis, s=sizes: b.SplitV(array(b, [6, 4]), np.int32(s), np.int32(a), num_split=len(s))
        case("SplitV", name, make)
    case("SplitV", "sizes_int64", lambda b: b.SplitV(array(b, [6, 4]), np.int64([2, 4]), np.int32(0), num_split=2))
    case(
        "SplitV",
        "fed",
        lambda b: b.SplitV(array(b, [5]), b.input([2, -1], np.int32, name="sizes"), np.int32(0), num_split=2),
    )


splitting()


def slicing():
    slices = {
        "inside": ([4, 5], [1, 2], [2, 3]),
        "to_end": ([4, 5], [1, 0], [-1, -1]),
        "mixed": ([2, 3, 4], [0, 1, 2], [-1, 1, 2]),
        "nothing": ([4, 5], [4, 0], [0, 5]),
        "all": ([3], [0], [3]),
        "scalar": ([], [], []),
        "rank5": ([2, 2, 3, 2, 2], [1, 0, 1, 0, 1], [1, 2, 2, -1, 1]),
    }
    for name, (shape, begin, size) in slices.items():
        make = lambda b, s=shape, i=begin, n=size: b.Slice(array(b, s), np.array(i, np.int32), np.array(n, np.int32))
        case("Slice", name, make)
    for dtype in TYPES:
        case(
            "Slice",
            name_of(dtype),
            lambda b, t=dtype: b.Slice(array(b, [3, 4], t), np.int64([1, 1]), np.int64([2, -1])),
        )
    fed = lambda b: [b.input([1, 0], np.int32, name="begin"), b.input([-1, 2], np.int32, name="size")]
    case("Slice", "fed", lambda b: b.Slice(array(b, [3, 4]), *fed(b)))
    case(
        "Slice",
        "strings",
        lambda b: b.Slice(b.input(np.array([b"a", b"b", b"c"], object)), np.int32([1]), np.int32([2])),
    )


slicing()

STRIDED = {  # name: (shape, begin, end, strides, masks)
    "plain": ([5, 6], [1, 2], [4, 5], [1, 1], {}),
    "steps": ([5, 6], [0, 1], [5, 6], [2, 3], {}),
    "negative_steps": ([5, 6], [4, 5], [0, 1], [-1, -2], {}),
    "negative_indices": ([5, 6], [-3, -4], [-1, -1], [1, 1], {}),
    "reverse_all": ([5, 3], [0, 0], [0, 0], [-1, 1], dict(begin_mask=3, end_mask=3)),
    "out_of_range": ([5], [-99], [99], [1], {}),
    "out_of_range_reverse": ([5], [99], [-99], [-2], {}),
    "empty_result": ([5, 2], [3, 0], [3, 2], [1, 1], {}),
    "crossed": ([5], [4], [1], [1], {}),
    "crossed_reverse": ([5], [1], [4], [-1], {}),
    "empty_input": ([0, 3], [0, 1], [0, 3], [1, 1], dict(begin_mask=1, end_mask=1)),
    "begin_mask": ([4, 5], [2, 3], [4, 5], [1, 1], dict(begin_mask=1)),
    "end_mask": ([4, 5], [1, 1], [2, 2], [1, 1], dict(end_mask=2)),
    "fewer_indices": ([3, 4, 2], [1], [3], [1], {}),
    "shrink": ([3, 4], [1, 0], [2, 4], [1, 1], dict(shrink_axis_mask=1)),
    "shrink_negative": ([3, 4], [-1, -2], [0, 0], [1, 1], dict(shrink_axis_mask=3)),
    "shrink_ignores_end": ([3, 4], [1, 0], [99, 4], [1, 1], dict(shrink_axis_mask=1)),
    "shrink_ignores_masks": ([3, 4], [1, 0], [2, 4], [1, 1], dict(shrink_axis_mask=1, begin_mask=1, end_mask=1)),
    "new_axis_first": ([3, 4], [0, 1], [0, 2], [1, 1], dict(new_axis_mask=1)),
    "new_axis_last": ([3, 4], [0, 0, 0], [3, 4, 0], [1, 1, 1], dict(new_axis_mask=4)),
    "new_axis_and_shrink": (
        [3, 4],
        [0, 2, 0],
        [0, 3, 0],
        [1, 1, 1],
        dict(new_axis_mask=1, shrink_axis_mask=2, end_mask=4),
    ),
    "new_axis_beats_shrink": ([3, 4], [0, 1], [1, 3], [1, 1], dict(new_axis_mask=1, shrink_axis_mask=1)),
    "ellipsis_first": ([2, 3, 4], [0, 1], [0, 3], [1, 1], dict(ellipsis_mask=1)),
    "ellipsis_middle": ([2, 3, 4, 2], [1, 0, 0], [2, 0, 1], [1, 1, 1], dict(ellipsis_mask=2)),
    "ellipsis_last": ([2, 3, 4], [1, 0], [2, 0], [1, 1], dict(ellipsis_mask=2)),
    "ellipsis_of_nothing": ([2, 3], [0, 0, 1], [2, 0, 3], [1, 1, 1], dict(ellipsis_mask=2)),
    "ellipsis_new_axis": ([2, 3, 4], [0, 0, 0], [0, 0, 2], [1, 1, 1], dict(ellipsis_mask=1, new_axis_mask=2)),
    "ellipsis_shrink": ([2, 3, 4], [0, 0, -1], [0, 0, 0], [1, 1, 1], dict(ellipsis_mask=2, shrink_axis_mask=5)),
    "channel": ([1, 3, 3, 4], [0, 2], [0, 3], [1, 1], dict(ellipsis_mask=1)),
    "swap_channels": ([1, 2, 2, 3], [0, 0], [0, 0], [1, -1], dict(ellipsis_mask=1, begin_mask=2, end_mask=2)),
    "no_indices": ([2, 3], [], [], [], {}),
    "rank6": ([2, 2, 3, 2, 2, 2], [0] * 6, [2, 1, 3, 2, 2, 1], [1, 1, 2, -1, 1, 1], dict(begin_mask=8, end_mask=8)),
    "scalar_with_new_axis": ([], [0, 0], [0, 0], [1, 1], dict(new_axis_mask=3)),
}


def strided(shape, begin, end, strides, masks, dtype=np.float32, index=np.int32):
    def build(b):
        where = [np.array(v, index) for v in (begin, end, strides)]
        return b.StridedSlice(array(b, shape, dtype), *where, **masks)

    return build


for _name, _how in STRIDED.items():
    case("StridedSlice", _name, strided(*_how))
for _dtype in TYPES:
    case("StridedSlice", name_of(_dtype), strided([3, 5], [0, 4], [3, 0], [2, -1], {}, dtype=_dtype, index=np.int64))


@case("StridedSlice", "fed")
def _(b):
    begin, end = b.input([1, 0], np.int32, name="begin"), b.input([3, -1], np.int32, name="end")
    return b.StridedSlice(array(b, [4, 5]), begin, end, b.input([1, 2], np.int32, name="strides"))


case("StridedSlice", "masks_left_out", strided([4, 5], [1, 2], [3, 4], [1, 1], {}), bare=True)


def padding():
    pads = {
        "all_sides": ([2, 3], [[1, 2], [0, 1]]),
        "nothing": ([2, 3], [[0, 0], [0, 0]]),
        "vector": ([3], [[2, 2]]),
        "scalar": ([], np.zeros([0, 2])),
        "empty": ([0, 2], [[1, 1], [0, 0]]),
        "spatial": ([1, 2, 3, 2], [[0, 0], [1, 2], [3, 0], [0, 0]]),
        "rank5": ([1, 2, 1, 2, 1], [[1, 0], [0, 1], [0, 0], [1, 1], [0, 1]]),
        "channels": ([1, 2, 2, 3], [[0, 0], [0, 0], [0, 0], [1, 2]]),
    }
    for name, (shape, sides) in pads.items():
        case("Pad", name, lambda b, s=shape, p=sides: b.Pad(array(b, s), np.array(p, np.int32)))
        case("PadV2", name, lambda b, s=shape, p=sides: b.PadV2(array(b, s), np.array(p, np.int32), np.float32(-1.5)))
    for dtype in TYPES:
        sides = np.int64([[1, 0], [2, 1]])
        case("Pad", name_of(dtype), lambda b, t=dtype, p=sides: b.Pad(array(b, [2, 2], t), p))
        case(
            "PadV2",
            name_of(dtype),
            lambda b, t=dtype, p=sides: b.PadV2(array(b, [2, 2], t), p, b.input(1, t, name="value")),
        )
        if dtype != bool:
            case(
                "MirrorPad",
                name_of(dtype),
                lambda b, t=dtype, p=sides: b.MirrorPad(array(b, [2, 3], t), p, mode="REFLECT"),
            )
    case("Pad", "fed", lambda b: b.Pad(array(b, [2, 3]), b.input([[1, 0], [0, 2]], np.int32, name="paddings")))
    mirrored = {
        "spatial": ([1, 3, 4, 2], [[0, 0], [1, 2], [2, 2], [0, 0]]),
        "vector": ([4], [[3, 2]]),
        "nothing": ([2, 2], [[0, 0], [0, 0]]),
        "rank5": ([2, 2, 2, 2, 2], [[1, 1]] * 5),
    }
    for mode in ["REFLECT", "SYMMETRIC"]:
        for name, (shape, sides) in mirrored.items():
            make = lambda b, s=shape, p=sides, m=mode: b.MirrorPad(array(b, s), np.int32(p), mode=m)
            case("MirrorPad", "%s_%s" % (mode.lower(), name), make)
    case("MirrorPad", "symmetric_full", lambda b: b.MirrorPad(array(b, [3]), np.int32([[3, 3]]), mode="SYMMETRIC"))
    case(
        "MirrorPad",
        "fed",
        lambda b: b.MirrorPad(array(b, [3, 3]), b.input([[1, 0], [0, 2]], np.int32, name="paddings"), mode="SYMMETRIC"),
    )


padding()


def rearranging():
    for name, (shape, times) in {
        "both": ([2, 3], [2, 2]),
        "once": ([2, 3], [1, 1]),
        "never": ([2, 3], [0, 2]),
        "vector": ([3], [4]),
        "scalar": ([], []),
        "empty": ([0, 2], [2, 3]),
        "rank5": ([1, 2, 1, 2, 1], [2, 1, 3, 1, 2]),
    }.items():
        case("Tile", name, lambda b, s=shape, n=times: b.Tile(array(b, s), np.array(n, np.int32)))
    orders = [
        [0, 1],
        [1, 0],
        [0, 2, 1],
        [2, 0, 1],
        [0, 3, 1, 2],
        [0, 2, 3, 1],
        [3, 1, 2, 0],
        [4, 2, 0, 3, 1],
        [0, 2, 1, 4, 3, 5],
        [],
        [0],
    ]
    for order in orders:
        make = lambda b, p=order: b.Transpose(array(b, [2, 3, 4, 2, 2, 1][: len(p)]), np.array(p, np.int32))
        case("Transpose", "order_" + "".join(map(str, order)), make)
    for dtype in TYPES:
        case("Transpose", name_of(dtype), lambda b, t=dtype: b.Transpose(array(b, [2, 3, 2], t), np.int64([2, 1, 0])))
        case("Tile", name_of(dtype), lambda b, t=dtype: b.Tile(array(b, [2, 2], t), np.int64([1, 3])))
    case("Transpose", "empty", lambda b: b.Transpose(array(b, [0, 3, 2]), np.int32([2, 0, 1])))
    case("Transpose", "fed", lambda b: b.Transpose(array(b, [2, 3]), b.input([1, 0], np.int32, name="perm")))
    case("Tile", "fed", lambda b: b.Tile(array(b, [2, 3]), b.input([1, 2], np.int32, name="multiples")))
    case("ConjugateTranspose", "float32", lambda b: b.ConjugateTranspose(array(b, [2, 3, 4]), np.int32([0, 2, 1])))
    for dtype in [np.int32, np.int64]:
        case("InvertPermutation", name_of(dtype), lambda b, t=dtype: b.InvertPermutation(b.input([3, 0, 2, 1], t)))
    case("InvertPermutation", "empty", lambda b: b.InvertPermutation(b.input([], np.int32)))


rearranging()
