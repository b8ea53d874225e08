#include "ir/graph.h"

namespace temper {
namespace {

std::string value_name(ValueId id) { return fmt::format("%{}", index(id)); }

std::string join_values(const std::vector<ValueId>& ids) {
  std::string text;
  for (const ValueId id : ids) text += (text.empty() ? "" : ", ") + value_name(id);
  return text;
}

void print(const Graph& graph, const std::string& indent, std::string& text) {
  text += "graph (";
  for (std::size_t i = 0; i < graph.inputs().size(); ++i) {
    const Port& input = graph.inputs()[i];
    text += fmt::format("{}{} {}: {}", i > 0 ? ", " : "", value_name(input.value), input.name,
                        describe(graph.fact(input.value)));
  }
  text += ") {\n";
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    text += fmt::format("{}  {} = {}({})", indent, join_values(node.outputs), node.op.name(), join_values(node.inputs));
    std::string attributes;
    for (const auto& [name, attribute] : node.op.attributes()) {
      attributes += fmt::format("{}{}: {}", attributes.empty() ? "" : ", ", name, to_string(attribute));
    }
    if (!attributes.empty()) text += " {" + attributes + "}";
    text += fmt::format("  # {}\n", node.name);
    for (const Graph& region : node.regions) {
      text += indent + "    region ";
      print(region, indent + "    ", text);
    }
  }
  text += indent + "  return ";
  for (std::size_t i = 0; i < graph.outputs().size(); ++i) {
    const Port& output = graph.outputs()[i];
    text += fmt::format("{}{} {}", i > 0 ? ", " : "", value_name(output.value), output.name);
  }
  text += "\n" + indent + "}\n";
}

}  // namespace

std::string to_text(const Graph& graph) {
  std::string text;
  print(graph, "", text);
  return text;
}

}  // namespace temper
