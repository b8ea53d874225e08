#include "import/rule.h"

namespace temper {

/// Operators that mean something to training, debugging or placement only: the first input is the output.
REGISTER_RULES(pass_through) {
  for (const char* op : {"Identity", "Snapshot", "StopGradient", "PreventGradient", "CheckNumerics", "CheckNumericsV2",
                         "DebugGradientIdentity", "DebugGradientRefIdentity", "PlaceholderWithDefault", "Print",
                         "RefIdentity", "EnsureShape", "Copy", "CopyHost", "DebugIdentity", "DebugIdentityV2"}) {
    rules.tensorflow(op, [](NodeImport& node) -> ValueIds { return {node.input(0)}; });
  }
  rules.tensorflow("IdentityN", [](NodeImport& node) { return node.inputs(); });
  for (const char* op : {"NoOp", "Assert", "PrintV2"}) {
    rules.tensorflow(op, [](NodeImport&) { return ValueIds(); });
  }
}

}  // namespace temper
