#include <cmath>

#include "ir/attribute.h"
#include "ops/definition.h"

namespace temper {

enum class SampleMode : std::uint8_t { kNearest, kLinear, kCubic };
template <>
struct EnumNames<SampleMode> {
  static constexpr std::array<std::string_view, 3> kNames = {"nearest", "linear", "cubic"};
};
enum class SampleBorder : std::uint8_t { kZeros, kBorder, kReflection };
template <>
struct EnumNames<SampleBorder> {
  static constexpr std::array<std::string_view, 3> kNames = {"zeros", "border", "reflection"};
};

namespace {

/// x mirrored at low and high until it is between them.
double reflected(double x, double low, double high) {
  const double range = high - low;
  if (range <= 0) return low;
  double distance = std::fmod(std::abs(x - low), 2 * range);
  if (distance > range) distance = 2 * range - distance;
  return low + distance;
}

/// What a sample takes along one axis.
struct Axis {
  std::array<std::int64_t, 4> places{};
  std::array<double, 4> weights{};
  std::size_t count = 0;

  void add(std::int64_t place, double weight) {
    places[count] = place;
    weights[count++] = weight;
  }
};

}  // namespace

/// Samples of pictures where a grid says: y[n, p..., c] = x at grid[n, p...] by nearest, linear or cubic (a = -0.75) interpolation. Inputs:
/// x [N, space..., C] with two or three dims of space, and grid [N, p..., dims], both float32 or float64: positions of which -1 is the beginning of
/// a dim and 1 its end (the middles of its first and last pixel with `align_corners`), the last dim of space first. What lies outside is 0, the
/// nearest inside, or mirrored. Nearest takes the even pixel of two at one distance.
struct GridSample {
  static constexpr std::string_view kName = "grid_sample";

  SampleMode mode = SampleMode::kLinear;
  SampleBorder border = SampleBorder::kZeros;
  bool align_corners = false;

  static void fields(auto& self, auto&& field) {
    field("mode", self.mode);
    field("border", self.border);
    field("align_corners", self.align_corners);
  }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require(in[0].dtype == DType::kFloat32 || in[0].dtype == DType::kFloat64, "needs a float32 or float64 input, got {}", in[0].dtype);
    require_same_dtype(in[0], in[1]);
    if (!in[1].shape.rank_known()) return {{in[0].dtype, {}, {}}};
    const std::size_t rank = in[1].shape.rank();
    check_rank(rank);
    require(!in[0].shape.rank_known() || in[0].shape.rank() == rank, "a grid {} is given for {}", in[1], in[0]);
    std::vector<Dim> dims = in[1].shape.dims();
    dims.back() = in[0].shape.rank_known() ? in[0].shape[rank - 1] : Dim();
    return {{in[0].dtype, ShapeFact(std::move(dims)), {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    const std::size_t rank = in[1].rank();
    check_rank(rank);
    require(in[0].dtype() == in[1].dtype() && in[0].rank() == rank && in[0].dim(0) == in[1].dim(0) &&
                in[1].dim(rank - 1) == static_cast<std::int64_t>(rank) - 2,
            "a grid {} is given for {}", in[1], in[0]);
    Shape shape = in[1].shape();
    shape.set(rank - 1, in[0].dim(rank - 1));
    Tensor y(in[0].dtype(), shape);
    if (y.elements() == 0) return {std::move(y)};
    require(in[0].elements() > 0, "an empty input {} is sampled", in[0]);
    if (in[0].dtype() == DType::kFloat32) sample<float>(in, y);
    else sample<double>(in, y);
    return {std::move(y)};
  }

 private:
  static void check_rank(std::size_t rank) { require(rank == 4 || rank == 5, "needs 2 or 3 dims of space, got {}", rank < 2 ? 0 : rank - 2); }

  /// The place within a dim, or -1 for what is 0.
  std::int64_t inside(std::int64_t place, std::int64_t dim) const {
    if (place >= 0 && place < dim) return place;
    if (border == SampleBorder::kZeros) return -1;
    if (border == SampleBorder::kBorder) return std::clamp<std::int64_t>(place, 0, dim - 1);
    const auto end = static_cast<double>(dim);
    const double mirrored = align_corners ? reflected(static_cast<double>(place), 0, end - 1) : reflected(static_cast<double>(place), -0.5, end - 0.5);
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(std::nearbyint(mirrored)), 0, dim - 1);
  }

  Axis axis_of(double where, std::int64_t dim) const {
    const auto end = static_cast<double>(dim);
    double x = align_corners ? (where + 1) / 2 * (end - 1) : ((where + 1) * end - 1) / 2;
    Axis axis;
    if (!std::isfinite(x) || std::abs(x) > 1e15) x = border == SampleBorder::kZeros || std::isnan(x) ? -2 : std::copysign(1e15, x);
    if (mode == SampleMode::kNearest || mode == SampleMode::kLinear) {
      if (border == SampleBorder::kBorder) x = std::clamp(x, 0.0, end - 1);
      if (border == SampleBorder::kReflection) x = align_corners ? reflected(x, 0, end - 1) : reflected(x, -0.5, end - 0.5);
    }
    if (mode == SampleMode::kNearest) {
      axis.add(inside(static_cast<std::int64_t>(std::nearbyint(x)), dim), 1);
      return axis;
    }
    const double lower = std::floor(x);
    const double t = x - lower;
    const auto base = static_cast<std::int64_t>(lower);
    if (mode == SampleMode::kLinear) {
      axis.add(inside(base, dim), 1 - t);
      axis.add(inside(base + 1, dim), t);
      return axis;
    }
    constexpr double a = -0.75;
    const auto near = [&](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
    const auto far = [&](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
    axis.add(inside(base - 1, dim), far(t + 1));
    axis.add(inside(base, dim), near(t));
    axis.add(inside(base + 1, dim), near(1 - t));
    axis.add(inside(base + 2, dim), far(2 - t));
    return axis;
  }

  template <class T>
  void sample(Inputs in, Tensor& y) const {
    const Shape& shape = in[0].shape();
    const std::size_t spatial = shape.rank() - 2;
    const auto channels = static_cast<std::size_t>(shape[shape.rank() - 1]);
    const std::int64_t pixels = shape.elements(1, shape.rank() - 1);
    const std::int64_t samples = y.shape().elements(1, y.rank() - 1);
    const auto from = in[0].data<T>();
    const auto grid = in[1].data<T>();
    const auto to = y.mutable_data<T>();
    std::vector<double> sums(channels);
    for (std::int64_t s = 0; s < y.dim(0) * samples; ++s) {
      std::array<Axis, 3> axes;
      for (std::size_t i = 0; i < 3; ++i) {  // trivial dims in front
        if (i + spatial < 3) axes[i].add(0, 1);
        else axes[i] = axis_of(static_cast<double>(grid[static_cast<std::size_t>(s) * spatial + (2 - i)]), shape[i + spatial - 2]);
      }
      std::ranges::fill(sums, 0.0);
      const std::int64_t height = shape[spatial - 1], width = shape[spatial];
      for (std::size_t d = 0; d < axes[0].count; ++d) {
        for (std::size_t h = 0; h < axes[1].count; ++h) {
          for (std::size_t w = 0; w < axes[2].count; ++w) {
            if (axes[0].places[d] < 0 || axes[1].places[h] < 0 || axes[2].places[w] < 0) continue;
            const std::int64_t pixel = s / samples * pixels + (axes[0].places[d] * height + axes[1].places[h]) * width + axes[2].places[w];
            const double weight = axes[0].weights[d] * axes[1].weights[h] * axes[2].weights[w];
            const T* const values = from.data() + static_cast<std::size_t>(pixel) * channels;
            for (std::size_t c = 0; c < channels; ++c) sums[c] += weight * static_cast<double>(values[c]);
          }
        }
      }
      std::ranges::transform(sums, to.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(s) * channels), [](double v) { return static_cast<T>(v); });
    }
  }
};
REGISTER_OP(GridSample);

}  // namespace temper
