#include "ops/harness.h"

namespace temper::testing {
namespace {

const Attributes kCorners{{"align_corners", true}};
const Attributes kCentres{{"half_pixel_centers", true}};

Tensor size(std::int32_t height, std::int32_t width) { return i32({2}, {height, width}); }
Tensor row(std::initializer_list<float> pixels) { return f32({1, 1, static_cast<std::int64_t>(pixels.size()), 1}, pixels); }

TEST(ResizeBilinear, LiesBetweenPixels) {
  check({"by default", "resize_bilinear", {}, {row({0, 8}), size(1, 4)}, {row({0, 4, 8, 8})}});
  check({"corners", "resize_bilinear", kCorners, {row({0, 9}), size(1, 4)}, {row({0, 3, 6, 9})}, 1e-6});
  check({"centres", "resize_bilinear", kCentres, {row({0, 8}), size(1, 4)}, {row({0, 2, 6, 8})}});
  check({"smaller", "resize_bilinear", kCentres, {row({0, 2, 4, 6}), size(1, 2)}, {row({1, 5})}});
  check({"rows and channels", "resize_bilinear", kCorners, {f32({1, 2, 1, 2}, {0, 10, 2, 20}), size(3, 1)},
         {f32({1, 3, 1, 2}, {0, 10, 1, 15, 2, 20})}});
  check({"bytes", "resize_bilinear", kCorners, {u8({1, 1, 2, 1}, {0, 255}), size(1, 3)}, {row({0, 127.5F, 255})}});
  check({"from one pixel", "resize_bilinear", kCorners, {row({3}), size(2, 2)}, {f32({1, 2, 2, 1}, {3, 3, 3, 3})}});
  check({"to one pixel", "resize_bilinear", kCorners, {row({3, 5}), size(1, 1)}, {row({3})}});
  check({"no images", "resize_bilinear", {}, {f32({0, 1, 1, 1}, {}), size(2, 2)}, {f32({0, 2, 2, 1}, {})}});
}

TEST(ResizeBilinear, Refuses) {
  check_refused({"both", "resize_bilinear", {{"align_corners", true}, {"half_pixel_centers", true}}, {row({1}), size(1, 1)}, {}},
                "exclude each other");
  check_refused({"no height", "resize_bilinear", {}, {row({1}), size(0, 1)}, {}}, "positive height and width");
  check_refused({"three sizes", "resize_bilinear", {}, {row({1}), i32({3}, {1, 1, 1}), }, {}}, "positive height and width");
  check_refused({"empty", "resize_bilinear", {}, {f32({1, 0, 1, 1}, {}), size(1, 1)}, {}}, "is empty");
  check_refused({"rank", "resize_bilinear", {}, {f32({1, 1, 1}, {1}), size(1, 1)}, {}}, "needs 4 dimensions");
  check_refused({"huge", "resize_bilinear", {}, {row({1}), size(2147483647, 2147483647)}, {}}, "");
  check_refused({"huge but empty", "resize_bilinear", {}, {f32({0, 1, 1, 1}, {}), i64({2}, {std::int64_t{1} << 40, 1})}, {}},
                "too large");
}

TEST(ResizeNearest, TakesAPixel) {
  check({"by default", "resize_nearest_neighbor", {}, {row({1, 2, 3}), size(1, 5)}, {row({1, 1, 2, 2, 3})}});
  check({"corners", "resize_nearest_neighbor", kCorners, {row({1, 2, 3}), size(1, 5)}, {row({1, 2, 2, 3, 3})}});
  check({"centres", "resize_nearest_neighbor", kCentres, {row({1, 2, 3}), size(1, 2)}, {row({1, 3})}});
  check({"type stays", "resize_nearest_neighbor", {}, {u8({1, 1, 1, 2}, {1, 2}), size(2, 1)}, {u8({1, 2, 1, 2}, {1, 2, 1, 2})}});
}

TEST(ResizeBicubic, PassesThroughPixels) {
  check({"same size", "resize_bicubic", {}, {row({1, 5, 2, 7}), size(1, 4)}, {row({1, 5, 2, 7})}});
  check({"middle", "resize_bicubic", {}, {row({0, 0, 8, 0}), size(1, 8)},  // weights at 1/2: -3/32, 19/32, 19/32, -3/32
         {row({0, -0.75F, 0, 4.75F, 8, 4.75F, 0, -0.75F})}});
  check({"constant", "resize_bicubic", kCentres, {row({3, 3}), size(1, 5)}, {row({3, 3, 3, 3, 3})}, 1e-6});
}

TEST(ResizeArea, IsTheMean) {
  check({"halves", "resize_area", {}, {row({1, 3, 5, 7}), size(1, 2)}, {row({2, 6})}});
  check({"parts of pixels", "resize_area", {}, {row({2, 4, 6}), size(1, 2)}, {row({8.0F / 3, 16.0F / 3})}, 1e-6});
  check({"larger", "resize_area", {}, {row({1, 2}), size(1, 4)}, {row({1, 1, 2, 2})}});
  check({"rows", "resize_area", {}, {u8({1, 2, 2, 1}, {1, 2, 3, 4}), size(1, 1)}, {row({2.5F})}});
}

TEST(ScaleAndTranslate, DrawsTheImageElsewhere) {
  const Attributes triangle{{"kernel", std::string("triangle")}};
  check({"moved", "scale_and_translate", triangle, {row({1, 2, 3}), size(1, 3), f32({2}, {1, 1}), f32({2}, {0, 1})},
         {row({0, 1, 2})}});
  check({"doubled", "scale_and_translate", triangle, {row({0, 8}), size(1, 4), f32({2}, {1, 2}), f32({2}, {0, 0})},
         {row({0, 2, 6, 8})}});
  check({"halved with antialias", "scale_and_translate", triangle,
         {row({8, 8, 0, 0}), size(1, 2), f32({2}, {1, 0.5F}), f32({2}, {0, 0})}, {row({48.0F / 7, 8.0F / 7})}, 1e-6});
  check({"away", "scale_and_translate", {}, {row({1}), size(1, 2), f32({2}, {1, 1}), f32({2}, {0, 1e30F})}, {row({0, 0})}});
  check_refused({"scale", "scale_and_translate", {}, {row({1}), size(1, 1), f32({2}, {1, 0}), f32({2}, {0, 0})}, {}},
                "not positive");
}

TEST(ProjectiveTransform, LooksUpWhereItComesFrom) {
  const Tensor shift = f32({1, 8}, {1, 0, 1, 0, 1, 0, 0, 0});
  const auto move = [&](std::string border, Tensor expected) {
    check({border, "projective_transform", {{"border", border}}, {row({1, 2, 3}), shift, size(1, 3), f32({}, {9})},
           {std::move(expected)}});
  };
  move("constant", row({2, 3, 9}));
  move("reflect", row({2, 3, 3}));
  move("wrap", row({2, 3, 1}));
  move("nearest", row({2, 3, 3}));
  check({"half a pixel", "projective_transform", {{"interpolation", std::string("bilinear")}},
         {u8({1, 1, 2, 1}, {10, 21}), f32({1, 8}, {1, 0, 0.5F, 0, 1, 0, 0, 0}), size(1, 2)}, {u8({1, 1, 2, 1}, {15, 10})}});
  check({"horizon", "projective_transform", {}, {row({1, 2}), f32({1, 8}, {1, 0, 0, 0, 1, 0, -1, 0}), size(1, 2), f32({}, {9})},
         {row({1, 9})}});
  check_refused({"transforms", "projective_transform", {}, {row({1}), f32({1, 7}, {1, 0, 0, 0, 1, 0, 0}), size(1, 1)}, {}}, "[n, 8]");
}

}  // namespace
}  // namespace temper::testing
