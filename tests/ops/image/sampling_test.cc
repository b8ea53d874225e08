#include <limits>

#include "ops/harness.h"

namespace temper::testing {
namespace {

using Words = std::string;

Attributes how(const Words& mode, const Words& grid = "half_pixel", const Words& rounding = "round_prefer_floor") {
  return {{"mode", mode}, {"grid", grid}, {"rounding", rounding}};
}

TEST(Resample, TakesTheNearest) {
  const Tensor x = f32({1, 4}, {1, 2, 3, 4});
  const Tensor sizes = i64({2}, {1, 2}), halves = f32({2}, {1, 0.5F});
  check({"floor", "resample", how("nearest"), {x, sizes, halves}, {f32({1, 2}, {1, 3})}});
  check({"ceil", "resample", how("nearest", "half_pixel", "round_prefer_ceil"), {x, sizes, halves}, {f32({1, 2}, {2, 4})}});
  check({"left", "resample", how("nearest", "asymmetric", "floor"), {x, sizes, halves}, {f32({1, 2}, {1, 3})}});
  check({"integers", "resample", how("nearest"), {u8({2}, {7, 9}), i64({1}, {4}), f32({1}, {2})}, {u8({4}, {7, 7, 9, 9})}});
  check({"to nothing", "resample", how("nearest"), {x, i64({2}, {1, 0}), f32({2}, {1, 0.1F})}, {f32({1, 0}, {})}});
}

TEST(Resample, InterpolatesBetween) {
  const Tensor x = f32({2}, {0, 4});
  check({"linear", "resample", how("linear"), {x, i64({1}, {4}), f32({1}, {2})}, {f32({4}, {0, 1, 3, 4})}});
  check({"corners", "resample", how("linear", "align_corners"), {x, i64({1}, {5}), f32({1}, {2.5F})}, {f32({5}, {0, 1, 2, 3, 4})}});
  check({"cut off", "resample", how("linear"), {i32({2}, {0, 2}), i64({1}, {4}), f32({1}, {2})}, {i32({4}, {0, 0, 1, 2})}});
  check({"cubic on a line", "resample", how("cubic", "asymmetric"), {f32({6}, {0, 2, 4, 6, 8, 10}), i64({1}, {12}), f32({1}, {2})}, {}});
  Attributes wide = how("linear");
  wide.emplace_back("antialias", true);
  check({"wider", "resample", wide, {f32({4}, {1, 1, 1, 1}), i64({1}, {2}), f32({1}, {0.5F})}, {f32({2}, {1, 1})}, 1e-6});
}

TEST(Resample, FillsWhatARegionHasOutside) {
  Attributes region = how("linear", "tf_crop_and_resize");
  region.emplace_back("extrapolation", 9.0);
  check({"half", "resample", region, {f32({3}, {1, 2, 3}), i64({1}, {3}), f32({1}, {1}), f32({2}, {0.5F, 1.5F})}, {f32({3}, {2, 3, 9})}});
}

TEST(Resample, RefusesWhatDoesNotFit) {
  const Tensor x = f32({1, 4}, {1, 2, 3, 4});
  check_refused({"sizes", "resample", how("linear"), {x, i64({1}, {4}), f32({2}, {1, 1})}, {}}, "sizes");
  check_refused({"negative", "resample", how("linear"), {x, i64({2}, {1, -2}), f32({2}, {1, 1})}, {}}, "");
  check_refused({"no scale", "resample", how("linear"), {x, i64({2}, {1, 2}), f32({2}, {1, 0})}, {}}, "scale of 0");
  check_refused({"from nothing", "resample", how("linear"), {f32({0}, {}), i64({1}, {2}), f32({1}, {1})}, {}}, "cannot be made");
  check_refused({"NaN", "resample", how("linear", "tf_crop_and_resize"),
                 {x, i64({2}, {1, 2}), f32({2}, {1, 1}), f32({4}, {0, std::numeric_limits<float>::quiet_NaN(), 1, 1})}, {}},
                "position");
}

TEST(GridSample, ReadsWhereTheGridSays) {
  const Tensor x = f32({1, 1, 2, 1}, {2, 4});
  const Tensor grid = f32({1, 1, 3, 2}, {-0.5F, 0, 0, 0, 3, 0});
  check({"zeros", "grid_sample", {}, {x, grid}, {f32({1, 1, 3, 1}, {2, 3, 0})}});
  check({"border", "grid_sample", {{"border", Words("border")}}, {x, grid}, {f32({1, 1, 3, 1}, {2, 3, 4})}});
  check({"nearest", "grid_sample", {{"mode", Words("nearest")}, {"border", Words("reflection")}}, {x, grid}, {f32({1, 1, 3, 1}, {2, 2, 2})}});
  check({"nothing", "grid_sample", {}, {x, f32({1, 0, 3, 2}, {})}, {f32({1, 0, 3, 1}, {})}});
  const float infinite = std::numeric_limits<float>::infinity();
  check({"far away", "grid_sample", {{"border", Words("border")}}, {x, f32({1, 1, 1, 2}, {infinite, 0})}, {f32({1, 1, 1, 1}, {4})}});
  check_refused({"other batch", "grid_sample", {}, {x, f32({2, 1, 1, 2}, {0, 0, 0, 0})}, {}}, "grid");
  check_refused({"empty", "grid_sample", {}, {f32({1, 1, 0, 1}, {}), grid}, {}}, "empty");
}

}  // namespace
}  // namespace temper::testing
