"""Gather, scatter, reversing, broadcasting, spaces and blocks, matrices' diagonals, sets, partitions."""

import numpy as np

from arrays import SHORT, TYPES, array, name_of
from case import ROUNDED, case
from tf_api import tf


def gathers():
    for op in ["Gather", "GatherV2"]:
        more = [np.int32(0)] if op == "GatherV2" else []
        for indices in [[1], [2, 0, 0, 3], [[0, 1], [3, 2]], 2, []]:
            index = np.array(indices, np.int32)
            name = "rank%d_%d" % (index.ndim, index.size)
            case(
                op,
                name,
                lambda b, o=op, i=index, m=more: getattr(b, o)(array(b, [4, 3]), b.input(i, name="indices"), *m),
            )
        for dtype in TYPES:
            make = lambda b, o=op, t=dtype, m=more: getattr(b, o)(array(b, [5, 2], t), np.int64([4, 1]), *m)
            case(op, name_of(dtype), make)
        case(
            op,
            "strings",
            lambda b, o=op, m=more: getattr(b, o)(b.input(np.array([b"a", b"b"], object)), np.int32([1, 0, 1]), *m),
        )
    for axis in [1, 2, -1, -2]:
        make = lambda b, a=axis: b.GatherV2(array(b, [3, 4, 2]), np.int32([[1, 0], [0, 1]]), np.int32(a))
        case("GatherV2", "axis_%d" % axis, make)
    batched = {
        "batch_1": (1, 1, [2, 3]),
        "batch_1_axis_2": (1, 2, [2, 2]),
        "batch_2": (2, 2, [2, 4, 3]),
        "batch_negative": (-1, 1, [2, 3]),
        "batch_all": (1, 1, [2]),
    }
    for name, (batch, axis, shape) in batched.items():
        make = lambda b, n=batch, a=axis, s=shape: b.GatherV2(
            array(b, [2, 4, 3]), b.input(b.ints(0, 3, *s), name="indices"), np.int32(a), batch_dims=n
        )
        case("GatherV2", name, make)
    case(
        "GatherV2", "axis_fed", lambda b: b.GatherV2(array(b, [3, 4]), np.int32([1]), b.input(1, np.int32, name="axis"))
    )
    case(
        "GatherV2",
        "no_rows",
        lambda b: b.GatherV2(array(b, [3, 0]), np.int32([1, 2]), np.int32(0), batch_dims=0),
        bare=True,
    )


def gathers_nd():
    nd = {
        "rows": ([3, 4], [[2], [0]]),
        "elements": ([3, 4], [[2, 1], [0, 3]]),
        "whole": ([3, 4], [[], []]),
        "one": ([3, 4], [1, 2]),
        "deep": ([2, 3, 2], [[[1, 2]], [[0, 0]]]),
        "none": ([3, 4], np.zeros([0, 2])),
        "rank5": ([2, 2, 2, 2, 2], [[1, 0, 1, 0], [0, 1, 1, 1]]),
    }
    for name, (shape, indices) in nd.items():
        case(
            "GatherNd",
            name,
            lambda b, s=shape, i=indices: b.GatherNd(array(b, s), b.input(i, np.int32, name="indices")),
        )
    for dtype in TYPES:
        case("GatherNd", name_of(dtype), lambda b, t=dtype: b.GatherNd(array(b, [3, 2], t), np.int64([[1], [2]])))


gathers()
gathers_nd()


def scatters():
    for name, (shape, indices, updates) in {
        "rows": ([4, 3], [[2], [0]], [2, 3]),
        "twice": ([4], [[1], [1], [3]], [3]),
        "elements": ([3, 4], [[2, 1], [0, 3]], [2]),
        "none": ([3, 2], np.zeros([0, 1]), [0, 2]),
        "deep": ([2, 3, 2], [[[1, 2]], [[0, 0]]], [2, 1, 2]),
    }.items():
        index = np.array(indices, np.int32)
        make = lambda b, s=shape, i=index, u=updates: b.ScatterNd(
            b.input(i, name="indices"), array(b, u, name="updates"), np.int32(s)
        )
        case("ScatterNd", name, make, ROUNDED)
        for op in [
            "TensorScatterUpdate",
            "TensorScatterAdd",
            "TensorScatterSub",
            "TensorScatterMax",
            "TensorScatterMin",
        ]:
            make = lambda b, o=op, s=shape, i=index, u=updates: getattr(b, o)(
                array(b, s), b.input(i, name="indices"), array(b, u, name="updates")
            )
            case(op, name, make, ROUNDED)
    for dtype in SHORT:
        make = lambda b, t=dtype: b.ScatterNd(np.int64([[2], [0]]), array(b, [2, 2], t), np.int64([4, 2]))
        case("ScatterNd", name_of(dtype), make)
        make = lambda b, t=dtype: b.TensorScatterUpdate(array(b, [4, 2], t), np.int64([[2], [0]]), array(b, [2, 2], t))
        case("TensorScatterUpdate", name_of(dtype), make)
    case(
        "ScatterNd",
        "shape_fed",
        lambda b: b.ScatterNd(np.int32([[1]]), array(b, [1, 2]), b.input([3, 2], np.int32, name="shape")),
    )


scatters()


def reversing():
    for name, axes in {"first": [0], "last": [-1], "two": [0, 2], "none": [], "all": [0, 1, 2]}.items():
        case("ReverseV2", name, lambda b, a=axes: b.ReverseV2(array(b, [2, 3, 2]), np.array(a, np.int32)))
        flags = np.array([i in [a % 3 for a in axes] for i in range(3)])
        case("Reverse", name, lambda b, f=flags: b.Reverse(array(b, [2, 3, 2]), f))
    for dtype in TYPES:
        case("ReverseV2", name_of(dtype), lambda b, t=dtype: b.ReverseV2(array(b, [2, 3], t), np.int64([1])))
    case("Reverse", "image", lambda b: b.Reverse(array(b, [1, 2, 2, 3], np.uint8), [False, False, False, True]))
    case("ReverseV2", "empty", lambda b: b.ReverseV2(array(b, [0, 3]), np.int32([0])))
    case("ReverseV2", "fed", lambda b: b.ReverseV2(array(b, [2, 3]), b.input([1], np.int32, name="axes")))
    case("ReverseV2", "image", lambda b: b.ReverseV2(array(b, [1, 2, 2, 3]), np.int32([3])))
    for seq, batch in [(1, 0), (0, 1), (2, 0), (1, 2)]:
        lengths = [3, 0, 2, 1][: [2, 3, 4][batch]] if batch else [3, 2]
        make = lambda b, s=seq, a=batch, n=lengths: b.ReverseSequence(
            array(b, [3 - (a == 0), 3, 4]),
            b.input([min(v, 2) if s == 0 else v for v in n], np.int32, name="lengths"),
            seq_dim=s,
            batch_dim=a,
        )
        case("ReverseSequence", "sequence_%d_batch_%d" % (seq, batch), make)
    case(
        "ReverseSequence",
        "int64_lengths",
        lambda b: b.ReverseSequence(array(b, [2, 5]), np.int64([5, 1]), seq_dim=1),
        bare=True,
    )
    case(
        "ReverseSequence", "int32", lambda b: b.ReverseSequence(array(b, [2, 5], np.int32), np.int64([4, 3]), seq_dim=1)
    )
    for dtype in SHORT + [np.int32]:
        case(
            "Roll", name_of(dtype), lambda b, t=dtype: b.Roll(array(b, [3, 4], t), np.int32([1, -2]), np.int32([0, 1]))
        )
    for name, (shift, axis) in {
        "scalar": (2, 1),
        "negative": (-1, -1),
        "wraps": ([7], [0]),
        "same_axis_twice": ([1, 1], [0, 0]),
        "zero": (0, 0),
    }.items():
        case(
            "Roll",
            name,
            lambda b, s=shift, a=axis: b.Roll(array(b, [3, 4]), np.array(s, np.int64), np.array(a, np.int32)),
        )
    case("Roll", "empty", lambda b: b.Roll(array(b, [0, 4]), np.int32(1), np.int32(0)))


reversing()


def broadcasting():
    for name, (shape, target) in {
        "row": ([3], [2, 3]),
        "column": ([2, 1], [2, 3]),
        "scalar": ([], [2, 2]),
        "same": ([2, 3], [2, 3]),
        "rank5": ([2, 1, 2, 1], [3, 2, 2, 2, 1]),
        "empty": ([1, 3], [0, 3]),
        "to_scalar": ([], []),
        "both": ([1, 1], [3, 2]),
    }.items():
        case("BroadcastTo", name, lambda b, s=shape, t=target: b.BroadcastTo(array(b, s), np.array(t, np.int32)))
    for dtype in SHORT + [np.int32]:
        case("BroadcastTo", name_of(dtype), lambda b, t=dtype: b.BroadcastTo(array(b, [2, 1], t), np.int64([2, 3])))
    case("BroadcastTo", "fed", lambda b: b.BroadcastTo(array(b, [3]), b.input([2, 3], np.int32, name="shape")))
    for name, (left, right) in {
        "ranks": ([3], [2, 3]),
        "outer": ([3, 1], [1, 4]),
        "scalar": ([], [2, 3]),
        "empty": ([0, 1], [1, 3]),
    }.items():
        make = lambda b, l=left, r=right: b.BroadcastArgs(
            b.input(np.array(l, np.int32), name="s0"), b.input(np.array(r, np.int32), name="s1")
        )
        case("BroadcastArgs", name, make)
    case("BroadcastArgs", "int64", lambda b: b.BroadcastArgs(b.input([2, 1], np.int64), np.int64([3])))
    case(
        "EnsureShape", "partial", lambda b: b.EnsureShape(b.input(b.normal(2, 3), shape=[None, None]), shape=[None, 3])
    )


broadcasting()


def one_hots():
    for axis in [-1, 0, 1, 2]:
        make = lambda b, a=axis: b.OneHot(
            b.input([[0, 3, -1], [2, 4, 1]], np.int32), np.int32(4), np.float32(1), np.float32(0), axis=a
        )
        case("OneHot", "axis_%d" % axis, make)
    for dtype in [np.float64, np.float16, np.int32, np.uint8, bool]:
        make = lambda b, t=dtype: b.OneHot(
            b.input([1, 0, 2], np.int64), np.int32(3), b.input(1, t, name="on"), b.input(0, t, name="off")
        )
        case("OneHot", name_of(dtype), make)
    for index in [np.uint8, np.int8]:
        case(
            "OneHot",
            name_of(index) + "_indices",
            lambda b, t=index: b.OneHot(b.input([1, 0, 5], t), np.int32(3), np.float32(5), np.float32(-1)),
        )
    case(
        "OneHot",
        "scalar",
        lambda b: b.OneHot(b.input(2, np.int32), np.int32(4), np.float32(1), np.float32(0)),
        bare=True,
    )
    case("OneHot", "depth_0", lambda b: b.OneHot(b.input([1, 0], np.int32), np.int32(0), np.float32(1), np.float32(0)))
    case("OneHot", "empty", lambda b: b.OneHot(b.input([], np.int32), np.int32(3), np.float32(1), np.float32(0)))
    case(
        "OneHot",
        "depth_fed",
        lambda b: b.OneHot(b.input([1, 0], np.int32), b.input(3, np.int32, name="depth"), np.float32(1), np.float32(0)),
    )


one_hots()


def wheres():
    for shape in [[7], [3, 4], [2, 3, 2], [2, 2, 2, 2, 2], [0, 3]]:
        make = lambda b, s=shape: b.Where(b.input(b.ints(0, 2, *s, dtype=bool)))
        case("Where", "rank%d_%d" % (len(shape), np.prod(shape)), make)
    for dtype in [np.float32, np.float64, np.int32, np.int64, np.uint8]:
        case("Where", name_of(dtype), lambda b, t=dtype: b.Where(b.input(b.ints(0, 3, 3, 4).astype(t))))
    case("Where", "nothing_true", lambda b: b.Where(b.input(np.zeros([2, 3], bool))))
    case("Where", "all_true", lambda b: b.Where(b.input(np.ones([2, 3], bool))))
    case("Where", "nan_and_negative_zero", lambda b: b.Where(b.input(np.float32([np.nan, -0.0, 0.0, np.inf]))))

    @case("Where", "boolean_mask")
    def _(b):
        x = b.input(b.normal(5, 2))
        keep = b.Reshape(
            b.Where(
                b.Greater(
                    b.StridedSlice(x, [0, 0], [0, 1], [1, 1], begin_mask=1, end_mask=1, shrink_axis_mask=2),
                    np.float32(0),
                )
            ),
            [-1],
        )
        return b.GatherV2(x, keep, np.int32(0))


wheres()


def uniques():
    values = [4, 1, 4, 2, 1, 1, 7]
    for dtype in [np.int32, np.int64, np.float32, np.uint8]:
        for output in [tf.int32, tf.int64]:
            for op in ["Unique", "UniqueWithCounts"]:
                make = lambda b, o=op, t=dtype, i=output: list(getattr(b, o)(b.input(values, t), out_idx=i))
                case(op, "%s_%s" % (name_of(dtype), output.name), make)
    rows = [[1, 2, 1], [3, 4, 3], [1, 2, 1]]
    for op in ["UniqueV2", "UniqueWithCountsV2"]:
        case(op, "no_axis", lambda b, o=op: list(getattr(b, o)(b.input(values, np.int32), np.zeros([0], np.int64))))
        case(op, "axis_0", lambda b, o=op: list(getattr(b, o)(b.input(rows, np.int32), np.int64([0]))))
        case(op, "axis_1", lambda b, o=op: list(getattr(b, o)(b.input(rows, np.float32), np.int32([1]))))
    for op in ["Unique", "UniqueWithCounts"]:
        case(op, "empty", lambda b, o=op: list(getattr(b, o)(b.input([], np.int32))), bare=True)
        case(op, "strings", lambda b, o=op: list(getattr(b, o)(b.input(np.array([b"b", b"a", b"b"], object)))))
    for dtype in [np.int32, np.int64, np.float32]:
        for output in [tf.int32, tf.int64]:
            make = lambda b, t=dtype, i=output: list(
                b.ListDiff(b.input(values, t), b.input([1, 9], t, name="y"), out_idx=i)
            )
            case("ListDiff", "%s_%s" % (name_of(dtype), output.name), make)
    case("ListDiff", "empty", lambda b: list(b.ListDiff(b.input([], np.int32), b.input([1], np.int32, name="y"))))
    case(
        "ListDiff",
        "nothing_left",
        lambda b: list(b.ListDiff(b.input([1, 1], np.int32), b.input([1], np.int32, name="y"))),
    )


uniques()


def partitions():
    for dtype in SHORT:
        make = lambda b, t=dtype: b.DynamicPartition(
            array(b, [5, 2], t), b.input([1, 0, 3, 1, 0], np.int32, name="parts"), num_partitions=4
        )
        case("DynamicPartition", name_of(dtype), make)
    case(
        "DynamicPartition",
        "matrix",
        lambda b: b.DynamicPartition(array(b, [2, 3]), np.int32([[0, 1, 1], [1, 0, 0]]), num_partitions=2),
    )
    case(
        "DynamicPartition",
        "empty",
        lambda b: b.DynamicPartition(array(b, [0, 2]), np.zeros([0], np.int32), num_partitions=2),
    )
    case("DynamicPartition", "one", lambda b: b.DynamicPartition(array(b, [3]), np.int32([0, 0, 0]), num_partitions=1))
    for op in ["DynamicStitch", "ParallelDynamicStitch"]:
        for dtype in SHORT:
            make = lambda b, o=op, t=dtype: getattr(b, o)(
                [b.input([0, 3], np.int32, name="i"), np.int32([1, 2])], [array(b, [2, 2], t), array(b, [2, 2], t)]
            )
            case(op, name_of(dtype), make)
        case(
            op,
            "mixed_ranks",
            lambda b, o=op: getattr(b, o)(
                [np.int32(1), np.int32([[0, 2], [3, 4]])], [array(b, [2]), array(b, [2, 2, 2])]
            ),
        )
        case(
            op, "scalars", lambda b, o=op: getattr(b, o)([np.int32([1]), np.int32([0])], [array(b, [1]), array(b, [1])])
        )
        case(
            op,
            "empty_part",
            lambda b, o=op: getattr(b, o)(
                [np.zeros([0], np.int32), np.int32([0])], [array(b, [0, 2]), array(b, [1, 2])]
            ),
        )
    case(
        "DynamicStitch",
        "later_wins",
        lambda b: b.DynamicStitch([np.int32([0, 1, 1]), np.int32([1, 2])], [array(b, [3]), array(b, [2])]),
    )

    @case("DynamicStitch", "undoes_partition")
    def _(b):
        x, parts = array(b, [5, 2]), b.input([1, 0, 1, 1, 0], np.int32, name="parts")
        places = b.DynamicPartition(b.Range(np.int32(0), b.Size(parts), np.int32(1)), parts, num_partitions=2)
        return b.DynamicStitch(places, b.DynamicPartition(x, parts, num_partitions=2))


partitions()


def searches():
    rows = [[1, 3, 3, 5], [0, 0, 2, 9]]
    for op in ["LowerBound", "UpperBound"]:
        for dtype in [np.float32, np.int32, np.int64, np.float64]:
            make = lambda b, o=op, t=dtype: getattr(b, o)(
                b.input(rows, t), b.input([[0, 3, 6], [0, 1, 9]], t, name="values")
            )
            case(op, name_of(dtype), make)
        case(
            op,
            "to_int64",
            lambda b, o=op: getattr(b, o)(b.input(rows, np.int32), np.int32([[4], [2]]), out_type=tf.int64),
        )
        case(
            op,
            "no_values",
            lambda b, o=op: getattr(b, o)(b.input(rows, np.int32), np.zeros([2, 0], np.int32)),
            bare=True,
        )


searches()
