#include "ir/dtype.h"

#include <array>

namespace temper {
namespace {

struct Row {
  std::string_view name;
  std::size_t size_bytes;
};

constexpr std::array<Row, 15> kRows = {{{"float16", 2}, {"bfloat16", 2}, {"float32", 4}, {"float64", 8},
                                        {"int8", 1}, {"int16", 2}, {"int32", 4}, {"int64", 8},
                                        {"uint8", 1}, {"uint16", 2}, {"uint32", 4}, {"uint64", 8},
                                        {"bool", 1}, {"string", 0}, {"list", 0}}};

}  // namespace

std::string_view dtype_name(DType dtype) { return kRows.at(static_cast<std::size_t>(dtype)).name; }

std::optional<DType> find_dtype(std::string_view name) {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].name == name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

std::size_t size_of(DType dtype) { return kRows.at(static_cast<std::size_t>(dtype)).size_bytes; }
bool is_float(DType dtype) { return dtype <= DType::kFloat64; }
bool is_integer(DType dtype) { return dtype >= DType::kInt8 && dtype <= DType::kUInt64; }
bool is_signed(DType dtype) { return dtype <= DType::kInt64; }

}  // namespace temper
