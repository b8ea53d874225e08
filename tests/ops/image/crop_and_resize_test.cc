#include <limits>

#include "ops/harness.h"

namespace temper::testing {
namespace {

Tensor size(std::int32_t height, std::int32_t width) { return i32({2}, {height, width}); }
Tensor image() { return f32({1, 3, 3, 1}, {0, 1, 2, 3, 4, 5, 6, 7, 8}); }
Tensor box(float y1, float x1, float y2, float x2) { return f32({1, 4}, {y1, x1, y2, x2}); }
Tensor first() { return i32({1}, {0}); }

TEST(CropAndResize, PutsCornersOnTheBox) {
  check({"whole", "crop_and_resize", {}, {image(), box(0, 0, 1, 1), first(), size(2, 2)}, {f32({1, 2, 2, 1}, {0, 2, 6, 8})}});
  check({"one pixel", "crop_and_resize", {}, {image(), box(0, 0, 0.5F, 1), first(), size(1, 1)}, {f32({1, 1, 1, 1}, {2.5F})}});
  check({"flipped", "crop_and_resize", {}, {image(), box(1, 0, 0, 1), first(), size(2, 2)}, {f32({1, 2, 2, 1}, {6, 8, 0, 2})}});
  check({"between", "crop_and_resize", {}, {image(), box(0.25F, 0, 0.25F, 0.5F), first(), size(1, 2)},
         {f32({1, 1, 2, 1}, {1.5F, 2.5F})}});
  check({"outside", "crop_and_resize", {{"extrapolation_value", -1.0}}, {image(), box(0, -0.5F, 0, 1), first(), size(1, 4)},
         {f32({1, 1, 4, 1}, {-1, 0, 1, 2})}});
  check({"nearest", "crop_and_resize", {{"method", std::string("nearest")}},
         {u8({2, 1, 2, 1}, {1, 2, 3, 4}), box(0, 0, 0, 0.5F), i32({1}, {1}), size(1, 2)}, {f32({1, 1, 2, 1}, {3, 4})}});
  check({"no boxes", "crop_and_resize", {}, {image(), f32({0, 4}, {}), i32({0}, {}), size(2, 2)}, {f32({0, 2, 2, 1}, {})}});
}

TEST(CropAndResize, KeepsTheGreatestOfEachWindow) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  check({"pool", "crop_and_resize", {{"pool", std::int64_t{2}}}, {image(), box(0, 0, 1, 1), first(), size(3, 3)}, {f32({1, 1, 1, 1}, {4})}});
  check({"outside", "crop_and_resize", {{"pool", std::int64_t{2}}, {"extrapolation_value", 3.0}},
         {image(), box(0, -0.5F, 0, 1), first(), size(2, 4)}, {f32({1, 1, 2, 1}, {3, 2})}});
  check({"not numbers", "crop_and_resize", {{"pool", std::int64_t{2}}}, {f32({1, 2, 2, 1}, {nan, -3, nan, -4}), box(0, 0, 1, 1), first(), size(2, 2)},
         {f32({1, 1, 1, 1}, {-3})}});
  check({"too large a window", "crop_and_resize", {{"pool", std::int64_t{3}}}, {image(), box(0, 0, 1, 1), first(), size(3, 2)}, {f32({1, 1, 0, 1}, {})}});
}

TEST(CropAndResize, Refuses) {
  const auto refuse = [](Tensors inputs, const std::string& message) {
    check_refused({"", "crop_and_resize", {}, std::move(inputs), {}}, message);
  };
  refuse({image(), box(0, 0, 1, 1), i32({1}, {1}), size(1, 1)}, "of image 1, of 1");
  refuse({image(), box(0, 0, 1, 1), i32({1}, {-1}), size(1, 1)}, "of image -1");
  refuse({image(), box(0, 0, 1, 1), first(), size(0, 1)}, "positive height and width");
  refuse({image(), box(0, 0, std::numeric_limits<float>::infinity(), 1), first(), size(1, 1)}, "not finite");
  refuse({image(), box(0, 0, 1, 1), i32({2}, {0, 0}), size(1, 1)}, "image numbers");
  check_refused({"", "crop_and_resize", {{"pool", std::int64_t{0}}}, {image(), box(0, 0, 1, 1), first(), size(1, 1)}, {}}, "pooled by 0");
  refuse({f32({1, 0, 1, 1}, {}), box(0, 0, 1, 1), first(), size(1, 1)}, "empty image");
}

}  // namespace
}  // namespace temper::testing
