#include "import/rule.h"

namespace temper {
namespace {

/// The first versions order the gates input, cell, forget, output, add a bias to the forget gate, and clip by default.
ValueIds lstm(NodeImport& node, std::string_view op, bool first_version) {
  const double bias = first_version ? node.attribute("forget_bias", 1.0) : 0.0;
  return node.emit_all(op, node.inputs(),
                       {{"gates", std::string(first_version ? "icfo" : "ifco")},
                        {"forget_bias", bias},
                        {"cell_clip", node.attribute("cell_clip", first_version ? 3.0 : 0.0)},
                        {"use_peephole", node.attribute("use_peephole", false)}});
}

}  // namespace

REGISTER_RULES(recurrent) {
  rules.tensorflow("BlockLSTM", [](NodeImport& node) { return lstm(node, "lstm", true); });
  rules.tensorflow("BlockLSTMV2", [](NodeImport& node) { return lstm(node, "lstm", false); });
  rules.tensorflow("LSTMBlockCell", [](NodeImport& node) { return lstm(node, "lstm_cell", true); });
  rules.tensorflow("GRUBlockCell", emit_as("gru_cell"));
}

}  // namespace temper
