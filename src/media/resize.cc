#include "media/resize.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/error.h"
#include "media/decoders.h"

namespace temper {
namespace {

constexpr std::size_t kChannels = 3;

Picture make_picture(const Picture& source, int width, int height) {
  require(width > 0 && height > 0, "a picture cannot be resized to {} x {} pixels", width, height);
  require(source.width > 0 && source.height > 0, "an empty picture cannot be resized");
  auto raster = decoders::make_raster<std::uint8_t>(width, height, 3);
  return {width, height, std::move(raster.samples)};
}

/// The two source positions that a target position lies between, and how far it is towards the second.
struct Neighbours {
  std::size_t lower;
  std::size_t upper;
  float fraction;
};

std::vector<Neighbours> find_neighbours(int source_size, int target_size) {
  const float scale = static_cast<float>(source_size) / static_cast<float>(target_size);
  std::vector<Neighbours> neighbours(static_cast<std::size_t>(target_size));
  for (std::size_t i = 0; i < neighbours.size(); ++i) {
    const float position = (static_cast<float>(i) + 0.5F) * scale - 0.5F;
    const float floor = std::floor(position);
    const int last = source_size - 1;
    neighbours[i].lower = static_cast<std::size_t>(std::clamp(static_cast<int>(floor), 0, last));
    neighbours[i].upper = static_cast<std::size_t>(std::clamp(static_cast<int>(std::ceil(position)), 0, last));
    neighbours[i].fraction = position - floor;
  }
  return neighbours;
}

/// The source positions that weigh in on a target position: `weights` begin at `first`. In 2^-22.
struct Window {
  std::size_t first;
  std::vector<int> weights;
};

constexpr int kWeightBits = 22;

std::vector<Window> triangle_windows(int source_size, int target_size) {
  const double scale = static_cast<double>(source_size) / target_size;
  const double support = std::max(scale, 1.0);
  std::vector<Window> windows(static_cast<std::size_t>(target_size));
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const int first = std::max(static_cast<int>(centre - support + 0.5), 0);
    const int end = std::min(static_cast<int>(centre + support + 0.5), source_size);
    std::vector<double> weights(static_cast<std::size_t>(end - first));
    double sum = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      const double distance = std::abs((static_cast<double>(k) + first - centre + 0.5) * (1.0 / support));
      weights[k] = std::max(1.0 - distance, 0.0);
      sum += weights[k];
    }
    windows[i].first = static_cast<std::size_t>(first);
    windows[i].weights.resize(weights.size());
    for (std::size_t k = 0; k < weights.size(); ++k) {
      const double share = sum == 0 ? 0 : weights[k] / sum;
      windows[i].weights[k] = static_cast<int>(0.5 + share * (1 << kWeightBits));
    }
  }
  return windows;
}

/// The weighted sum of samples `stride` apart.
std::uint8_t weigh(const std::uint8_t* samples, std::size_t stride, const std::vector<int>& weights) {
  int sum = 1 << (kWeightBits - 1);
  for (std::size_t k = 0; k < weights.size(); ++k) sum += samples[k * stride] * weights[k];
  return static_cast<std::uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
}

Picture filter_across(const Picture& picture, int width) {
  Picture result = make_picture(picture, width, picture.height);
  const std::vector<Window> windows = triangle_windows(picture.width, width);
  std::uint8_t* out = result.rgb.data();
  for (std::size_t y = 0; y < static_cast<std::size_t>(picture.height); ++y) {
    const std::uint8_t* row = picture.rgb.data() + y * static_cast<std::size_t>(picture.width) * kChannels;
    for (const Window& window : windows) {
      for (std::size_t c = 0; c < kChannels; ++c) {
        *out++ = weigh(row + window.first * kChannels + c, kChannels, window.weights);
      }
    }
  }
  return result;
}

Picture filter_down(const Picture& picture, int height) {
  Picture result = make_picture(picture, picture.width, height);
  const std::size_t row_bytes = static_cast<std::size_t>(picture.width) * kChannels;
  std::uint8_t* out = result.rgb.data();
  for (const Window& window : triangle_windows(picture.height, height)) {
    const std::uint8_t* column = picture.rgb.data() + window.first * row_bytes;
    for (std::size_t i = 0; i < row_bytes; ++i) *out++ = weigh(column + i, row_bytes, window.weights);
  }
  return result;
}

}  // namespace

Picture resize_picture(const Picture& picture, int width, int height) {
  Picture result = make_picture(picture, width, height);
  const std::vector<Neighbours> columns = find_neighbours(picture.width, width);
  const std::size_t row_bytes = static_cast<std::size_t>(picture.width) * kChannels;
  std::uint8_t* out = result.rgb.data();
  for (const Neighbours& row : find_neighbours(picture.height, height)) {
    const std::uint8_t* upper = picture.rgb.data() + row.lower * row_bytes;
    const std::uint8_t* lower = picture.rgb.data() + row.upper * row_bytes;
    for (const Neighbours& column : columns) {
      for (std::size_t c = 0; c < kChannels; ++c) {
        const std::size_t left = column.lower * kChannels + c;
        const std::size_t right = column.upper * kChannels + c;
        const float top = upper[left] + static_cast<float>(upper[right] - upper[left]) * column.fraction;
        const float bottom = lower[left] + static_cast<float>(lower[right] - lower[left]) * column.fraction;
        *out++ = static_cast<std::uint8_t>(top + (bottom - top) * row.fraction + 0.5F);
      }
    }
  }
  return result;
}

Picture resize_antialiased(const Picture& picture, int width, int height) {
  require(width > 0 && height > 0, "a picture cannot be resized to {} x {} pixels", width, height);
  const Picture narrowed = width == picture.width ? picture : filter_across(picture, width);
  return height == picture.height ? narrowed : filter_down(narrowed, height);
}

Picture crop_centre(const Picture& picture, int width, int height) {
  require(width > 0 && height > 0 && width <= picture.width && height <= picture.height,
          "{} x {} pixels cannot be cut out of {} x {}", width, height, picture.width, picture.height);
  const std::size_t row_bytes = static_cast<std::size_t>(picture.width) * kChannels;
  const std::size_t kept_bytes = static_cast<std::size_t>(width) * kChannels;
  const std::size_t left = static_cast<std::size_t>((picture.width - width) / 2) * kChannels;
  const auto top = static_cast<std::size_t>((picture.height - height) / 2);
  Picture result = make_picture(picture, width, height);
  for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y) {
    const std::uint8_t* from = picture.rgb.data() + (top + y) * row_bytes + left;
    std::copy(from, from + kept_bytes, result.rgb.data() + y * kept_bytes);
  }
  return result;
}

}  // namespace temper
