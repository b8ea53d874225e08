#include "import/rule.h"

namespace temper {
namespace {

ValueIds cast(NodeImport& node) {
  const Attributes how{{"dtype", node.attribute<DType>("DstT")}, {"truncate", node.attribute("Truncate", false)}};
  return {node.emit("cast", {node.input(0)}, how)};
}

ValueIds bitcast(NodeImport& node) {
  return {node.emit("bitcast", {node.input(0)}, {{"dtype", node.attribute<DType>("type")}})};
}

/// The boundaries as the operator has them; an attribute of no numbers does not say of which kind it is.
ValueIds bucketize(NodeImport& node) {
  std::vector<double> boundaries;
  if (node.has_attribute("boundaries")) {
    try {
      boundaries = node.attribute<std::vector<double>>("boundaries");
    } catch (const ModelError&) {
      require(node.attribute<std::vector<std::int64_t>>("boundaries").empty(),
              "attribute 'boundaries' is not of numbers");
    }
  }
  return {node.emit("bucketize", {node.input(0)}, {{"boundaries", boundaries}})};
}

}  // namespace

REGISTER_RULES(choosing) {
  rules.tensorflow("Bitcast", bitcast);
  rules.tensorflow("Bucketize", bucketize);
  rules.tensorflow("Cast", cast);
  rules.tensorflow("Select", emit_as("select", {{"by_row", true}}));
  rules.tensorflow("SelectV2", emit_as("select"));
  rules.tensorflow("Where3", emit_as("select"));
}

}  // namespace temper
