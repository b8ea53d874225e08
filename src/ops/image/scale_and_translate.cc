#include <array>
#include <cmath>
#include <numbers>

#include "ops/image/resize.h"

namespace temper {

enum class SamplingKernel { kLanczos1, kLanczos3, kLanczos5, kGaussian, kBox, kTriangle, kKeysCubic, kMitchellCubic };
template <>
struct EnumNames<SamplingKernel> {
  static constexpr std::array<std::string_view, 8> kNames{"lanczos1", "lanczos3", "lanczos5",  "gaussian",
                                                          "box",      "triangle", "keyscubic", "mitchellcubic"};
};

namespace {

float lanczos(float x, float radius) {
  if (x > radius) return 0;
  if (x <= 1e-3) return 1;
  constexpr auto kPi = std::numbers::pi_v<float>;
  return radius * std::sin(kPi * x) * std::sin(kPi * x / radius) / (kPi * kPi * x * x);
}

float keys_cubic(float x) {
  if (x >= 2) return 0;
  if (x >= 1) return ((-0.5F * x + 2.5F) * x - 4) * x + 2;
  return ((1.5F * x - 2.5F) * x) * x + 1;
}

float mitchell_cubic(float x) {
  if (x >= 2) return 0;
  if (x >= 1) return (((-7.0F / 18) * x + 2) * x - 10.0F / 3) * x + 16.0F / 9;
  return (((7.0F / 6) * x - 2) * x) * x + 8.0F / 9;
}

float gaussian(float x) {
  constexpr float kRadius = 1.5F;
  constexpr float kSigma = kRadius / 3;
  return x >= kRadius ? 0 : std::exp(-x * x / (2 * kSigma * kSigma));
}

/// The kernel at distance x >= 0.
float weight_at(SamplingKernel kernel, float x) {
  switch (kernel) {
    case SamplingKernel::kLanczos1: return lanczos(x, 1);
    case SamplingKernel::kLanczos3: return lanczos(x, 3);
    case SamplingKernel::kLanczos5: return lanczos(x, 5);
    case SamplingKernel::kGaussian: return gaussian(x);
    case SamplingKernel::kBox: return x < 0.5F ? 1.0F : x == 0.5F ? 0.5F : 0.0F;
    case SamplingKernel::kTriangle: return x < 1 ? 1 - x : 0;
    case SamplingKernel::kKeysCubic: return keys_cubic(x);
    case SamplingKernel::kMitchellCubic: return mitchell_cubic(x);
  }
  return 0;
}

float radius_of(SamplingKernel kernel) {
  constexpr std::array<float, 8> kRadius{1, 3, 5, 1.5F, 1, 1, 2, 2};
  return kRadius[static_cast<std::size_t>(kernel)];
}

/// The input pixels an output pixel is made of, from `first` on; none where it lies outside.
struct Taps {
  std::int64_t first = 0;
  std::vector<float> weights;
};

struct Sampling {
  SamplingKernel kernel;
  bool antialias;
  float scale;
  float translation;
};

Taps taps_of(const Sampling& s, std::int64_t i, std::int64_t in) {
  const float inverse = 1.0F / s.scale;
  const float spread = s.antialias ? std::max(inverse, 1.0F) : 1.0F;
  const float reach = radius_of(s.kernel) * spread;
  const float position = (static_cast<float>(i) + 0.5F) * inverse - inverse * s.translation;
  if (!(position >= 0 && position <= static_cast<float>(in))) return {};
  const auto bounded = [&](float x) {  // before it becomes an integer, for it may be huge
    return static_cast<std::int64_t>(std::clamp(x, 0.0F, static_cast<float>(in - 1)));
  };
  Taps taps{bounded(std::ceil(position - reach - 0.5F)), {}};
  const std::int64_t end = std::min(bounded(std::floor(position + reach - 0.5F)), in - 1) + 1;
  float sum = 0;
  for (std::int64_t source = taps.first; source < end; ++source) {
    const float distance = static_cast<float>(source) + 0.5F - position;
    taps.weights.push_back(weight_at(s.kernel, std::abs(distance * (1.0F / spread))));
    sum += taps.weights.back();
  }
  if (std::abs(sum) < 1000 * std::numeric_limits<float>::min()) return {};
  const float factor = 1.0F / sum;
  for (float& weight : taps.weights) weight *= factor;
  return taps;
}

std::array<float, 2> read_pair(const Tensor& tensor, std::string_view what) {
  require(tensor.dtype() == DType::kFloat32 && tensor.elements() == 2, "{} is {}, not two float32", what, tensor);
  return {tensor.data<float>()[0], tensor.data<float>()[1]};
}

}  // namespace

/// An image resampled: the input pixel at p is drawn at p * scale + translation, around it as a sampling kernel says (made
/// wider with `antialias` where the image shrinks). Pixels from outside the image are 0. Inputs: image [batch, height,
/// width, channels], size int32 [2], scale float32 [2], translation float32 [2]. Output float32.
struct ScaleAndTranslate {
  static constexpr std::string_view kName = "scale_and_translate";

  SamplingKernel kernel = SamplingKernel::kLanczos3;
  bool antialias = true;

  static void fields(auto& self, auto&& field) {
    field("kernel", self.kernel);
    field("antialias", self.antialias);
  }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 4);
    return infer_resized(in.first(2), DType::kFloat32);
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 4);
    const Shape shape = resized_shape(in.first(2));
    const auto scale = read_pair(in[2], "scale");
    const auto translation = read_pair(in[3], "translation");
    require(scale[0] > 0 && scale[1] > 0, "an image is scaled by {} and {}, which are not positive", scale[0], scale[1]);
    Tensor out = Tensor::zeros(DType::kFloat32, shape);
    if (out.elements() == 0) return {std::move(out)};
    const Tensor image = to_float32(in[0]);
    const std::int64_t width = image.dim(2);
    const std::int64_t channels = shape[3];
    std::vector<Taps> columns;
    for (std::int64_t x = 0; x < shape[2]; ++x) {
      columns.push_back(taps_of({kernel, antialias, scale[1], translation[1]}, x, width));
    }
    std::vector<float> line(static_cast<std::size_t>(width * channels));
    for (std::int64_t b = 0; b < shape[0]; ++b) {
      const float* const picture = image.data<float>().data() + b * image.shape().elements(1, 4);
      float* to = out.mutable_data<float>().data() + b * shape.elements(1, 4);
      for (std::int64_t y = 0; y < shape[1]; ++y) {
        gather_rows(picture, taps_of({kernel, antialias, scale[0], translation[0]}, y, image.dim(1)), line);
        for (const Taps& taps : columns) {
          gather_pixels(line.data() + taps.first * channels, taps, channels, to);
          to += channels;
        }
      }
    }
    return {std::move(out)};
  }

 private:
  static void gather_rows(const float* picture, const Taps& taps, std::span<float> line) {
    std::ranges::fill(line, 0.0F);
    const float* row = picture + taps.first * static_cast<std::int64_t>(line.size());
    for (const float weight : taps.weights) {
      for (std::size_t i = 0; i < line.size(); ++i) line[i] += weight * row[i];
      row += line.size();
    }
  }
  static void gather_pixels(const float* pixel, const Taps& taps, std::int64_t channels, float* out) {
    for (const float weight : taps.weights) {
      for (std::int64_t c = 0; c < channels; ++c) out[c] += weight * pixel[c];
      pixel += channels;
    }
  }
};
REGISTER_OP(ScaleAndTranslate);

}  // namespace temper
