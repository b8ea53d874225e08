#include <limits>

#include "ops/harness.h"

namespace temper::testing {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

Tensor one(float x) { return f32({}, {x}); }

Attributes as(DType dtype, const std::string& mode) { return {{"dtype", dtype}, {"mode", mode}}; }

TEST(FakeQuant, RoundsToAGridThroughZero) {
  const Tensor x = f32({8}, {-2, -0.5, 0, 0.26F, 0.7F, 3, kNaN, kInfinity});
  check({"4 bits",
         "fake_quant",
         {{"bits", std::int64_t{4}}, {"narrow", true}},
         {x, one(-1), one(2.5)},
         {f32({8}, {-1, -0.5, 0, 0.25, 0.75, 2.5, kNaN, 2.5})}});
  check({"ties go up",
         "fake_quant",
         {{"bits", std::int64_t{4}}},
         {f32({3}, {-0.25, 0.25, 0.75}), one(-3.5), one(4)},
         {f32({3}, {0, 0.5, 1})}});
  check({"moved to hold 0",
         "fake_quant",
         {},
         {f32({3}, {-1, 0.3F, 9}), one(1), one(2.5)},
         {f32({3}, {0, 0.3F, 1.5})},
         1e-6});
  check({"nothing", "fake_quant", {}, {f32({2}, {1, -1}), one(0), one(0)}, {f32({2}, {0, 0})}});
  check({"empty", "fake_quant", {}, {f32({0, 2}, {}), one(-1), one(1)}, {f32({0, 2}, {})}});
  check_refused({"bits", "fake_quant", {{"bits", std::int64_t{17}}}, {x, one(-1), one(1)}, {}}, "not between 2 and 16");
  check_refused({"types", "fake_quant", {}, {x, one(-1), f64({}, {1})}, {}}, "needs float32");
}

TEST(FakeQuant, TakesARangePerChannel) {
  const Attributes how{{"by_channel", true}, {"bits", std::int64_t{2}}};
  check({"channels",
         "fake_quant",
         how,
         {f32({2, 2}, {-2, 0.4F, 0.6F, 9}), f32({2}, {-1, 0}), f32({2}, {2, 6})},
         {f32({2, 2}, {-1, 0, 1, 6})}});
  check_refused({"count", "fake_quant", how, {f32({2}, {1, 2}), f32({1}, {0}), f32({1}, {1})}, {}}, "not of 2 slices");
  check_refused({"scalar", "fake_quant", how, {one(1), f32({1}, {0}), f32({1}, {1})}, {}}, "no channels");
}

TEST(Quantize, LaysNumbersOnIntegers) {
  const Tensor x = f32({6}, {-2, -0.5, 0, 1, 2.5, 7});
  const auto expect = [&](const std::string& name, const Attributes& how, const Tensor& q, float low, float high) {
    check({name, "quantize", how, {x, one(-1), one(2.5)}, {q, one(low), one(high)}, 1e-6});
  };
  expect("combined", as(DType::kUInt8, "min_combined"), u8({6}, {0, 36, 73, 146, 255, 255}), -1, 2.5);
  expect("combined, signed", as(DType::kInt8, "min_combined"), i8({6}, {-128, -92, -55, 18, 127, 127}), -1, 2.5);
  expect("first", as(DType::kUInt8, "min_first"), u8({6}, {0, 37, 73, 146, 255, 255}), -1, 2.5);
  expect("scaled", as(DType::kUInt8, "scaled"), u8({6}, {0, 0, 0, 102, 255, 255}), 0, 2.5);
  expect("scaled, signed", as(DType::kInt8, "scaled"), i8({6}, {-102, -25, 0, 51, 127, 127}), -2.519685F, 2.5);
  constexpr auto kLowest = std::numeric_limits<std::int32_t>::min();
  check({"range of rank 1", "quantize", as(DType::kUInt8, "scaled"), {x, f32({1}, {0}), f32({1}, {2.5})},
         {u8({6}, {0, 0, 0, 102, 255, 255}), one(0), one(2.5)}});
  expect("wide", as(DType::kInt32, "min_first"),
         i32({6}, {kLowest, -1533916928, -920350080, 306783488, 2147483520, 2147483520}), -1, 2.5);
}

TEST(Quantize, RoundsAndWidensAsAsked) {
  Attributes how = as(DType::kInt8, "scaled");
  const Tensor ties = f32({4}, {-2.5, 0.5, 1.5, 2.5});
  check({"away from 0", "quantize", how, {ties, one(-127), one(127)}, {i8({4}, {-3, 1, 2, 3}), one(-128), one(127)}});
  how.emplace_back("round_even", true);
  how.emplace_back("narrow", true);
  check({"to even", "quantize", how, {ties, one(-127), one(127)}, {i8({4}, {-2, 0, 2, 2}), one(-127), one(127)}});
  const Attributes first = as(DType::kUInt8, "min_first");
  check({"nothing",
         "quantize",
         first,
         {f32({3}, {-1, 0, kNaN}), one(0), one(0)},
         {u8({3}, {0, 0, 0}), one(0), one(0.01F)}});
  check(
      {"without 0", "quantize", first, {f32({2}, {0, 2.5}), one(1), one(2.5)}, {u8({2}, {0, 255}), one(0), one(2.5)}});
  check_refused({"falling", "quantize", first, {ties, one(1), one(0)}, {}}, "does not ascend");
  check_refused({"type", "quantize", as(DType::kInt64, "scaled"), {ties, one(0), one(1)}, {}},
                "quantised to or from int64");
}

TEST(Quantize, TakesARangePerSlice) {
  Attributes how = as(DType::kUInt8, "min_combined");
  how.emplace_back("axis", std::int64_t{0});
  const Tensor x = f32({2, 2}, {-2, 0.3F, 0.7F, 3});
  const Tensor low = f32({2}, {-1, 0});
  const Tensor high = f32({2}, {1, 2});
  check({"rows", "quantize", how, {x, low, high}, {u8({2, 2}, {0, 166, 89, 255}), low, high}});
  check({"no rows",
         "quantize",
         how,
         {f32({0, 2}, {}), f32({0}, {}), f32({0}, {})},
         {u8({0, 2}, {}), f32({0}, {}), f32({0}, {})}});
  check({"empty rows", "quantize", how, {f32({2, 0}, {}), low, high}, {u8({2, 0}, {}), low, high}});
  check_refused({"one range", "quantize", how, {x, one(0), one(1)}, {}}, "not of 2 slices");
  Attributes first = as(DType::kUInt8, "min_first");
  first.emplace_back("axis", std::int64_t{0});
  check_refused({"mode", "quantize", first, {x, low, high}, {}}, "mode min_first");
}

TEST(Dequantize, GivesTheNumbersBack) {
  const Tensor q = u8({3}, {0, 128, 255});
  const auto expect = [&](const std::string& mode, const Tensor& x, const Tensor& y) {
    check({mode, "dequantize", as(DType::kFloat32, mode), {x, one(-1), one(2.5)}, {y}, 1e-6});
  };
  expect("min_combined", q, f32({3}, {-1, 0.7568628F, 2.5}));
  expect("min_first", q, f32({3}, {-1.0019608F, 0.7549020F, 2.4980392F}));
  expect("scaled", q, f32({3}, {0, 1.2549020F, 2.5}));
  expect("min_combined", i8({2}, {-128, 127}), f32({2}, {-1, 2.5}));
  expect("scaled", i8({2}, {-128, 127}), f32({2}, {-2.5196850F, 2.5}));
  Attributes columns = as(DType::kFloat32, "min_combined");
  columns.emplace_back("axis", std::int64_t{1});
  check({"columns",
         "dequantize",
         columns,
         {u8({2, 2}, {0, 255, 255, 0}), f32({2}, {-1, 0}), f32({2}, {2.5, 1})},
         {f32({2, 2}, {-1, 1, 2.5, 0})},
         1e-6});
  check_refused({"floats", "dequantize", {}, {one(1), one(0), one(1)}, {}}, "quantised to or from float32");
}

TEST(QuantizeDequantize, RoundsToMultiples) {
  const Tensor x = f32({5}, {-8, -0.6F, 0.5, 2.5, 9});
  Attributes how{{"bits", std::int64_t{4}}, {"range_given", true}};
  check({"signed", "quantize_dequantize", how, {x, one(-7), one(7)}, {f32({5}, {-8, -1, 0, 2, 7})}});
  how.emplace_back("round_up", true);
  how.emplace_back("narrow", true);
  check({"half up", "quantize_dequantize", how, {x, one(-7), one(7)}, {f32({5}, {-7, -1, 1, 3, 7})}});
  const Attributes open{{"bits", std::int64_t{2}}, {"is_signed", false}};
  check({"measured",
         "quantize_dequantize",
         open,
         {f32({4}, {0, 0.9F, 2, 6}), one(1), one(-1)},
         {f32({4}, {0, 0, 2, 6})}});
  check({"zeros", "quantize_dequantize", {}, {f32({2}, {0, 0}), one(0), one(0)}, {f32({2}, {0, 0})}});
  check({"rows",
         "quantize_dequantize",
         {{"axis", std::int64_t{0}}, {"bits", std::int64_t{2}}, {"is_signed", false}},
         {f32({2, 2}, {1, 3, 2, 6}), one(0), one(0)},
         {f32({2, 2}, {1, 3, 2, 6})}});
  check_refused({"falling", "quantize_dequantize", {{"range_given", true}}, {x, one(1), one(-1)}, {}},
                "does not ascend");
  check_refused({"bits", "quantize_dequantize", {{"bits", std::int64_t{63}}}, {x, one(0), one(1)}, {}}, "63 bits");
}

TEST(Requantize, NarrowsAccumulators) {
  const Tensor q = i32({5}, {-1000000, -5, 0, 7, 1000000});
  check({"range", "requantization_range", {}, {q, one(-1000), one(1000)}, {one(-0.46566105F), one(0.46566153F)}, 1e-8});
  check({"to uint8",
         "requantize",
         {},
         {q, one(-1000), one(1000), one(-0.5), one(0.4F)},
         {u8({5}, {10, 142, 142, 142, 255}), one(-0.5), one(0.4F)}});
  check({"to int8",
         "requantize",
         {{"dtype", DType::kInt8}},
         {q, one(-1000), one(1000), one(-0.5), one(0.4F)},
         {i8({5}, {-118, 14, 14, 14, 127}), one(-0.5), one(0.4F)}});
  check_refused({"nothing", "requantization_range", {}, {i32({0}, {}), one(0), one(1)}, {}}, "nothing has no range");
}

}  // namespace
}  // namespace temper::testing
