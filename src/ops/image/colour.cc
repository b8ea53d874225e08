#include <cmath>

#include "ops/definition.h"

namespace temper {
namespace {

template <class T>
struct Rgb {
  T r, g, b;
};
/// Hue, saturation and value, all in 0..1 for colours in 0..1.
template <class T>
struct Hsv {
  T h, s, v;
};

template <class T>
Hsv<T> to_hsv(const Rgb<T>& c) {
  const T value = std::max(c.r, std::max(c.g, c.b));
  const T range = value - std::min(c.r, std::min(c.g, c.b));
  const T saturation = value > 0 ? range / value : T(0);
  const T norm = T(1) / range * (T(1) / T(6));
  T hue = 0;
  if (c.r == value) hue = norm * (c.g - c.b);
  else if (c.g == value) hue = norm * (c.b - c.r) + T(2) / T(6);
  else hue = norm * (c.r - c.g) + T(4) / T(6);
  if (!(range > 0)) hue = 0;
  return {hue < 0 ? hue + 1 : hue, saturation, value};
}

template <class T>
Rgb<T> to_rgb(const Hsv<T>& c) {
  const auto unit = [](T x) { return std::max(std::min(x, T(1)), T(0)); };
  const T six = c.h * 6;
  const T rest = 1 - c.s;
  return {(rest + c.s * unit(std::abs(six - 3) - 1)) * c.v, (rest + c.s * unit(2 - std::abs(six - 2))) * c.v,
          (rest + c.s * unit(2 - std::abs(six - 4))) * c.v};
}

/// Facts of an operator on pixels of 3 channels.
Facts infer_pixels(std::span<const Fact> in, std::size_t inputs) {
  require_inputs(in, inputs);
  require(is_float(in[0].dtype), "needs a float image, got {}", in[0].dtype);
  if (in[0].shape.rank_known()) {
    require(in[0].shape.rank() > 0, "a scalar has no channels");
    const Dim& channels = in[0].shape.dims().back();
    require(!channels.known() || channels.is(3), "an image of shape {} does not have 3 channels", in[0].shape);
  }
  return {{in[0].dtype, in[0].shape, {}}};
}

void check_pixels(Inputs in, std::size_t inputs) {
  Facts facts;
  for (const Tensor& tensor : in) facts.push_back({tensor.dtype(), tensor.shape(), {}});
  infer_pixels(facts, inputs);
}

/// `body` of every pixel, each an array of 3 numbers of the compute type.
Tensors map_pixels(const Tensor& image, auto&& body) {
  Tensor out(image.dtype(), image.shape());
  visit_floats(image.dtype(), [&]<class T>(Type<T>) {
    using C = Compute<T>;
    const auto x = image.data<T>();
    const auto y = out.mutable_data<T>();
    for (std::size_t i = 0; i + 2 < x.size(); i += 3) {
      const auto [a, b, c] = body(static_cast<C>(x[i]), static_cast<C>(x[i + 1]), static_cast<C>(x[i + 2]));
      y[i] = static_cast<T>(a);
      y[i + 1] = static_cast<T>(b);
      y[i + 2] = static_cast<T>(c);
    }
  });
  return {std::move(out)};
}

/// x brought into [0, 6) by steps of 6, as TensorFlow does where that takes few of them.
float wrapped_hue(float x) {
  if (!(std::abs(x) < 60)) x = std::fmod(x, 6.0F);
  while (x < 0) x += 6;
  while (x >= 6) x -= 6;
  return x;
}

/// The hue of a colour in sixths of a turn, between its least and greatest part, which stay as they are.
struct HueRange {
  float hue, least, greatest;
};

HueRange to_hue_range(const Rgb<float>& c) {
  // Parts by size, and the sixth of the turn in which they are sized so.
  float low = 0;
  float mid = 0;
  float high = 0;
  int sixth = 0;
  const auto sized = [&](float smallest, float middle, float largest, int where) {
    low = smallest;
    mid = middle;
    high = largest;
    sixth = where;
  };
  if (c.r < c.g) {
    if (c.b < c.r) sized(c.b, c.r, c.g, 1);
    else if (c.b > c.g) sized(c.r, c.g, c.b, 3);
    else sized(c.r, c.b, c.g, 2);
  } else {
    if (c.b < c.g) sized(c.b, c.g, c.r, 0);
    else if (c.b > c.r) sized(c.g, c.r, c.b, 4);
    else sized(c.g, c.b, c.r, 5);
  }
  if (high == low) return {0, low, high};
  const float part = (mid - low) / (high - low);
  return {static_cast<float>(sixth) + (sixth % 2 == 0 ? part : 1 - part), low, high};
}

Rgb<float> from_hue_range(const HueRange& c) {
  const auto sixth = static_cast<int>(c.hue);
  const float part = c.hue - static_cast<float>(sixth);
  const float middle = c.least + (sixth % 2 == 0 ? part : 1 - part) * (c.greatest - c.least);
  switch (sixth) {
    case 0: return {c.greatest, middle, c.least};
    case 1: return {middle, c.greatest, c.least};
    case 2: return {c.least, c.greatest, middle};
    case 3: return {c.least, middle, c.greatest};
    case 4: return {middle, c.least, c.greatest};
    default: return {c.greatest, c.least, middle};
  }
}

float scalar_input(const Tensor& tensor, std::string_view what) { return static_cast<float>(tensor.to_double(what)); }

/// Base of operators without attributes.
struct PixelOp {
  static void fields(auto&, auto&&) {}
};

}  // namespace

/// Red, green and blue to hue, saturation and value: v = max, s = (max - min) / max, h = the position on the colour circle,
/// 0..1, red at 0. The last axis has the 3 channels.
struct RgbToHsv : PixelOp {
  static constexpr std::string_view kName = "rgb_to_hsv";

  Facts infer(std::span<const Fact> in) const { return infer_pixels(in, 1); }
  Tensors reference(Inputs in) const {
    check_pixels(in, 1);
    return map_pixels(in[0], []<class T>(T r, T g, T b) { return to_hsv(Rgb<T>{r, g, b}); });
  }
};
REGISTER_OP(RgbToHsv);

/// The inverse of rgb_to_hsv.
struct HsvToRgb : PixelOp {
  static constexpr std::string_view kName = "hsv_to_rgb";

  Facts infer(std::span<const Fact> in) const { return infer_pixels(in, 1); }
  Tensors reference(Inputs in) const {
    check_pixels(in, 1);
    return map_pixels(in[0], []<class T>(T h, T s, T v) { return to_rgb(Hsv<T>{h, s, v}); });
  }
};
REGISTER_OP(HsvToRgb);

/// Hues turned by `delta` (1 is the whole circle). Inputs: image, whose last axis has 3 channels, and delta.
struct AdjustHue : PixelOp {
  static constexpr std::string_view kName = "adjust_hue";

  Facts infer(std::span<const Fact> in) const { return infer_pixels(in, 2); }
  Tensors reference(Inputs in) const {
    check_pixels(in, 2);
    const float turn = scalar_input(in[1], "delta") * 6;
    require(std::isfinite(turn), "hues are turned by {}", turn);
    return map_pixels(in[0], [turn]<class T>(T r, T g, T b) {
      HueRange c = to_hue_range({static_cast<float>(r), static_cast<float>(g), static_cast<float>(b)});
      c.hue = std::isfinite(c.hue) ? wrapped_hue(c.hue + turn) : 0;
      return from_hue_range(c);
    });
  }
};
REGISTER_OP(AdjustHue);

/// Saturations times `scale`, at most 1. Inputs: image, whose last axis has 3 channels, and scale.
struct AdjustSaturation : PixelOp {
  static constexpr std::string_view kName = "adjust_saturation";

  Facts infer(std::span<const Fact> in) const { return infer_pixels(in, 2); }
  Tensors reference(Inputs in) const {
    check_pixels(in, 2);
    const float scale = scalar_input(in[1], "scale");
    return map_pixels(in[0], [scale]<class T>(T r, T g, T b) {
      Hsv<T> c = to_hsv(Rgb<T>{r, g, b});
      c.s = std::min(T(1), std::max(T(0), c.s * static_cast<T>(scale)));
      return to_rgb(c);
    });
  }
};
REGISTER_OP(AdjustSaturation);

/// (x - mean) * factor + mean, where mean is that of each channel of each image [..., height, width, channels]. Inputs: image
/// and factor.
struct AdjustContrast : PixelOp {
  static constexpr std::string_view kName = "adjust_contrast";

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require(is_float(in[0].dtype), "needs a float image, got {}", in[0].dtype);
    require(!in[0].shape.rank_known() || in[0].shape.rank() >= 3, "an image needs 3 dimensions, got {}", in[0]);
    return {{in[0].dtype, in[0].shape, {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    require(in[0].rank() >= 3, "an image needs 3 dimensions, got {}", in[0]);
    const float factor = scalar_input(in[1], "factor");
    const std::size_t rank = in[0].rank();
    const auto channels = static_cast<std::size_t>(in[0].dim(rank - 1));
    const auto pixels = static_cast<std::size_t>(in[0].shape().elements(rank - 3, rank - 1));
    Tensor out(in[0].dtype(), in[0].shape());
    if (out.elements() == 0) return {std::move(out)};
    visit_floats(in[0].dtype(), [&]<class T>(Type<T>) {
      const auto x = in[0].data<T>();
      const auto y = out.mutable_data<T>();
      for (std::size_t picture = 0; picture < x.size(); picture += pixels * channels) {
        for (std::size_t c = 0; c < channels; ++c) {
          double sum = 0;
          for (std::size_t i = 0; i < pixels; ++i) sum += static_cast<double>(Compute<T>(x[picture + i * channels + c]));
          const double mean = sum / static_cast<double>(pixels);
          for (std::size_t i = 0; i < pixels; ++i) {
            const std::size_t at = picture + i * channels + c;
            const double value = (static_cast<double>(Compute<T>(x[at])) - mean) * static_cast<double>(factor) + mean;
            y[at] = static_cast<T>(static_cast<Compute<T>>(value));
          }
        }
      }
    });
    return {std::move(out)};
  }
};
REGISTER_OP(AdjustContrast);

}  // namespace temper
