#pragma once
#include <string>
#include <vector>

#include "ir/graph.h"
#include "support/tensors.h"

namespace temper::testing {

/// One application of an operator. Results are compared with `expected` where given (atol and rtol as near() takes them).
struct OpCase {
  std::string name;
  std::string op;
  Attributes attributes;
  Tensors inputs;
  Tensors expected;
  double atol = 0;
  double rtol = 0;
};

/// Runs a case on everything that must agree: reference kernel against `expected`; infer, with facts known fully, without
/// constants, with unknown dims, and with unknown ranks, against the shapes that came out; the attributes there and back.
void check(const OpCase& op_case);

/// Expects ModelError, whose message holds `message`, from infer or reference.
void check_refused(const OpCase& op_case, const std::string& message);

}  // namespace temper::testing
