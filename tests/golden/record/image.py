"""Resizing, cropping, warping, colours, and the decoders of pictures."""

import io

import numpy as np

from case import BFLOAT16, ELEMENTARY, EXACT, ROUNDED, Tolerance, case
from tf_api import tf

PIXEL = Tolerance(16, scale=256)  # float32 coordinates and weights, of pixels up to 256
SIZES = {  # name: (height and width before, after)
    "up2": ([4, 5], [8, 10]),
    "up_odd": ([3, 4], [7, 5]),
    "down2": ([8, 6], [4, 3]),
    "down_odd": ([9, 7], [4, 5]),
    "same": ([4, 3], [4, 3]),
    "to_one": ([4, 5], [1, 1]),
    "from_one": ([1, 1], [3, 2]),
    "up_down": ([2, 9], [5, 4]),
    "row": ([1, 6], [1, 11]),
}
RESIZES = {"ResizeBilinear": PIXEL, "ResizeNearestNeighbor": EXACT, "ResizeBicubic": PIXEL, "ResizeArea": PIXEL}


def image(b, height, width, dtype=np.float32, batch=1, channels=2):
    """Random pixels 0..255."""
    if np.dtype(dtype).kind in "iu":
        return b.input(b.ints(0, 120 if dtype == np.int8 else 256, batch, height, width, channels, dtype=dtype))
    return b.input(b.uniform(0, 255, batch, height, width, channels).astype(dtype))


def resize(op, before, after, flags, dtype=np.float32, batch=1):
    return lambda b: getattr(b, op)(image(b, before[0], before[1], dtype, batch), np.int32(after), **flags)


def resizes():
    for op, tol in RESIZES.items():
        modes = {"": {}, "_corners": dict(align_corners=True), "_centers": dict(half_pixel_centers=True)}
        if op == "ResizeArea":
            modes.pop("_centers")
        for name, (before, after) in SIZES.items():
            for suffix, flags in modes.items():
                case(op, name + suffix, resize(op, before, after, flags, batch=2 if name == "down2" else 1), tol)
        for dtype in [np.uint8, np.int32, np.float64, np.float16, BFLOAT16, np.int8, np.int64]:
            if op in ("ResizeBicubic", "ResizeArea") and dtype == BFLOAT16:
                continue
            case(op, tf.as_dtype(dtype).name, resize(op, [3, 4], [5, 7], modes.get("_centers", {}), dtype), tol)
        case(op, "size_fed", lambda b, o=op: getattr(b, o)(image(b, 3, 4), b.input([5, 3], np.int32, name="size")), tol)
        case(op, "flags_left_out", resize(op, [3, 4], [5, 6], {}), tol, bare=True)


resizes()
case("ResizeNearestNeighbor", "corners_ties", resize("ResizeNearestNeighbor", [2, 3], [4, 9], dict(align_corners=True)))
case(
    "ResizeNearestNeighbor",
    "centers_even",
    resize("ResizeNearestNeighbor", [8, 8], [4, 2], dict(half_pixel_centers=True)),
)

BOXES = {
    "inside": [[0.1, 0.2, 0.8, 0.9], [0.0, 0.0, 1.0, 1.0]],
    "outside": [[-0.5, -0.25, 0.5, 1.3], [1.1, 1.1, 1.5, 1.5]],
    "flipped": [[0.9, 0.8, 0.1, 0.2]],
    "flat": [[0.5, 0.25, 0.5, 0.75]],
}


def crops():
    for method in ["bilinear", "nearest"]:
        for name, boxes in BOXES.items():
            for size in [[3, 4], [1, 1], [14, 2]]:

                def build(b, m=method, boxes=boxes, s=size):
                    index = b.input(b.ints(0, 2, len(boxes)), name="box_index")
                    return b.CropAndResize(
                        image(b, 5, 6, batch=2),
                        b.input(boxes, np.float32, name="boxes"),
                        index,
                        np.int32(s),
                        method=m,
                        extrapolation_value=-7.5,
                    )

                case("CropAndResize", "%s_%s_%dx%d" % (method, name, size[0], size[1]), build, PIXEL)
    for dtype in [np.uint8, np.int32, np.float64, np.float16, np.int8]:
        make = lambda b, t=dtype: b.CropAndResize(
            image(b, 4, 4, t), np.float32([[0.1, 0, 1.2, 0.7]]), np.int32([0]), np.int32([3, 3])
        )
        case("CropAndResize", tf.as_dtype(dtype).name, make, PIXEL, bare=True)
    case(
        "CropAndResize",
        "no_boxes",
        lambda b: b.CropAndResize(
            image(b, 4, 4),
            b.input(np.zeros([0, 4], np.float32), name="boxes"),
            np.zeros([0], np.int32),
            np.int32([3, 3]),
        ),
    )
    case(
        "CropAndResize",
        "size_fed",
        lambda b: b.CropAndResize(
            image(b, 4, 4), np.float32([[0, 0, 1, 1]]), np.int32([0]), b.input([2, 5], np.int32, name="size")
        ),
        PIXEL,
    )


crops()


def colours():
    for factor in [0.0, 0.5, 1.0, 2.5]:
        case(
            "AdjustContrastv2",
            "factor_%g" % factor,
            lambda b, f=factor: b.AdjustContrastv2(image(b, 3, 4, batch=2), b.input(f, np.float32, name="factor")),
            PIXEL,
        )
    for delta in [-0.4, 0.0, 0.7]:
        case(
            "AdjustHue",
            "delta_%g" % delta,
            lambda b, d=delta: b.AdjustHue(b.input(b.uniform(0, 1, 1, 3, 4, 3)), np.float32(d)),
            ELEMENTARY,
        )
        case(
            "AdjustSaturation",
            "scale_%g" % (delta + 1),
            lambda b, d=delta + 1: b.AdjustSaturation(b.input(b.uniform(0, 1, 1, 3, 4, 3)), np.float32(d)),
            ELEMENTARY,
        )
    edges = np.float32(
        [[0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1], [0.5, 0.5, 0.2]]
    )
    for op in ["RGBToHSV", "HSVToRGB"]:
        case(op, "random", lambda b, o=op: getattr(b, o)(b.input(b.uniform(0, 1, 2, 3, 4, 3))), ELEMENTARY)
        case(op, "edges", lambda b, o=op: getattr(b, o)(b.input(edges)), ELEMENTARY)
        case(op, "float64", lambda b, o=op: getattr(b, o)(b.input(b.uniform(0, 1, 5, 3, dtype=np.float64))), ELEMENTARY)
        case(op, "empty", lambda b, o=op: getattr(b, o)(b.input(np.zeros([0, 3], np.float32))))


colours()


def warps():
    turns = np.float32(
        [[0.9, -0.3, 1.0, 0.3, 0.9, -0.5, 0, 0], [1, 0, 0.5, 0, 1, -1.25, 0, 0], [1, 0.1, 0, 0.2, 1, 0, 0.05, 0.02]]
    )
    for mode in ["NEAREST", "BILINEAR"]:
        tol = PIXEL if mode == "BILINEAR" else EXACT
        for fill in ["CONSTANT", "REFLECT", "WRAP", "NEAREST"]:
            make = lambda b, m=mode, f=fill: b.ImageProjectiveTransformV3(
                image(b, 5, 6, batch=3), turns, np.int32([4, 7]), np.float32(2.5), interpolation=m, fill_mode=f
            )
            case("ImageProjectiveTransformV3", "%s_%s" % (mode.lower(), fill.lower()), make, tol)
        make = lambda b, m=mode: b.ImageProjectiveTransformV2(
            image(b, 5, 6, batch=2), b.input(turns[:1], name="transforms"), np.int32([5, 6]), interpolation=m
        )
        case("ImageProjectiveTransformV2", "one_for_all_" + mode.lower(), make, tol)
    case(
        "ImageProjectiveTransformV2",
        "uint8",
        lambda b: b.ImageProjectiveTransformV2(
            image(b, 4, 4, np.uint8), turns[1:2], np.int32([4, 4]), interpolation="BILINEAR"
        ),
    )
    for kernel in ["lanczos1", "lanczos3", "lanczos5", "gaussian", "box", "triangle", "keyscubic", "mitchellcubic"]:
        for antialias in [False, True]:
            make = lambda b, k=kernel, a=antialias: b.ScaleAndTranslate(
                image(b, 7, 6),
                np.int32([4, 9]),
                np.float32([4 / 7.0, 1.5]),
                b.input([0.25, -0.5], np.float32, name="translation"),
                kernel_type=k,
                antialias=a,
            )
            case("ScaleAndTranslate", kernel + "_antialias" * antialias, make, PIXEL)


warps()


def picture(b, height, width, channels, kind, **how):
    """An encoded picture: smooth, so that JPEG's answer does not hang on its noise."""
    from PIL import Image

    y, x = np.mgrid[0:height, 0:width]
    planes = [
        127 + 100 * np.sin(x / (2.0 + i) + b.rng.uniform(0, 6)) * np.cos(y / (3.0 - i / 2.0)) for i in range(channels)
    ]
    pixels = np.stack(planes, -1).astype(np.uint8)
    mode = how.pop("mode", {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels])
    out = io.BytesIO()
    Image.fromarray(
        pixels[..., 0] if channels == 1 else pixels, {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    ).convert(mode).save(out, kind, **how)
    return np.array(out.getvalue(), object)


def jpegs():
    kinds = {
        "rgb": (3, dict(quality=90)),
        "grey": (1, dict(quality=80)),
        "subsampled": (3, dict(quality=70, subsampling=2)),
        "full_chroma": (3, dict(quality=90, subsampling=0)),
        "progressive": (3, dict(quality=85, progressive=True)),
        "cmyk": (3, dict(quality=90, mode="CMYK")),
    }
    for name, (channels, how) in kinds.items():
        for wanted in [0, 1, 3]:
            make = lambda b, c=channels, h=how, w=wanted: b.DecodeJpeg(
                b.input(picture(b, 19, 23, c, "JPEG", **h)), channels=w
            )
            if not (name == "cmyk" and wanted == 1):
                case("DecodeJpeg", "%s_channels_%d" % (name, wanted), make)
    for ratio in [2, 4, 8]:
        case(
            "DecodeJpeg",
            "ratio_%d" % ratio,
            lambda b, r=ratio: b.DecodeJpeg(b.input(picture(b, 19, 23, 3, "JPEG")), ratio=r),
        )
    for method in ["INTEGER_ACCURATE", "INTEGER_FAST"]:
        case(
            "DecodeJpeg",
            method.lower(),
            lambda b, m=method: b.DecodeJpeg(b.input(picture(b, 19, 23, 3, "JPEG")), dct_method=m),
        )
    case(
        "DecodeJpeg",
        "plain_upscaling",
        lambda b: b.DecodeJpeg(b.input(picture(b, 19, 23, 3, "JPEG", subsampling=2)), fancy_upscaling=False),
    )
    case("DecodeJpeg", "constant", lambda b: b.DecodeJpeg(b.const(picture(b, 9, 8, 3, "JPEG"))), bare=True)


def other_pictures():
    for channels in [1, 2, 3, 4]:
        for wanted in [0, 1, 3, 4]:
            make = lambda b, c=channels, w=wanted: b.DecodePng(b.input(picture(b, 7, 6, c, "PNG")), channels=w)
            case("DecodePng", "from_%d_to_%d" % (channels, wanted), make)
    case("DecodePng", "uint16_of_8_bits", lambda b: b.DecodePng(b.input(picture(b, 7, 6, 3, "PNG")), dtype=tf.uint16))
    case("DecodePng", "palette", lambda b: b.DecodePng(b.input(picture(b, 7, 6, 3, "PNG", mode="P"))))
    case("DecodePng", "one_bit", lambda b: b.DecodePng(b.input(picture(b, 7, 6, 1, "PNG", mode="1"))))
    for dtype in [tf.uint8, tf.uint16]:
        case("DecodePng", "16_bits_to_" + dtype.name, lambda b, t=dtype: b.DecodePng(b.input(deep_png(b)), dtype=t))
    for channels in [1, 3]:
        case(
            "DecodeBmp",
            "channels_%d" % channels,
            lambda b, c=channels: b.DecodeBmp(
                b.input(picture(b, 5, 7, 3, "BMP")) if c == 3 else b.input(picture(b, 5, 7, 1, "BMP"))
            ),
        )
    case("DecodeBmp", "asked_3", lambda b: b.DecodeBmp(b.input(picture(b, 4, 4, 3, "BMP")), channels=3))
    for kind in ["JPEG", "PNG", "BMP"]:
        for dtype in [tf.uint8, tf.uint16, tf.float32]:
            make = lambda b, k=kind, t=dtype: b.DecodeImage(b.input(picture(b, 6, 5, 3, k)), channels=3, dtype=t)
            case("DecodeImage", "%s_%s" % (kind.lower(), dtype.name), make, ROUNDED)
    case("DecodeImage", "grey_png_channels_0", lambda b: b.DecodeImage(b.input(picture(b, 6, 5, 1, "PNG"))))


def deep_png(b):
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(b.ints(0, 65536, 6, 5).astype(np.uint16)).save(out, "PNG")
    return np.array(out.getvalue(), object)


jpegs()
other_pictures()
