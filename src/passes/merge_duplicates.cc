#include <unordered_map>

#include "ir/constant.h"
#include "passes/pass.h"

namespace temper {
namespace {

/// Larger constants are taken as equal only where they share their elements.
constexpr std::size_t kComparedBytes = 4096;

std::size_t mix(std::size_t seed, std::size_t value) { return seed ^ (value + 0x9e3779b97f4a7c15U + (seed << 6) + (seed >> 2)); }

std::size_t hash(const Node& node) {
  std::size_t seed = std::hash<std::string_view>{}(node.op.name());
  for (const ValueId input : node.inputs) seed = mix(seed, index(input));
  const auto* constant = node.op.as<Constant>();
  if (constant == nullptr) return seed;
  const Tensor& tensor = constant->value;
  seed = mix(seed, static_cast<std::size_t>(tensor.dtype()));
  seed = mix(seed, static_cast<std::size_t>(tensor.elements()));
  const auto bytes = tensor.bytes();
  const auto* data = reinterpret_cast<const char*>(bytes.data());
  if (bytes.size() <= kComparedBytes) return mix(seed, std::hash<std::string_view>{}({data, bytes.size()}));
  return mix(seed, std::hash<const void*>{}(data));
}

bool equal(const Node& a, const Node& b);

/// Regions are numbered alike where they were written alike and changed alike.
bool equal(const Graph& a, const Graph& b) {
  const auto same_value = [](const Port& x, const Port& y) { return x.value == y.value; };
  if (a.node_count() != b.node_count() || a.value_count() != b.value_count()) return false;
  if (!std::ranges::equal(a.inputs(), b.inputs(), same_value) || !std::ranges::equal(a.outputs(), b.outputs(), same_value)) return false;
  for (const Port& input : a.inputs()) {
    if (a.fact(input.value).dtype != b.fact(input.value).dtype || a.fact(input.value).shape != b.fact(input.value).shape) return false;
  }
  for (std::size_t i = 0; i < a.node_count(); ++i) {
    const auto id = static_cast<NodeId>(i);
    if (!a.node(id).op.pure() || !equal(a.node(id), b.node(id)) || a.node(id).outputs != b.node(id).outputs) return false;
  }
  return true;
}

bool equal(const Node& a, const Node& b) {
  if (a.op.name() != b.op.name() || a.inputs != b.inputs || a.outputs.size() != b.outputs.size()) return false;
  if (!std::ranges::equal(a.regions, b.regions, [](const Graph& x, const Graph& y) { return equal(x, y); })) return false;
  const auto* x = a.op.as<Constant>();
  const auto* y = b.op.as<Constant>();
  if (x == nullptr || y == nullptr) return identical(a.op.attributes(), b.op.attributes());
  if (x->value.size_bytes() > kComparedBytes && x->value.bytes().data() != y->value.bytes().data()) return false;
  return identical(x->value, y->value);
}

}  // namespace

/// Computes once what is computed twice: nodes of one operator, equal attributes and regions and the same inputs.
///     y = relu(x); z = relu(x); add(y, z)   =>   y = relu(x); add(y, y)
struct MergeDuplicates {
  static constexpr std::string_view kName = "merge_duplicates";
  static constexpr Stage kStage = Stage::kSimplify;

  std::unordered_map<std::size_t, std::vector<const Node*>> seen;

  Rewrite apply(Rewriter&, const Node& node) {
    if (!node.op.pure()) return skip();
    auto& alike = seen[hash(node)];
    for (const Node* earlier : alike) {
      if (equal(*earlier, node)) return Rewriter::replace(node, earlier->outputs);
    }
    alike.push_back(&node);
    return skip();
  }
};
REGISTER_PASS(MergeDuplicates);

}  // namespace temper
