#include <cmath>
#include <cstring>

#include "ops/image/resize.h"

namespace temper {
std::vector<std::int64_t> nearest_pixels(const ResizeGrid& grid, std::int64_t in, std::int64_t out) {
  const float scale = grid.scale(in, out);
  std::vector<std::int64_t> sources(static_cast<std::size_t>(out));
  for (std::int64_t i = 0; i < out; ++i) {
    const float position = grid.middle(i, scale);
    const auto source = static_cast<std::int64_t>(grid.align_corners ? std::round(position) : std::floor(position));
    sources[static_cast<std::size_t>(i)] = std::max<std::int64_t>(std::min(source, in - 1), 0);
  }
  return sources;
}

Tensors ResizeNearest::reference(Inputs in) const {
  check_grid(*this);
  const Shape shape = resized_shape(in);
  Tensor out(in[0].dtype(), shape);
  if (out.elements() == 0) return {std::move(out)};
  const auto rows = nearest_pixels(*this, in[0].dim(1), shape[1]);
  const auto columns = nearest_pixels(*this, in[0].dim(2), shape[2]);
  const std::size_t pixel = static_cast<std::size_t>(shape[3]) * size_of(in[0].dtype());
  const std::size_t in_row = static_cast<std::size_t>(in[0].dim(2)) * pixel;
  std::byte* to = out.mutable_bytes().data();
  for (std::int64_t b = 0; b < shape[0]; ++b) {
    const std::byte* const picture = in[0].bytes().data() + static_cast<std::size_t>(b * in[0].dim(1)) * in_row;
    for (const std::int64_t y : rows) {
      const std::byte* const row = picture + static_cast<std::size_t>(y) * in_row;
      for (const std::int64_t x : columns) {
        std::memcpy(to, row + static_cast<std::size_t>(x) * pixel, pixel);
        to += pixel;
      }
    }
  }
  return {std::move(out)};
}
REGISTER_OP(ResizeNearest);

}  // namespace temper
