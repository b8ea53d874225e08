#include "ops/image/crop_and_resize.h"

#include <cmath>
#include <limits>

#include "ops/arrays/storage.h"

namespace temper {
namespace {

struct ImageView {
  const float* pixels;
  std::int64_t width;
  std::int64_t channels;

  const float* at(std::int64_t y, std::int64_t x) const { return pixels + (y * width + x) * channels; }
};

void interpolate(const ImageView& image, const LinearTap& row, const LinearTap& column, float* out) {
  const float* const top_left = image.at(row.lower, column.lower);
  const float* const top_right = image.at(row.lower, column.upper);
  const float* const bottom_left = image.at(row.upper, column.lower);
  const float* const bottom_right = image.at(row.upper, column.upper);
  for (std::int64_t c = 0; c < image.channels; ++c) {
    const float top = top_left[c] + (top_right[c] - top_left[c]) * column.lerp;
    const float bottom = bottom_left[c] + (bottom_right[c] - bottom_left[c]) * column.lerp;
    out[c] = top + (bottom - top) * row.lerp;
  }
}

std::array<std::int64_t, 2> read_crop_size(const Tensor& tensor) {
  const IndexList size(tensor, "a crop's size");
  require(size.size() == 2 && size[0] > 0 && size[1] > 0, "a crop's size is {}, not a positive height and width", size.values());
  return {size[0], size[1]};
}

void require_pool(std::int64_t pool) { require(pool > 0 && pool < (1 << 20), "crops are pooled by {}", pool); }

/// The largest of each window, as max_pool has it: NaN is below every number.
Tensor pooled(const Tensor& crops, std::int64_t pool) {
  const Shape& from = crops.shape();
  Tensor out(DType::kFloat32, {from[0], from[1] / pool, from[2] / pool, from[3]});
  const Shape& shape = out.shape();
  const float* const x = crops.data<float>().data();
  float* to = out.mutable_data<float>().data();
  for (std::int64_t row = 0; row < shape[0] * shape[1]; ++row) {
    const std::int64_t first = row / shape[1] * from[1] + row % shape[1] * pool;  // of the rows of all crops
    for (std::int64_t column = 0; column < shape[2]; ++column, to += shape[3]) {
      std::fill_n(to, shape[3], std::numeric_limits<float>::lowest());
      for (std::int64_t tap = 0; tap < pool * pool; ++tap) {
        const float* const pixel = x + ((first + tap / pool) * from[2] + column * pool + tap % pool) * from[3];
        for (std::int64_t c = 0; c < from[3]; ++c) to[c] = pixel[c] > to[c] ? pixel[c] : to[c];
      }
    }
  }
  return out;
}

}  // namespace

/// Positions in float32, but the middle of a single pixel in double: TensorFlow's order of operations.
void place_crop(float from, float to, std::int64_t in, std::span<CropTap> taps) {
  const auto out = static_cast<std::int64_t>(taps.size());
  const auto last = static_cast<float>(in - 1);
  const float scale = out > 1 ? (to - from) * last / static_cast<float>(out - 1) : 0.0F;
  for (std::int64_t i = 0; i < out; ++i) {
    const float position = out > 1 ? from * last + static_cast<float>(i) * scale
                                   : static_cast<float>(0.5 * (from + to) * static_cast<double>(in - 1));
    CropTap& tap = taps[static_cast<std::size_t>(i)];
    tap.inside = position >= 0 && position <= last;
    if (!tap.inside) continue;
    tap.linear = {static_cast<std::int64_t>(std::floor(position)), static_cast<std::int64_t>(std::ceil(position)),
                  position - std::floor(position)};
    tap.linear.upper = std::min(tap.linear.upper, in - 1);
    tap.nearest = std::min(static_cast<std::int64_t>(std::round(position)), in - 1);
  }
}

Shape crops_shape(Inputs in) {
  require_inputs(in, 4);
  require_rank(in[0], 4, "an image");
  require(in[1].dtype() == DType::kFloat32 && in[1].rank() == 2 && in[1].dim(1) == 4, "boxes are {}, not float32 [n, 4]",
          in[1]);
  require(in[2].dtype() == DType::kInt32 && in[2].shape() == Shape{in[1].dim(0)}, "{} boxes have image numbers {}",
          in[1].dim(0), in[2]);
  const auto [height, width] = read_crop_size(in[3]);
  const bool empty = in[0].dim(1) == 0 || in[0].dim(2) == 0;
  require(in[1].dim(0) == 0 || !empty, "crops are taken from the empty image {}", in[0]);
  for (const std::int32_t image : in[2].data<std::int32_t>()) {
    require(image >= 0 && image < in[0].dim(0), "a box is of image {}, of {}", image, in[0].dim(0));
  }
  const bool finite = std::ranges::all_of(in[1].data<float>(), [](float v) { return std::isfinite(v); });
  require(finite, "a box has a corner that is not finite");
  return {in[1].dim(0), height, width, in[0].dim(3)};
}

Facts CropAndResize::infer(std::span<const Fact> in) const {
  require_inputs(in, 4);
  require_pool(pool);
  require(is_number(in[0].dtype), "needs an image of numbers, got {}", in[0].dtype);
  require(in[1].dtype == DType::kFloat32, "boxes are {}, not float32", in[1].dtype);
  require(in[2].dtype == DType::kInt32, "image numbers are {}, not int32", in[2].dtype);
  require(is_integer(in[3].dtype), "the crop size is {}", in[3].dtype);
  require_rank(in[0], 4, "an image");
  require_rank(in[1], 2, "boxes");
  require_rank(in[2], 1, "image numbers");
  ShapeFact shape = ShapeFact::of_rank(4);
  if (in[2].shape.rank_known()) shape.set(0, in[2].shape[0]);
  if (in[1].shape.rank_known()) {
    require(!in[1].shape[1].known() || in[1].shape[1].is(4), "boxes of shape {} do not have 4 columns", in[1].shape);
    if (in[1].shape[0].known()) shape.set(0, in[1].shape[0]);
  }
  if (in[0].shape.rank_known()) shape.set(3, in[0].shape[3]);
  if (in[3].constant) {
    const auto [height, width] = read_crop_size(*in[3].constant);
    shape.set(1, height / pool);
    shape.set(2, width / pool);
  }
  return {{DType::kFloat32, shape, {}}};
}

Tensors CropAndResize::reference(Inputs in) const {
  const Shape shape = crops_shape(in);
  require_pool(pool);
  Tensor out(DType::kFloat32, shape);
  if (out.elements() == 0) return {pool == 1 ? std::move(out) : pooled(out, pool)};
  const Tensor image = to_float32(in[0]);
  const std::int64_t channels = shape[3];
  std::vector<CropTap> rows(static_cast<std::size_t>(shape[1]));
  std::vector<CropTap> columns(static_cast<std::size_t>(shape[2]));
  float* to = out.mutable_data<float>().data();
  for (std::int64_t n = 0; n < shape[0]; ++n) {
    const float* const box = in[1].data<float>().data() + 4 * n;
    const std::int64_t source = in[2].data<std::int32_t>()[static_cast<std::size_t>(n)];
    const ImageView view{image.data<float>().data() + source * image.shape().elements(1, 4), image.dim(2), channels};
    place_crop(box[0], box[2], image.dim(1), rows);
    place_crop(box[1], box[3], image.dim(2), columns);
    for (const CropTap& row : rows) {
      for (const CropTap& column : columns) {
        if (!row.inside || !column.inside) std::fill_n(to, channels, extrapolation_value);
        else if (method == CropMethod::kNearest) std::copy_n(view.at(row.nearest, column.nearest), channels, to);
        else interpolate(view, row.linear, column.linear, to);
        to += channels;
      }
    }
  }
  return {pool == 1 ? std::move(out) : pooled(out, pool)};
}
REGISTER_OP(CropAndResize);

}  // namespace temper
