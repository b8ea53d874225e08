#pragma once
#include <string>

#include "plan/file/plan_file.h"
#include "support/plan_files.h"

/// What tests of plan files share.
namespace temper::testing {

/// The message with which body is refused, or that it was not.
std::string refusal(auto&& body) {
  try {
    body();
  } catch (const ModelError& error) {
    return error.what();
  }
  return "was not refused";
}

/// What operators, facts, names and attributes (their tensors' elements too) a graph and its regions have, as text.
std::string full_text(const Graph& graph);

/// Small plans that have, together, everything that plans can have; by name.
std::vector<std::pair<std::string, Plan>> small_plans();

}  // namespace temper::testing
