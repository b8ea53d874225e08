#include "media/picture.h"
#include "ops/definition.h"

namespace temper {
namespace {

using Window = std::array<std::int64_t, 4>;  ///< y, x, height, width

Window read_window(const Tensor& tensor) {
  const auto values = tensor.to_int64s();
  require(values.size() == 4, "a crop window is {}, not (y, x, height, width)", values);
  const Window window{values[0], values[1], values[2], values[3]};
  require(window[0] >= 0 && window[1] >= 0 && window[2] > 0 && window[3] > 0, "a crop window is {}", values);
  return window;
}

PictureWindow in_pixels(const Window& window) {
  for (const std::int64_t side : window) require(side <= kMaxPicturePixels, "a crop window is {}", window);
  return {static_cast<int>(window[0]), static_cast<int>(window[1]), static_cast<int>(window[2]),
          static_cast<int>(window[3])};
}

bool is_jpeg(std::string_view bytes) { return bytes.starts_with("\xff\xd8\xff"); }
bool is_png(std::string_view bytes) { return bytes.starts_with("\x89PNG"); }

/// The samples inside the window, each through `convert`.
template <class To, class From>
Tensor to_tensor(const Raster<From>& image, const std::optional<Window>& crop, auto&& convert) {
  const Window window = crop.value_or(Window{0, 0, image.height, image.width});
  require(window[0] <= image.height - window[2] && window[1] <= image.width - window[3],
          "a crop window of {} x {} at ({}, {}) leaves the picture of {} x {}", window[2], window[3], window[0],
          window[1], image.height, image.width);
  Tensor out(dtype_of<To>, {window[2], window[3], image.channels});
  auto to = out.mutable_data<To>().begin();
  for (std::int64_t y = window[0]; y < window[0] + window[2]; ++y) {
    const From* const row = image.samples.data() + (y * image.width + window[1]) * image.channels;
    to = std::transform(row, row + window[3] * image.channels, to, convert);
  }
  return out;
}

}  // namespace

/// The picture in an encoded file (JPEG, PNG, WebP or BMP, told apart by content) as [height, width, channels]. Inputs:
/// the file's bytes, a string scalar; and, optionally, a window (y, x, height, width) to cut out of the whole picture.
/// `channels`: 0 as stored, 1 grey, 3 RGB, 4 RGBA. `dtype`: uint8; float32, samples in 0..1; or uint16, where samples
/// of 8 bits are multiplied by 257 (PNG) or 256 (others), as TensorFlow does.
struct DecodeImage {
  static constexpr std::string_view kName = "decode_image";

  std::int64_t channels = 0;
  DType dtype = DType::kUInt8;
  bool fast_dct = true;         ///< of JPEG
  bool fancy_upscaling = true;  ///< of JPEG
  std::int64_t ratio = 1;       ///< JPEG is shrunk by this while decoding

  static void fields(auto& self, auto&& field) {
    field("channels", self.channels);
    field("dtype", self.dtype);
    field("fast_dct", self.fast_dct);
    field("fancy_upscaling", self.fancy_upscaling);
    field("ratio", self.ratio);
  }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1, 2);
    check_attributes();
    require(in[0].dtype == DType::kString, "needs the bytes of a file, got {}", in[0]);
    require_rank(in[0], 0, "a file");
    ShapeFact shape = ShapeFact::of_rank(3);
    if (channels > 0) shape.set(2, channels);
    if (in.size() > 1 && in[1].constant) {
      const Window window = read_window(*in[1].constant);
      shape.set(0, window[2]);
      shape.set(1, window[3]);
    }
    return {{dtype, shape, {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1, 2);
    check_attributes();
    require(in[0].dtype() == DType::kString && in[0].rank() == 0, "needs the bytes of one file, got {}",
            in[0]);
    std::optional<Window> crop;
    if (in.size() > 1) crop = read_window(in[1]);
    const std::string& bytes = in[0].string_data()[0];
    const auto samples = static_cast<int>(channels);
    if (dtype != DType::kUInt8 && is_png(bytes)) return {wide(decode_png16(bytes, samples), crop)};
    JpegOptions options{fast_dct, fancy_upscaling, static_cast<int>(ratio)};
    if (crop && is_jpeg(bytes)) {
      options.window = in_pixels(*crop);
      crop.reset();
    }
    return {narrow(decode_image(bytes, samples, options), crop)};
  }

 private:
  void check_attributes() const {
    require(channels == 0 || channels == 1 || channels == 3 || channels == 4, "{} channels are asked for", channels);
    require(dtype == DType::kUInt8 || dtype == DType::kUInt16 || dtype == DType::kFloat32,
            "a picture is asked for as {}", dtype);
    require(ratio == 1 || ratio == 2 || ratio == 4 || ratio == 8, "a ratio of {} is asked for, not 1, 2, 4 or 8",
            ratio);
  }
  Tensor wide(const DecodedImage16& image, const std::optional<Window>& crop) const {
    if (dtype == DType::kUInt16) return to_tensor<std::uint16_t>(image, crop, std::identity{});
    return to_tensor<float>(image, crop, [](std::uint16_t v) { return static_cast<float>(v) * (1.0F / 65535); });
  }
  Tensor narrow(const DecodedImage& image, const std::optional<Window>& crop) const {
    if (dtype == DType::kUInt8) return to_tensor<std::uint8_t>(image, crop, std::identity{});
    if (dtype == DType::kUInt16) {
      return to_tensor<std::uint16_t>(image, crop, [](std::uint8_t v) { return static_cast<std::uint16_t>(v * 256); });
    }
    return to_tensor<float>(image, crop, [](std::uint8_t v) { return static_cast<float>(v) * (1.0F / 255); });
  }
};
REGISTER_OP(DecodeImage);

}  // namespace temper
