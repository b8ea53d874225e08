#pragma once
#include <span>
#include <string_view>
#include <vector>

namespace temper {

/// Names an axis in an einsum equation: a letter's code, or below 0 for an axis that an ellipsis stands for (-1 the
/// last).
using AxisLabel = int;
using AxisLabels = std::vector<AxisLabel>;

/// One operand's part of an equation: letters around at most one ellipsis.
struct EinsumTerm {
  AxisLabels before;  ///< all letters, where there is no ellipsis
  AxisLabels after;
  bool ellipsis = false;

  /// How many axes the ellipsis stands for in an operand of this rank. Throws ModelError where the rank does not fit.
  std::size_t ellipsis_axes(std::size_t rank) const;
  /// The labels of all axes.
  AxisLabels labels(std::size_t ellipsis_axes) const;
};

/// "ij,jk->ik", read. Without an arrow the output is the ellipsis, then the letters that appear once, in order of
/// letters.
struct EinsumEquation {
  std::vector<EinsumTerm> inputs;
  EinsumTerm output;

  /// Throws ModelError where the text is no equation.
  static EinsumEquation parse(std::string_view text);
};

}  // namespace temper
