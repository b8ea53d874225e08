#pragma once
#include "ops/definition.h"

namespace temper {

/// The axis an operator works along: its second input where there is one (nullopt if that is not known yet), else
/// `axis`.
inline std::optional<std::int64_t> axis_of(std::span<const Fact> in, std::int64_t axis) {
  if (in.size() < 2) return axis;
  require(is_integer(in[1].dtype), "needs an integer axis, got {}", in[1].dtype);
  if (!in[1].constant) return std::nullopt;
  return in[1].constant->to_int64("the axis");
}

}  // namespace temper
