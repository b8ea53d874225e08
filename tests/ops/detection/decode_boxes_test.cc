#include "ops/harness.h"

namespace temper::testing {
namespace {

const Attributes kScaled{{"scales", std::vector<double>{10, 10, 5, 5}}};

TEST(DecodeBoxes, MovesAndStretchesAnchors) {
  const Tensor anchor = f32({1, 4}, {0, 0, 2, 4});
  check({"as it is", "decode_boxes", {}, {f32({1, 4}, {0, 0, 0, 0}), anchor}, {f32({1, 4}, {0, 0, 2, 4})}});
  check({"moved", "decode_boxes", kScaled, {f32({1, 4}, {5, -5, 0, 0}), anchor}, {f32({1, 4}, {1, -2, 3, 2})}});
  check({"twice as high", "decode_boxes", kScaled, {f32({1, 4}, {0, 0, 3.4657359F, 0}), anchor}, {f32({1, 4}, {-1, 0, 3, 4})}, 1e-6});
  check({"centres", "decode_boxes", {{"anchors", std::string("centres")}}, {f32({1, 4}, {0.5F, 0, 0, 0}), f32({1, 4}, {1, 2, 2, 4})},
         {f32({1, 4}, {1, 0, 3, 4})}});
}

TEST(DecodeBoxes, RepeatsAnchors) {
  const Tensor anchors = f32({2, 4}, {0, 0, 2, 2, 1, 1, 3, 5});
  const Tensor boxes = f32({2, 2, 4}, {0, 0, 2, 2, 1, 1, 3, 5, 0, 0, 2, 2, 1, 1, 3, 5});
  check({"pictures", "decode_boxes", {}, {Tensor::zeros(DType::kFloat32, {2, 2, 4}), anchors}, {boxes}});
  check({"one", "decode_boxes", {}, {Tensor::zeros(DType::kFloat32, {3, 4}), f32({1, 4}, {0, 0, 2, 2})},
         {f32({3, 4}, {0, 0, 2, 2, 0, 0, 2, 2, 0, 0, 2, 2})}});
  check({"none", "decode_boxes", {}, {f32({0, 4}, {}), f32({0, 4}, {})}, {f32({0, 4}, {})}});
}

TEST(DecodeBoxes, RefusesWhatDoesNotFit) {
  check_refused({"anchors", "decode_boxes", {}, {f32({1, 4}, {0, 0, 0, 0}), f32({2, 4}, {0, 0, 1, 1, 0, 0, 1, 1})}, {}}, "do not broadcast");
  check_refused({"columns", "decode_boxes", {}, {f32({1, 3}, {0, 0, 0}), f32({1, 4}, {0, 0, 1, 1})}, {}}, "not rows of 4");
  check_refused({"scales", "decode_boxes", {{"scales", std::vector<double>{1}}}, {f32({1, 4}, {0, 0, 0, 0}), f32({1, 4}, {0, 0, 1, 1})}, {}}, "1 scales");
}

}  // namespace
}  // namespace temper::testing
