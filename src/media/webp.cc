#include <webp/decode.h>

#include "media/decoders.h"

namespace temper::decoders {
namespace {

void require_decoded(VP8StatusCode status) {
  require(status != VP8_STATUS_NOT_ENOUGH_DATA, "the WebP cannot be decoded: the WebP data are truncated");
  require(status == VP8_STATUS_OK, "the WebP cannot be decoded: the data are damaged (libwebp status {})",
          static_cast<int>(status));
}

}  // namespace

DecodedImage decode_webp(std::string_view bytes, int channels) {
  WebPDecoderConfig config;
  require(WebPInitDecoderConfig(&config) != 0, "the libwebp that is installed does not fit this program");
  require_decoded(WebPGetFeatures(data_of(bytes), bytes.size(), &config.input));
  require(config.input.has_animation == 0, "an animated WebP; save one frame of it as a still picture");
  if (channels == 0) channels = config.input.has_alpha != 0 ? 4 : 3;
  require(channels >= 3, "a WebP has 3 or 4 channels, not {}", channels);
  constexpr int kWorkingBytesPerPixel = 4;  // a lossless picture is decoded whole
  auto image = make_raster<std::uint8_t>(config.input.width, config.input.height, channels, kWorkingBytesPerPixel);
  config.output.colorspace = channels == 4 ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = image.samples.data();
  config.output.u.RGBA.stride = image.width * channels;
  config.output.u.RGBA.size = image.samples.size();
  const VP8StatusCode status = WebPDecode(data_of(bytes), bytes.size(), &config);
  WebPFreeDecBuffer(&config.output);
  require_decoded(status);
  return image;
}

}  // namespace temper::decoders
