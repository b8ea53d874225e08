"""Space and depth, patches, diagonals and bands of matrices."""

import numpy as np

from arrays import SHORT, array, name_of
from case import case


def spaces():
    for block, crops in [(2, [[0, 0], [0, 0]]), (2, [[1, 1], [0, 2]]), (3, [[0, 3], [2, 1]])]:
        name = "block_%d_%s" % (block, "".join(str(n) for row in crops for n in row))
        size = [4 - sum(crops[0]) % 2, 4 - sum(crops[1]) % 2] if block == 2 else [3, 6]
        case(
            "SpaceToBatch",
            name,
            lambda b, n=block, p=crops, s=size: b.SpaceToBatch(array(b, [1] + s + [2]), np.int32(p), block_size=n),
        )
        case(
            "BatchToSpace",
            name,
            lambda b, n=block, p=crops: b.BatchToSpace(array(b, [n * n, 3, 2, 2]), np.int32(p), block_size=n),
        )
    nd = {
        "2d": ([2, 4, 4, 3], [2, 2], [[0, 0], [0, 0]]),
        "padded": ([1, 3, 5, 1], [2, 3], [[1, 0], [0, 1]]),
        "1d": ([2, 4, 2], [2], [[1, 1]]),
        "rank5": ([1, 2, 4, 2, 2], [2, 2, 2], [[0, 0]] * 3),
        "no_rest": ([2, 4], [2], [[0, 0]]),
        "ones": ([2, 3, 2], [1], [[0, 0]]),
        "none": ([2, 3], [], np.zeros([0, 2])),
        "empty": ([0, 2, 2, 1], [2, 2], [[0, 0], [0, 0]]),
    }
    for name, (shape, block, pads) in nd.items():
        make = lambda b, s=shape, n=block, p=pads: b.SpaceToBatchND(
            array(b, s), np.array(n, np.int32), np.array(p, np.int32)
        )
        case("SpaceToBatchND", name, make)
        back = [shape[0] * int(np.prod(block))] + [3] * len(block) + shape[1 + len(block) :]
        make = lambda b, s=back, n=block, p=pads: b.BatchToSpaceND(
            array(b, s), np.array(n, np.int32), np.array(p, np.int32)
        )
        case("BatchToSpaceND", name, make)
    for dtype in SHORT[:-1]:  # no kernels for bool
        make = lambda b, t=dtype: b.SpaceToBatchND(
            array(b, [1, 2, 4, 1], t), np.int64([2, 2]), np.int64([[0, 0], [2, 0]])
        )
        case("SpaceToBatchND", name_of(dtype), make)
        make = lambda b, t=dtype: b.BatchToSpaceND(
            array(b, [4, 1, 2, 1], t), np.int64([2, 2]), np.int64([[0, 1], [1, 0]])
        )
        case("BatchToSpaceND", name_of(dtype), make)
    fed = lambda b, rows: (b.input([2, 2], np.int32, name="block"), b.input(rows, np.int32, name="pads"))
    case("SpaceToBatchND", "fed", lambda b: b.SpaceToBatchND(array(b, [1, 3, 4, 1]), *fed(b, [[1, 0], [0, 0]])))
    case("BatchToSpaceND", "fed", lambda b: b.BatchToSpaceND(array(b, [4, 2, 2, 1]), *fed(b, [[1, 0], [0, 0]])))


spaces()

NHWC_FROM = {"NCHW": [0, 2, 3, 1]}
TO = {"NCHW": [0, 3, 1, 2]}


def depth(op, shape, block, layout, dtype=np.float32):
    def build(b):
        x = array(b, shape, dtype)
        if layout == "NHWC":
            return getattr(b, op)(x, block_size=block)
        if b.running:
            return b.Transpose(getattr(b, op)(b.Transpose(x, NHWC_FROM[layout]), block_size=block), TO[layout])
        return getattr(b, op)(x, block_size=block, data_format=layout)

    return build


def depths():
    for block in [2, 3]:
        for channels in [1, 2]:
            name = "block_%d_channels_%d" % (block, channels)
            wide, deep = [2, block, 2 * block, channels], [2, 1, 2, block * block * channels]
            case("SpaceToDepth", name, depth("SpaceToDepth", wide, block, "NHWC"))
            case("DepthToSpace", name, depth("DepthToSpace", deep, block, "NHWC"))
            # TensorFlow's CPU kernels know NHWC alone.
            wide, deep = [2, channels, block, 2 * block], [2, block * block * channels, 1, 2]
            case("SpaceToDepth", name + "_nchw", depth("SpaceToDepth", wide, block, "NCHW"), stand_in=True)
            case("DepthToSpace", name + "_nchw", depth("DepthToSpace", deep, block, "NCHW"), stand_in=True)
    for dtype in SHORT:
        case("SpaceToDepth", name_of(dtype), depth("SpaceToDepth", [1, 2, 2, 2], 2, "NHWC", dtype))
        case("DepthToSpace", name_of(dtype), depth("DepthToSpace", [1, 1, 2, 8], 2, "NHWC", dtype))
    case("DepthToSpace", "empty", depth("DepthToSpace", [0, 1, 2, 4], 2, "NHWC"))


depths()


def patches():
    for padding in ["SAME", "VALID"]:
        for name, (size, stride, rate) in {
            "plain": (2, 1, 1),
            "strided": (3, 2, 1),
            "dilated": (2, 1, 2),
            "all": (2, 2, 3),
            "one": (1, 2, 1),
        }.items():
            make = lambda b, k=size, s=stride, r=rate, p=padding: b.ExtractImagePatches(
                array(b, [1, 5, 6, 2]), ksizes=[1, k, k, 1], strides=[1, s, s, 1], rates=[1, r, r, 1], padding=p
            )
            case("ExtractImagePatches", "%s_%s" % (padding.lower(), name), make)
    make = lambda b: b.ExtractImagePatches(
        array(b, [1, 4, 4, 1], np.uint8), ksizes=[1, 2, 3, 1], strides=[1, 2, 1, 1], rates=[1, 1, 1, 1], padding="VALID"
    )
    case("ExtractImagePatches", "uint8", make)


patches()


def diagonals():
    for shape in [[3], [2, 3], [2, 1, 2], [0]]:
        case("MatrixDiag", "rank%d_%d" % (len(shape), shape[-1]), lambda b, s=shape: b.MatrixDiag(array(b, s)))
    for shape in [[3, 3], [2, 4], [4, 2], [2, 3, 3], [2, 0, 3]]:
        name = "x".join(map(str, shape))
        case("MatrixDiagPart", name, lambda b, s=shape: b.MatrixDiagPart(array(b, s)))
        for lower, upper in [(0, 0), (-1, 1), (1, 0), (0, -1), (-1, -1)]:
            if 0 not in shape and max(lower, upper) <= min(shape[-2:]):
                make = lambda b, s=shape, l=lower, u=upper: b.MatrixBandPart(array(b, s), np.int64(l), np.int64(u))
                case("MatrixBandPart", "%s_%d_%d" % (name, lower, upper), make)
        diagonal = shape[:-2] + [min(shape[-2:])]
        case(
            "MatrixSetDiag",
            name,
            lambda b, s=shape, d=diagonal: b.MatrixSetDiag(array(b, s), array(b, d, name="diagonal")),
        )
    case(
        "MatrixBandPart",
        "int32_limits",
        lambda b: b.MatrixBandPart(array(b, [3, 3]), np.int32(1), b.input(-1, np.int32, name="upper")),
    )
    case(
        "MatrixBandPart",
        "causal_mask",
        lambda b: b.MatrixBandPart(b.Fill(np.int32([4, 4]), b.input(1.0, np.float32)), np.int64(-1), np.int64(0)),
    )
    for dtype in SHORT:
        for op in ["MatrixDiag", "MatrixDiagPart"]:
            case(op, name_of(dtype), lambda b, o=op, t=dtype: getattr(b, o)(array(b, [3, 2], t)))
        case(
            "MatrixBandPart",
            name_of(dtype),
            lambda b, t=dtype: b.MatrixBandPart(array(b, [3, 2], t), np.int64(0), np.int64(1)),
        )
    for shape in [[3], [2, 2]]:
        case("Diag", "rank%d" % len(shape), lambda b, s=shape: b.Diag(array(b, s)))
        case("DiagPart", "rank%d" % len(shape), lambda b, s=shape: b.DiagPart(array(b, s * 2)))
    case("Diag", "int32", lambda b: b.Diag(array(b, [2], np.int32)))


diagonals()


def several_diagonals():
    """The ops of several diagonals at once; `align` (V3) says to which side shorter ones are pushed."""
    bands = {
        "one_above": (1, [2, 3]),
        "one_below": (-1, [2, 3]),
        "three": ([-1, 1], [3, 3]),
        "above": ([0, 2], [3, 3]),
    }
    for version in ["V2", "V3"]:
        aligns = ["RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT"] if version == "V3" else [None]
        for name, (k, diagonal) in bands.items():
            for align in aligns:
                more = {"align": align} if align else {}
                label = name + ("_" + align.lower() if align else "")
                index = np.array(k, np.int32)
                make = lambda b, v=version, d=diagonal, i=index, m=more: getattr(b, "MatrixDiag" + v)(
                    array(b, d), i, np.int32(-1), np.int32(-1), np.float32(9), **m
                )
                case("MatrixDiag" + version, label, make)
                make = lambda b, v=version, i=index, m=more: getattr(b, "MatrixDiagPart" + v)(
                    array(b, [2, 3, 4]), i, np.float32(9), **m
                )
                case("MatrixDiagPart" + version, label, make)
                part = [2] + ([] if index.ndim == 0 else [len(range(k[0], k[1] + 1))]) + [2 if k == -1 else 3]
                make = lambda b, v=version, i=index, d=part, m=more: getattr(b, "MatrixSetDiag" + v)(
                    array(b, [2, 3, 4]), array(b, d, name="diagonal"), i, **m
                )
                case("MatrixSetDiag" + version, label, make)
        make = lambda b, v=version: getattr(b, "MatrixDiag" + v)(
            array(b, [2]), np.int32(0), np.int32(2), np.int32(4), np.float32(-1)
        )
        case("MatrixDiag" + version, "rows_and_columns", make)


several_diagonals()
