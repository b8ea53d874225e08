#include "ops/image/resample.h"

#include <cmath>
#include <numeric>

namespace temper {
namespace {

/// What one output along an axis is made of.
struct Taps {
  std::vector<std::int64_t> places;  ///< within the input
  std::vector<double> weights;
  bool outside = false;
};

/// Along one axis: input and output extents, the scale, and the region's ends.
struct Line {
  std::int64_t in = 1;
  std::int64_t out = 1;
  double scale = 1;
  double start = 0;
  double end = 1;
};

double position(ResampleGrid grid, const Line& line, std::int64_t i) {
  const auto at = static_cast<double>(i), in = static_cast<double>(line.in), out = static_cast<double>(line.out);
  const double middle = (at + 0.5) / line.scale - 0.5;
  switch (grid) {
    case ResampleGrid::kHalfPixel: return middle;
    case ResampleGrid::kHalfPixelSymmetric: return in / 2 * (1 - out / (line.scale * in)) + middle;
    case ResampleGrid::kPytorchHalfPixel: return line.out > 1 ? middle : 0;
    case ResampleGrid::kAsymmetric: return at / line.scale;
    case ResampleGrid::kAlignCorners: return line.scale * in == 1 || line.out == 1 ? 0 : at * (in - 1) / (line.scale * in - 1);
    case ResampleGrid::kTfHalfPixelForNn: return (at + 0.5) / line.scale;
    case ResampleGrid::kTfCropAndResize: break;
  }
  if (line.out == 1) return 0.5 * (line.start + line.end) * (in - 1);
  return line.start * (in - 1) + at * (line.end - line.start) * (in - 1) / (out - 1);
}

double rounded(ResampleRounding rounding, double x) {
  switch (rounding) {
    case ResampleRounding::kRoundPreferFloor: return std::ceil(x - 0.5);
    case ResampleRounding::kRoundPreferCeil: return std::floor(x + 0.5);
    case ResampleRounding::kFloor: return std::floor(x);
    case ResampleRounding::kCeil: break;
  }
  return std::ceil(x);
}

double linear_weight(double x) { return std::max(1 - std::abs(x), 0.0); }

/// R. Keys, Cubic convolution interpolation for digital image processing, 1981.
double cubic_weight(double x, double a) {
  const double d = std::abs(x);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((d - 5) * d + 8) * d * a - 4 * a : 0;
}

Taps taps_of(const Resample& op, const Line& line, std::int64_t i) {
  const double x = position(op.grid, line, i);
  require(std::isfinite(x) && std::abs(x) < static_cast<double>(kMaxDim), "output {} is taken from position {}", i, x);
  Taps taps;
  taps.outside = op.grid == ResampleGrid::kTfCropAndResize && (x < 0 || x > static_cast<double>(line.in - 1));
  const auto inside = [&](std::int64_t place) { return std::clamp<std::int64_t>(place, 0, line.in - 1); };
  if (op.mode == ResampleMode::kNearest) {
    taps.places = {inside(static_cast<std::int64_t>(rounded(op.rounding, x)))};
    taps.weights = {1};
    return taps;
  }
  const bool cubic = op.mode == ResampleMode::kCubic;
  const double narrow = op.antialias ? std::min(line.scale, 1.0) : 1.0;
  const double reach = (cubic ? 2 : 1) / narrow;
  require(reach <= 4.0 * static_cast<double>(line.in) + 8, "a scale of {} does not fit {} elements", line.scale, line.in);
  const auto base = static_cast<std::int64_t>(std::ceil(x)) - 1;
  const double ratio = x - static_cast<double>(base);
  const auto first = static_cast<std::int64_t>(std::floor(-reach)) + 1;
  double sum = 0;
  for (std::int64_t k = first; k < 2 - first; ++k) {
    const double distance = (static_cast<double>(k) - ratio) * narrow;
    double weight = cubic ? cubic_weight(distance, op.cubic_a) : linear_weight(distance);
    if (op.exclude_outside && (base + k < 0 || base + k >= line.in)) weight = 0;
    taps.places.push_back(inside(base + k));
    taps.weights.push_back(weight);
    sum += weight;
  }
  if (op.exclude_outside || op.antialias) {
    for (double& weight : taps.weights) weight = sum == 0 ? 0 : weight / sum;
  }
  return taps;
}

template <class T>
T from_double(double value) {
  if constexpr (is_float_type<T>) {
    return static_cast<T>(static_cast<Compute<T>>(value));
  } else {
    const double low = static_cast<double>(std::numeric_limits<T>::lowest()), high = static_cast<double>(std::numeric_limits<T>::max());
    return value >= high ? std::numeric_limits<T>::max() : value <= low ? std::numeric_limits<T>::lowest() : std::isnan(value) ? T{} : static_cast<T>(value);
  }
}

/// x sampled along one axis.
template <class T>
Tensor sampled(const Resample& op, const Tensor& x, std::size_t axis, const Line& line) {
  Shape shape = x.shape();
  shape.set(axis, line.out);
  Tensor y(x.dtype(), shape);
  const std::int64_t outer = shape.elements(0, axis), inner = shape.elements(axis + 1, shape.rank());
  const auto from = x.data<T>();
  const auto to = y.mutable_data<T>();
  for (std::int64_t i = 0; i < line.out && outer * inner > 0; ++i) {
    const Taps taps = taps_of(op, line, i);
    for (std::int64_t o = 0; o < outer; ++o) {
      for (std::int64_t k = 0; k < inner; ++k) {
        T& out = to[static_cast<std::size_t>((o * line.out + i) * inner + k)];
        const auto element = [&](std::size_t t) { return from[static_cast<std::size_t>((o * line.in + taps.places[t]) * inner + k)]; };
        if (taps.places.size() == 1) {
          out = element(0);
          continue;
        }
        double sum = 0;
        for (std::size_t t = 0; t < taps.places.size(); ++t) sum += taps.weights[t] * static_cast<double>(static_cast<Compute<T>>(element(t)));
        out = from_double<T>(sum);
      }
    }
  }
  return y;
}

/// Sets all that lies outside along an axis.
template <class T>
void extrapolate(const Resample& op, Tensor& y, std::size_t axis, const Line& line) {
  const std::int64_t outer = y.shape().elements(0, axis), inner = y.shape().elements(axis + 1, y.rank());
  const auto to = y.mutable_data<T>();
  for (std::int64_t i = 0; i < line.out && outer * inner > 0; ++i) {
    if (!taps_of(op, line, i).outside) continue;
    for (std::int64_t o = 0; o < outer; ++o) {
      std::fill_n(to.begin() + (o * line.out + i) * inner, inner, from_double<T>(op.extrapolation));
    }
  }
}

std::vector<Line> lines_of(const Resample& op, Inputs in) {
  const bool region = op.grid == ResampleGrid::kTfCropAndResize;
  require_inputs(in, region ? 4 : 3);
  const std::size_t rank = in[0].rank();
  const auto sizes = in[1].to_int64s();
  require(in[2].dtype() == DType::kFloat32 && (!region || in[3].dtype() == DType::kFloat32), "scales and regions need to be float32");
  require(sizes.size() == rank && in[2].elements() == static_cast<std::int64_t>(rank) && (!region || in[3].elements() == 2 * in[2].elements()),
          "sizes {} and scales {} are given for an input {}", in[1], in[2], in[0]);
  std::vector<Line> lines(rank);
  for (std::size_t axis = 0; axis < rank; ++axis) {
    Line& line = lines[axis];
    line = {in[0].dim(axis), sizes[axis], static_cast<double>(in[2].data<float>()[axis])};
    require(line.out >= 0 && (line.out == 0 || line.in > 0), "dimension {} of {} cannot be made {}", axis, in[0], line.out);
    require(line.out == 0 || (line.scale > 0 && std::isfinite(line.scale)), "dimension {} has a scale of {}", axis, line.scale);
    if (!region) continue;
    line.start = static_cast<double>(in[3].data<float>()[axis]);
    line.end = static_cast<double>(in[3].data<float>()[rank + axis]);
  }
  return lines;
}

}  // namespace

Facts Resample::infer(std::span<const Fact> in) const {
  require_inputs(in, grid == ResampleGrid::kTfCropAndResize ? 4 : 3);
  require(is_number(in[0].dtype), "needs a number input, got {}", in[0].dtype);
  require(is_integer(in[1].dtype) && in[2].dtype == DType::kFloat32, "needs integer sizes and float32 scales, got {} and {}", in[1], in[2]);
  ShapeFact shape = shape_from_elements(in[1]);
  if (in[0].shape.rank_known()) {
    require(!shape.rank_known() || shape.rank() == in[0].shape.rank(), "sizes {} are given for an input {}", in[1], in[0]);
    if (!shape.rank_known()) shape = ShapeFact::of_rank(in[0].shape.rank());
  }
  return {{in[0].dtype, shape, {}}};
}

Tensors Resample::reference(Inputs in) const {
  const std::vector<Line> lines = lines_of(*this, in);
  Tensor y = in[0];
  visit_numbers(y.dtype(), [&]<class T>(Type<T>) {
    const auto whole = [&](const Line& line) { return line.in == line.out && line.scale == 1 && grid != ResampleGrid::kTfCropAndResize; };
    for (std::size_t axis = 0; axis < lines.size(); ++axis) {
      if (!whole(lines[axis])) y = sampled<T>(*this, y, axis, lines[axis]);
    }
    for (std::size_t axis = 0; grid == ResampleGrid::kTfCropAndResize && axis < lines.size(); ++axis) extrapolate<T>(*this, y, axis, lines[axis]);
  });
  return {std::move(y)};
}
REGISTER_OP(Resample);

}  // namespace temper
