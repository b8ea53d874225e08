#include <limits>

#include "ops/harness.h"

namespace temper::testing {
namespace {

TEST(RgbToHsv, KnowsTheColourCircle) {
  const Tensor rgb = f32({6, 3}, {1, 0, 0, 0, 1, 0, 0, 0, 0.5F, 0.25F, 0.25F, 0.25F, 0, 0, 0, 1, 0, 0.5F});
  const Tensor hsv = f32({6, 3}, {0, 1, 1, 1.0F / 3, 1, 1, 2.0F / 3, 1, 0.5F, 0, 0, 0.25F, 0, 0, 0, 11.0F / 12, 1, 1});
  check({"there", "rgb_to_hsv", {}, {rgb}, {hsv}, 1e-6});
  check({"back", "hsv_to_rgb", {}, {hsv}, {rgb}, 1e-6});
  check({"empty", "rgb_to_hsv", {}, {f32({0, 3}, {})}, {f32({0, 3}, {})}});
  check_refused({"channels", "rgb_to_hsv", {}, {f32({2}, {1, 1})}, {}}, "3 channels");
  check_refused({"bytes", "rgb_to_hsv", {}, {u8({3}, {1, 1, 1})}, {}}, "needs a float image");
}

TEST(AdjustHue, TurnsTheColourCircle) {
  const Tensor red = f32({1, 1, 3}, {1, 0, 0});
  check({"a third", "adjust_hue", {}, {red, f32({}, {1.0F / 3})}, {f32({1, 1, 3}, {0, 1, 0})}, 1e-6});
  check({"back", "adjust_hue", {}, {red, f32({}, {-1.0F / 3})}, {f32({1, 1, 3}, {0, 0, 1})}, 1e-6});
  check({"many turns", "adjust_hue", {}, {red, f32({}, {1e30F})}, {}});
  check_refused({"endless", "adjust_hue", {}, {red, f32({}, {std::numeric_limits<float>::infinity()})}, {}}, "turned by inf");
}

TEST(AdjustSaturation, ScalesAndStopsAtOne) {
  const Tensor pale = f32({1, 3}, {1, 0.5F, 0.5F});
  check({"more", "adjust_saturation", {}, {pale, f32({}, {1.5F})}, {f32({1, 3}, {1, 0.25F, 0.25F})}, 1e-6});
  check({"much more", "adjust_saturation", {}, {pale, f32({}, {9})}, {f32({1, 3}, {1, 0, 0})}, 1e-6});
  check({"none", "adjust_saturation", {}, {pale, f32({}, {0})}, {f32({1, 3}, {1, 1, 1})}, 1e-6});
}

TEST(AdjustContrast, SpreadsAboutTheMeanOfAChannel) {
  check({"doubled", "adjust_contrast", {}, {f32({1, 2, 2}, {1, 10, 3, 30}), f32({}, {2})}, {f32({1, 2, 2}, {0, 0, 4, 40})}, 1e-6});
  check({"per image", "adjust_contrast", {}, {f32({2, 1, 1, 1}, {1, 3}), f32({}, {2})}, {f32({2, 1, 1, 1}, {1, 3})}});
  check_refused({"rank", "adjust_contrast", {}, {f32({2, 2}, {1, 2, 3, 4}), f32({}, {2})}, {}}, "needs 3 dimensions");
}

}  // namespace
}  // namespace temper::testing
