#include <array>
#include <cmath>

#include "ops/image/crop_and_resize.h"
#include "ops/image/resize.h"

namespace temper {

/// What is seen beyond the border: a constant; the image mirrored with its edge pixel repeated; the image again; its edge.
enum class BorderMode { kConstant, kReflect, kWrap, kNearest };
template <>
struct EnumNames<BorderMode> {
  static constexpr std::array<std::string_view, 4> kNames{"constant", "reflect", "wrap", "nearest"};
};

namespace {

/// A position beyond the border as one within it, or as it is where a constant is seen there.
float map_inside(float x, std::int64_t size, BorderMode mode) {
  if (mode == BorderMode::kConstant || !std::isfinite(x)) return x;
  const auto length = static_cast<float>(size);
  const bool outside = x < 0 || x > length - 1;
  const auto whole = [](float v) { return std::trunc(v); };
  if (outside && size <= 1) {
    x = 0;
  } else if (outside && mode == BorderMode::kReflect) {
    const float period = 2 * length;
    if (x < 0) {
      if (x < period) x += period * whole(-x / period);
      x = x < -length ? x + period : -x - 1;
    } else {
      x -= period * whole(x / period);
      if (x >= length) x = period - x - 1;
    }
  } else if (outside && mode == BorderMode::kWrap) {
    if (x < 0) x += length * (whole(-x / (length - 1)) + 1);
    else x -= length * whole(x / (length - 1));
  }
  return std::clamp(x, 0.0F, length - 1);
}

/// One picture to be read at any position.
template <class T>
struct Picture2D {
  const T* pixels;
  std::int64_t height, width, channels;
  T fill;

  T at(float y, float x, std::int64_t channel) const {
    const bool inside = y >= 0 && y < static_cast<float>(height) && x >= 0 && x < static_cast<float>(width);
    if (!inside) return fill;
    const auto row = static_cast<std::int64_t>(y);
    const auto column = static_cast<std::int64_t>(x);
    return pixels[(row * width + column) * channels + channel];
  }
  T nearest(float y, float x, std::int64_t channel) const { return at(std::round(y), std::round(x), channel); }
  T bilinear(float y, float x, std::int64_t channel) const {
    const float top = std::floor(y);
    const float left = std::floor(x);
    const float bottom = top + 1;
    const float right = left + 1;
    const auto value = [&](float row, float column) { return static_cast<float>(at(row, column, channel)); };
    const float upper = (right - x) * value(top, left) + (x - left) * value(top, right);
    const float lower = (right - x) * value(bottom, left) + (x - left) * value(bottom, right);
    return to_element((bottom - y) * upper + (y - top) * lower);
  }

 private:
  /// Integers are cut towards zero; what they cannot hold becomes their bound.
  static T to_element(float value) {
    if constexpr (std::is_integral_v<T>) {
      if (std::isnan(value)) return 0;
      if (value >= static_cast<float>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
      if (value <= static_cast<float>(std::numeric_limits<T>::min())) return std::numeric_limits<T>::min();
    }
    return static_cast<T>(value);
  }
};

}  // namespace

/// Images seen through a projective transform: output (x, y) is the input at
///     ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k),  k = c0 x + c1 y + 1,
/// for a transform [a0, a1, a2, b0, b1, b2, c0, c1]. Inputs: images [batch, height, width, channels]; transforms float32
/// [batch or 1, 8]; output size int32 [2]; and, optionally, the fill value (0). Where k is 0 the fill value is seen.
struct ProjectiveTransform {
  static constexpr std::string_view kName = "projective_transform";

  CropMethod interpolation = CropMethod::kNearest;
  BorderMode border = BorderMode::kConstant;

  static void fields(auto& self, auto&& field) {
    field("interpolation", self.interpolation);
    field("border", self.border);
  }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 3, 4);
    require_rank(in[1], 2, "transforms");
    const Facts resized{in[0], in[2]};
    return infer_resized(resized, in[0].dtype);
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 3, 4);
    const Tensors resized{in[0], in[2]};
    const Shape shape = resized_shape(resized);
    require(in[1].dtype() == DType::kFloat32 && in[1].rank() == 2 && in[1].dim(1) == 8, "transforms are {}, not [n, 8]",
            in[1]);
    require(in[1].dim(0) == 1 || in[1].dim(0) == shape[0], "{} images have {} transforms", shape[0], in[1].dim(0));
    const double fill = in.size() > 3 ? in[3].to_double("fill value") : 0;
    Tensor out(in[0].dtype(), shape);
    if (out.elements() == 0) return {std::move(out)};
    visit_numbers(in[0].dtype(), [&]<class T>(Type<T>) { transform<T>(in, fill, shape, out.mutable_data<T>().data()); });
    return {std::move(out)};
  }

 private:
  template <class T>
  void transform(Inputs in, double fill, const Shape& shape, T* to) const {
    const std::int64_t height = in[0].dim(1);
    const std::int64_t width = in[0].dim(2);
    require(!std::is_integral_v<T> || std::abs(fill) < 1e9, "the fill value {} is no {}", fill, dtype_of<T>);
    const T fill_value = std::is_integral_v<T> ? static_cast<T>(static_cast<std::int64_t>(fill))
                                               : static_cast<T>(static_cast<Compute<T>>(fill));
    for (std::int64_t b = 0; b < shape[0]; ++b) {
      const Picture2D<T> picture{in[0].data<T>().data() + b * height * width * shape[3], height, width, shape[3], fill_value};
      const float* const a = in[1].data<float>().data() + (in[1].dim(0) == 1 ? 0 : 8 * b);
      for (std::int64_t row = 0; row < shape[1]; ++row) {
        for (std::int64_t column = 0; column < shape[2]; ++column) {
          const auto oy = static_cast<float>(row);
          const auto ox = static_cast<float>(column);
          const float k = a[6] * ox + a[7] * oy + 1.0F;
          const float x = map_inside((a[0] * ox + a[1] * oy + a[2]) / k, width, border);
          const float y = map_inside((a[3] * ox + a[4] * oy + a[5]) / k, height, border);
          for (std::int64_t c = 0; c < shape[3]; ++c) {
            if (k == 0) *to++ = fill_value;
            else *to++ = interpolation == CropMethod::kNearest ? picture.nearest(y, x, c) : picture.bilinear(y, x, c);
          }
        }
      }
    }
  }
};
REGISTER_OP(ProjectiveTransform);

}  // namespace temper
