#include "export/older_graph.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "base/error.h"
#include "import/tensorflow/values.h"

namespace temper {
namespace {

using namespace tensorflow;

#include "export/tensorflow_1_15.inc"

bool same(const AttrValue& a, const AttrValue& b) { return a.SerializeAsString() == b.SerializeAsString(); }

bool has_types_alike(const NodeDef& node, std::initializer_list<const char*> names) {
  const AttrValue* first = nullptr;
  for (const char* name : names) {
    const AttrValue* value = find_attribute(node, name);
    if (value == nullptr || (first != nullptr && !same(*first, *value))) return false;
    first = value;
  }
  return true;
}

/// Gives a newer operator its older spelling, where this node means the same.
void spell_older(NodeDef& node) {
  auto& attributes = *node.mutable_attr();
  const std::string& op = node.op();
  if (op == "BatchMatMulV3" && has_types_alike(node, {"Ta", "Tb", "Tout"})) {
    const AttrValue type = attributes["Ta"];
    for (const char* name : {"Ta", "Tb", "Tout", "grad_x", "grad_y"}) attributes.erase(name);
    attributes["T"] = type;
    node.set_op("BatchMatMulV2");
  } else if (op == "CheckNumericsV2") {
    node.set_op("CheckNumerics");
  } else if (op == "DebugIdentityV2" || op == "DebugIdentityV3") {
    const AttrValue type = attributes["T"];
    attributes.clear();
    attributes["T"] = type;
    node.set_op("Identity");
  } else if (op == "StatelessCase") {
    node.set_op("Case");
  } else if (op == "QuantizeAndDequantizeV4") {
    attributes.erase("round_mode");
    node.set_op("QuantizeAndDequantizeV3");
  }
}

}  // namespace

void write_for_tensorflow_1_15(GraphDef& graph) {
  std::map<std::string, std::string> refused;
  const auto write = [&](NodeDef& node) {
    spell_older(node);
    if (std::ranges::binary_search(kNewerOps, std::string_view(node.op()))) refused.emplace(node.op(), node.name());
    for (const auto& [op, attribute, fallback] : kNewerAttributes) {
      if (op != node.op()) continue;
      const AttrValue* value = find_attribute(node, attribute);
      if (value == nullptr) continue;
      AttrValue usual;
      google::protobuf::TextFormat::ParseFromString(std::string(fallback), &usual);
      if (same(*value, usual)) node.mutable_attr()->erase(std::string(attribute));
      else refused.emplace(fmt::format("{} with {} = {}", op, attribute, value->ShortDebugString()), node.name());
    }
  };
  for (NodeDef& node : *graph.mutable_node()) write(node);
  for (FunctionDef& function : *graph.mutable_library()->mutable_function()) {
    for (NodeDef& node : *function.mutable_node_def()) write(node);
  }
  std::string text;
  for (const auto& [what, node] : refused) text += fmt::format("{}{} (node '{}')", text.empty() ? "" : ", ", what, node);
  require(refused.empty(), "cannot be written for TensorFlow 1.15, which does not know {}", text);
}

}  // namespace temper
