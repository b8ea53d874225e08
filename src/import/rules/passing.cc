#include "import/rule.h"

namespace temper {
namespace {

/// What has no effect on inference: the outputs are the inputs.
ValueIds pass_through(NodeImport& node) { return node.inputs(); }

/// Likewise where what follows the first input is no data.
ValueIds pass_first(NodeImport& node) { return {node.input(0)}; }

}  // namespace

REGISTER_RULES(passing) {
  rules.tensorflow("Identity", pass_first);
  rules.tensorflow("IdentityN", pass_through);
  rules.tensorflow("Snapshot", pass_first);
  rules.tensorflow("StopGradient", pass_first);
  rules.tensorflow("PreventGradient", pass_first);
  rules.tensorflow("CheckNumerics", pass_first);
  rules.tensorflow("CheckNumericsV2", pass_first);
  rules.tensorflow("DebugGradientIdentity", pass_first);
  rules.tensorflow("DebugGradientRefIdentity", pass_first);
  rules.tensorflow("DebugIdentity", pass_first);
  rules.tensorflow("DebugIdentityV2", pass_first);
  rules.tensorflow("DebugIdentityV3", pass_first);
  rules.tensorflow("PlaceholderWithDefault", pass_first);
  rules.tensorflow("RefIdentity", pass_first);
  rules.tensorflow("Copy", pass_first);
  rules.tensorflow("DeepCopy", pass_first);
  rules.tensorflow("GuaranteeConst", pass_first);
  rules.tensorflow("CopyHost", pass_first);
  rules.tensorflow("Print", pass_first);
  for (const char* op : {"NoOp", "Assert", "PrintV2"}) {
    rules.tensorflow(op, [](NodeImport&) { return ValueIds(); });
  }
}

}  // namespace temper
