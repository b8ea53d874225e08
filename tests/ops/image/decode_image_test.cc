#include "ops/harness.h"

namespace temper::testing {
namespace {

/// A BMP of 2 x 1 pixels of 24 bits, blue first: (1, 2, 3) and (4, 5, 6) as RGB.
Tensor file() {
  const std::string bytes(
      "BM\x3e\0\0\0\0\0\0\0\x36\0\0\0"
      "\x28\0\0\0\2\0\0\0\1\0\0\0\1\0\x18\0\0\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
      "\3\2\1\6\5\4\0\0",
      62);
  return Tensor::strings({}, {bytes});
}

TEST(DecodeImage, GivesSamples) {
  check({"bytes", "decode_image", {}, {file()}, {u8({1, 2, 3}, {1, 2, 3, 4, 5, 6})}});
  check({"floats", "decode_image", {{"dtype", DType::kFloat32}}, {file()},
         {f32({1, 2, 3}, {1 / 255.0F, 2 / 255.0F, 3 / 255.0F, 4 / 255.0F, 5 / 255.0F, 6 / 255.0F})}, 1e-7});
  check({"window", "decode_image", {{"channels", std::int64_t{3}}}, {file(), i32({4}, {0, 1, 1, 1})}, {u8({1, 1, 3}, {4, 5, 6})}});
}

TEST(DecodeImage, Refuses) {
  check_refused({"window", "decode_image", {}, {file(), i32({4}, {0, 1, 1, 2})}, {}}, "leaves the picture");
  check_refused({"far window", "decode_image", {}, {file(), i64({4}, {INT64_MAX, 0, 1, 1})}, {}}, "leaves the picture");
  check_refused({"negative window", "decode_image", {}, {file(), i32({4}, {0, -1, 1, 1})}, {}}, "crop window");
  check_refused({"no picture", "decode_image", {}, {Tensor::strings({}, {"GIF89a"})}, {}}, "");
  check_refused({"channels", "decode_image", {{"channels", std::int64_t{2}}}, {file()}, {}}, "2 channels");
}

}  // namespace
}  // namespace temper::testing
