#include <cmath>

#include "ops/definition.h"

namespace temper {

/// Regions of pictures, each as a grid of `height` x `width` bins: y[r, i, j, c] = the mean (or with `largest` the maximum) of samples taken by
/// bilinear interpolation at `sampling` x `sampling` even places of bin i, j (0: as many as it has pixels, rounded up). He et al., Mask R-CNN,
/// 2017. Inputs: x [N, H, W, C], regions [R, 4] (x1, y1, x2, y2) in units of pixels over `spatial_scale`, both float32, and the picture of each region
/// [R] (integers). With `half_pixel` a pixel's middle is at 0.5; without, at 0, and regions are at least one pixel. Samples more than a pixel
/// outside are 0. The maximum is of the samples' weighted pixels.
struct RoiAlign {
  static constexpr std::string_view kName = "roi_align";

  std::int64_t height = 1;
  std::int64_t width = 1;
  std::int64_t sampling = 0;
  float spatial_scale = 1.0F;
  bool half_pixel = true;
  bool largest = false;

  static void fields(auto& self, auto&& field) {
    field("height", self.height);
    field("width", self.width);
    field("sampling", self.sampling);
    field("spatial_scale", self.spatial_scale);
    field("half_pixel", self.half_pixel);
    field("largest", self.largest);
  }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 3);
    require(in[0].dtype == DType::kFloat32 && in[1].dtype == DType::kFloat32 && is_integer(in[2].dtype),
            "needs float32 pictures and regions, and integers, got {}, {} and {}", in[0].dtype, in[1].dtype, in[2].dtype);
    require_rank(in[0], 4, "a batch of pictures");
    require_rank(in[1], 2, "a list of regions");
    require_rank(in[2], 1, "a list of pictures");
    check_size();
    const Dim regions = in[1].shape.rank_known() ? in[1].shape[0] : Dim();
    const Dim channels = in[0].shape.rank_known() ? in[0].shape[3] : Dim();
    return {{DType::kFloat32, ShapeFact({regions, Dim(height), Dim(width), channels}), {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 3);
    require_rank(in[0], 4, "a batch of pictures");
    require_rank(in[1], 2, "a list of regions");
    require(in[1].dim(1) == 4 && in[2].rank() == 1 && in[2].dim(0) == in[1].dim(0), "regions {} are given with pictures {}", in[1], in[2]);
    check_size();
    const auto pictures = in[2].to_int64s();
    Tensor y(DType::kFloat32, {in[1].dim(0), height, width, in[0].dim(3)});
    for (std::size_t r = 0; r < pictures.size() && y.elements() > 0; ++r) {
      require(pictures[r] >= 0 && pictures[r] < in[0].dim(0), "region {} is of picture {}, but there are {}", r, pictures[r], in[0].dim(0));
      require(in[0].elements() > 0, "regions of empty pictures {} are wanted", in[0]);
      align(in[0], pictures[r], in[1].data<float>().subspan(4 * r, 4), y.mutable_data<float>().subspan(r * region_elements(y), region_elements(y)));
    }
    return {std::move(y)};
  }

 private:
  struct Bins {
    double first = 0, size = 0;
    std::int64_t samples = 1;

    double at(std::int64_t bin, std::int64_t sample) const {
      return first + size * (static_cast<double>(bin) + (static_cast<double>(sample) + 0.5) / static_cast<double>(samples));
    }
  };
  /// The two pixels that a position lies between; weights 0 where it is outside.
  struct Between {
    std::int64_t lower = 0, upper = 0;
    double low = 0, high = 0;
  };

  void check_size() const {
    require(height > 0 && width > 0 && height <= 1 << 15 && width <= 1 << 15 && sampling >= 0 && sampling <= 1 << 10,
            "regions of {} x {} bins with {} samples are not supported", height, width, sampling);
  }
  static std::size_t region_elements(const Tensor& y) { return static_cast<std::size_t>(y.shape().elements(1, 4)); }

  Bins bins(float from, float to, std::int64_t count) const {
    const double scale = static_cast<double>(spatial_scale), offset = half_pixel ? 0.5 : 0.0;
    const double first = static_cast<double>(from) * scale - offset;
    double length = static_cast<double>(to) * scale - offset - first;
    if (!half_pixel) length = std::max(length, 1.0);
    const double size = length / static_cast<double>(count);
    require(std::isfinite(first) && std::isfinite(size) && std::abs(size) < 1 << 20, "a region from {} to {} is not supported", from, to);
    const double natural = std::max(std::ceil(size), 0.0);
    return {first, size, sampling > 0 ? sampling : static_cast<std::int64_t>(natural)};
  }

  static Between between(double x, std::int64_t dim) {
    if (x < -1 || x > static_cast<double>(dim)) return {};
    x = std::max(x, 0.0);
    const auto lower = std::min(static_cast<std::int64_t>(x), dim - 1);
    if (lower >= dim - 1) return {dim - 1, dim - 1, 1, 0};
    const double t = x - static_cast<double>(lower);
    return {lower, lower + 1, 1 - t, t};
  }

  void align(const Tensor& x, std::int64_t picture, std::span<const float> region, std::span<float> y) const {
    const Bins rows = bins(region[1], region[3], height), columns = bins(region[0], region[2], width);
    require(rows.samples * columns.samples <= std::int64_t{1} << 24, "a region takes {} x {} samples a bin", rows.samples, columns.samples);
    const auto channels = static_cast<std::size_t>(x.dim(3));
    const float* const pixels = x.data<float>().data() + picture * x.shape().elements(1, 4);
    const auto pixel = [&](std::int64_t row, std::int64_t column, std::size_t c) {
      return static_cast<double>(pixels[static_cast<std::size_t>(row * x.dim(2) + column) * channels + c]);
    };
    std::size_t out = 0;
    for (std::int64_t i = 0; i < height; ++i) {
      for (std::int64_t j = 0; j < width; ++j) {
        for (std::size_t c = 0; c < channels; ++c, ++out) {
          double sum = 0, most = -std::numeric_limits<double>::infinity();
          for (std::int64_t a = 0; a < rows.samples; ++a) {
            const Between v = between(rows.at(i, a), x.dim(1));
            for (std::int64_t b = 0; b < columns.samples; ++b) {
              const Between h = between(columns.at(j, b), x.dim(2));
              const std::array parts{v.low * h.low * pixel(v.lower, h.lower, c), v.low * h.high * pixel(v.lower, h.upper, c),
                                     v.high * h.low * pixel(v.upper, h.lower, c), v.high * h.high * pixel(v.upper, h.upper, c)};
              sum += parts[0] + parts[1] + parts[2] + parts[3];
              most = std::max(most, *std::ranges::max_element(parts));
            }
          }
          const std::int64_t count = rows.samples * columns.samples;
          y[out] = static_cast<float>(count == 0 ? 0 : largest ? most : sum / static_cast<double>(count));
        }
      }
    }
  }
};
REGISTER_OP(RoiAlign);

}  // namespace temper
