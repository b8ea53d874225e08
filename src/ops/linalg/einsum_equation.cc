#include "ops/linalg/einsum_equation.h"

#include <algorithm>
#include <map>
#include <string>

#include "base/error.h"

namespace temper {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

EinsumTerm parse_term(std::string_view text, std::string_view equation) {
  EinsumTerm term;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 3) == "...") {
      require(!term.ellipsis, "einsum equation '{}' has two ellipses in one operand", equation);
      term.ellipsis = true;
      i += 2;
      continue;
    }
    require(is_letter(text[i]), "einsum equation '{}' holds '{}', which is no letter", equation, text[i]);
    (term.ellipsis ? term.after : term.before).push_back(text[i]);
  }
  return term;
}

EinsumTerm implied_output(std::span<const EinsumTerm> inputs) {
  EinsumTerm output;
  std::map<AxisLabel, int> counts;
  for (const EinsumTerm& term : inputs) {
    output.ellipsis |= term.ellipsis;
    for (const AxisLabels* labels : {&term.before, &term.after}) {
      for (const AxisLabel label : *labels) ++counts[label];
    }
  }
  for (const auto& [label, count] : counts) {
    if (count == 1) (output.ellipsis ? output.after : output.before).push_back(label);
  }
  return output;
}

}  // namespace

std::size_t EinsumTerm::ellipsis_axes(std::size_t rank) const {
  const std::size_t letters = before.size() + after.size();
  require(ellipsis ? rank >= letters : rank == letters, "an einsum operand of {} dimensions is named by {}{} letters",
          rank, ellipsis ? "at least " : "", letters);
  return rank - letters;
}

AxisLabels EinsumTerm::labels(std::size_t ellipsis_axes) const {
  AxisLabels all = before;
  for (std::size_t i = ellipsis_axes; i > 0; --i) all.push_back(-static_cast<AxisLabel>(i));
  all.insert(all.end(), after.begin(), after.end());
  return all;
}

EinsumEquation EinsumEquation::parse(std::string_view text) {
  std::string compact;
  std::ranges::copy_if(text, std::back_inserter(compact), [](char c) { return c != ' '; });
  const std::size_t arrow = compact.find("->");
  std::string_view left = std::string_view(compact).substr(0, arrow);
  EinsumEquation equation;
  for (;;) {
    const std::size_t comma = left.find(',');
    equation.inputs.push_back(parse_term(left.substr(0, comma), text));
    if (comma == std::string_view::npos) break;
    left.remove_prefix(comma + 1);
  }
  equation.output = arrow == std::string::npos ? implied_output(equation.inputs)
                                               : parse_term(std::string_view(compact).substr(arrow + 2), text);
  return equation;
}

}  // namespace temper
