#include "cli/io/picture_tensor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "media/resize.h"

namespace temper {
namespace {

constexpr std::array<std::string_view, 5> kPreprocessNames = {"none", "0..1", "-1..1", "caffe", "torch"};
constexpr std::array<std::string_view, 2> kResizeNames = {"stretch", "crop"};

/// Names that pictures customarily come in under, the surest first.
constexpr std::array<std::string_view, 8> kCustomaryNames = {
    "image_tensor", "encoded_image_string_tensor", "input_tensor", "images", "image", "input", "x", "data"};

std::string_view last_part(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

std::optional<int> fixed(const Dim& dim) {
  if (!dim.known() || dim.value() <= 0 || dim.value() > 1 << 20) return std::nullopt;
  return static_cast<int>(dim.value());
}

bool is_channel_count(const Dim& dim) { return dim.is(1) || dim.is(3); }

/// Of pixels of three channels each: their values in `channels`.
void take_channels(std::span<const std::uint8_t> rgb, int channels, std::vector<float>& values) {
  if (channels == 3) return void(std::ranges::copy(rgb, values.begin()));
  for (std::size_t i = 0; i < rgb.size() / 3; ++i) {  // ITU-R BT.601 luma
    const float red = rgb[i * 3];
    const float green = rgb[i * 3 + 1];
    const float blue = rgb[i * 3 + 2];
    values[i] = std::round(0.299F * red + 0.587F * green + 0.114F * blue);
  }
}

void scale_all(std::vector<float>& values, float factor, float shift) {
  for (float& value : values) value = value * factor + shift;
}

void scale_channels(std::vector<float>& values, int channels, std::array<float, 3> mean,
                    std::array<float, 3> deviation) {
  const auto step = static_cast<std::size_t>(channels);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t channel = step == 3 ? i % 3 : 1;
    values[i] = (values[i] - mean[channel]) / deviation[channel];
  }
}

void apply(std::vector<float>& values, int channels, Preprocess preprocess) {
  switch (preprocess) {
    case Preprocess::kNone:
      return;
    case Preprocess::kUnit:
      return scale_all(values, 1.0F / 255, 0);
    case Preprocess::kSymmetric:
      return scale_all(values, 1.0F / 127.5F, -1);
    case Preprocess::kTorch:
      scale_all(values, 1.0F / 255, 0);
      return scale_channels(values, channels, {0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F});
    case Preprocess::kCaffe:
      if (channels == 3) {
        for (std::size_t i = 0; i < values.size(); i += 3) std::swap(values[i], values[i + 2]);
      }
      return scale_channels(values, channels, {103.939F, 116.779F, 123.68F}, {1, 1, 1});
  }
}

Picture sized(const Picture& picture, int width, int height, ResizeMode mode) {
  if (picture.width == width && picture.height == height) return picture;
  if (mode == ResizeMode::kStretch) return resize_picture(picture, width, height);
  const double factor =
      std::max(static_cast<double>(width) / picture.width, static_cast<double>(height) / picture.height);
  const auto side = [&](int from, int least) { return std::max(least, static_cast<int>(std::lround(from * factor))); };
  return crop_centre(resize_picture(picture, side(picture.width, width), side(picture.height, height)), width, height);
}

/// The picture, of the input's size, in the input's order and type. Row by row, so that there is no second copy of it in floats.
Tensor arranged(const Picture& picture, const PictureInput& input, Preprocess preprocess) {
  const int width = picture.width;
  const int height = picture.height;
  const Shape shape =
      input.channels_first ? Shape{1, input.channels, height, width} : Shape{1, height, width, input.channels};
  Tensor tensor(input.dtype, input.rank == 3 ? Shape(shape.dims().subspan(1)) : shape);
  const std::size_t pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  const auto channels = static_cast<std::size_t>(input.channels);
  const auto row_pixels = static_cast<std::size_t>(width);
  std::vector<float> row(row_pixels * channels);
  visit_numbers(input.dtype, [&]<class T>(Type<T>) {
    const auto out = tensor.mutable_data<T>();
    for (std::size_t first = 0; first < pixels; first += row_pixels) {
      take_channels(std::span(picture.rgb).subspan(first * 3, row_pixels * 3), input.channels, row);
      apply(row, input.channels, preprocess);
      for (std::size_t i = 0; i < row.size(); ++i) {
        const std::size_t to = input.channels_first ? (i % channels) * pixels + first + i / channels : first * channels + i;
        out[to] = static_cast<T>(input.dtype == DType::kInt8 ? std::min(row[i], 127.0F) : row[i]);
      }
    }
  });
  return tensor;
}

std::string listed(const Graph& graph) {
  std::string text;
  for (const Port& port : graph.inputs()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", port.name, describe(graph.fact(port.value)));
  }
  return text.empty() ? "none" : text;
}

}  // namespace

std::optional<PictureInput> as_picture_input(const std::string& name, const Fact& fact) {
  PictureInput input{.name = name, .dtype = fact.dtype};
  if (fact.dtype == DType::kString) {
    if (fact.shape.rank_known() && fact.shape.rank() > 1) return std::nullopt;
    input.rank = fact.shape.rank_known() ? fact.shape.rank() : 0;
    return input;
  }
  if (!is_number(fact.dtype)) return std::nullopt;
  if (!fact.shape.rank_known()) return input;
  const auto& dims = fact.shape.dims();
  if (dims.size() != 3 && dims.size() != 4) return std::nullopt;
  input.rank = dims.size();
  const std::size_t first = dims.size() - 3;
  if (first == 1 && dims[0].known() && !dims[0].is(1)) return std::nullopt;
  const bool last = is_channel_count(dims[first + 2]);
  input.channels_first = !last && is_channel_count(dims[first]);
  if (!last && !input.channels_first && dims[first + 2].known()) return std::nullopt;
  const Dim& channels = input.channels_first ? dims[first] : dims[first + 2];
  input.channels = channels.known() ? static_cast<int>(channels.value()) : 3;
  input.height = fixed(dims[input.channels_first ? first + 1 : first]);
  input.width = fixed(dims[input.channels_first ? first + 2 : first + 1]);
  return input;
}

PictureInput find_picture_input(const Graph& graph, const std::string& wanted) {
  std::vector<PictureInput> able;
  for (const Port& port : graph.inputs()) {
    const auto input = as_picture_input(port.name, graph.fact(port.value));
    if (!wanted.empty() && port.name == wanted) {
      require(input.has_value(), "input {} {} takes no picture: [1,height,width,3] or [1,height,width,1] is needed",
              port.name, graph.fact(port.value));
      return *input;
    }
    if (input.has_value()) able.push_back(*input);
  }
  require(wanted.empty(), "there is no input '{}'; the model's inputs: {}", wanted, listed(graph));
  require(!able.empty(),
          "no input takes a picture: one of shape [1,height,width,3] or [1,height,width,1] is needed; the model's "
          "inputs: {}",
          listed(graph));
  if (able.size() == 1) return able.front();
  for (const std::string_view name : kCustomaryNames) {
    for (const PictureInput& input : able) {
      if (last_part(input.name) == name) return input;
    }
  }
  throw ModelError(fmt::format("several inputs could take the picture: {}", listed(graph)));
}

PictureTensor picture_tensor(const Picture& picture, const PictureInput& input, Preprocess preprocess,
                             ResizeMode mode) {
  require(preprocess == Preprocess::kNone || is_float(input.dtype),
          "input {} takes {} pixels as they are; --preprocess is for float inputs", input.name, input.dtype);
  const int width = input.width.value_or(picture.width);
  const int height = input.height.value_or(picture.height);
  const bool resized = width != picture.width || height != picture.height;
  return {resized ? arranged(sized(picture, width, height, mode), input, preprocess) : arranged(picture, input, preprocess), width, height, resized};
}

Tensor encoded_tensor(std::string bytes, const PictureInput& input) {
  return Tensor::strings(input.rank == 0 ? Shape{} : Shape{1}, {std::move(bytes)});
}

Preprocess parse_preprocess(std::string_view name) {
  const auto found = std::ranges::find(kPreprocessNames, name);
  require(found != kPreprocessNames.end(), "--preprocess {}: one of {} is needed", name,
          fmt::join(kPreprocessNames, ", "));
  return static_cast<Preprocess>(found - kPreprocessNames.begin());
}

ResizeMode parse_resize_mode(std::string_view name) {
  const auto found = std::ranges::find(kResizeNames, name);
  require(found != kResizeNames.end(), "--resize-mode {}: one of {} is needed", name, fmt::join(kResizeNames, ", "));
  return static_cast<ResizeMode>(found - kResizeNames.begin());
}

}  // namespace temper
