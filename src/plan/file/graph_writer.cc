#include "plan/file/graph_section.h"

namespace temper {
namespace {

/// Each string once, by number.
class StringTable {
 public:
  std::uint32_t number(std::string_view text) {
    const auto [found, added] = numbers_.emplace(text, static_cast<std::uint32_t>(strings_.size()));
    if (added) strings_.push_back(found->first);
    return found->second;
  }
  void write(ByteWriter& to) const {
    to.count(strings_.size());
    for (const std::string_view text : strings_) to.text(text);
  }

 private:
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
  std::vector<std::string_view> strings_;
};

class GraphWriter {
 public:
  explicit GraphWriter(TensorWriter& tensors) : tensors_(tensors) {}

  void write(const Graph& whole, std::size_t depth) {
    require(depth < kMostRegionDepth, "loops and branches lie more than {} deep in one another", kMostRegionDepth);
    const Graph graph = whole.compacted();
    to_.count(graph.inputs().size());
    for (const Port& input : graph.inputs()) {
      text(input.name);
      write(graph.fact(input.value));
    }
    to_.count(graph.node_count());
    for (const NodeId id : graph.order()) write(graph.node(id), depth);
    to_.count(graph.outputs().size());
    for (const Port& output : graph.outputs()) {
      text(output.name);
      write(output.value);
    }
  }

  std::string bytes() const {
    ByteWriter all;
    strings_.write(all);
    all.append(to_.bytes());
    return all.bytes();
  }

 private:
  void text(std::string_view value) { to_.put(strings_.number(value)); }
  void write(ValueId id) { to_.put(static_cast<std::uint32_t>(index(id))); }

  void write(const Fact& fact) {
    write_dtype(to_, fact.dtype);
    to_.put(static_cast<std::uint8_t>(fact.shape.rank_known()));
    if (!fact.shape.rank_known()) return;
    to_.put(static_cast<std::uint8_t>(fact.shape.rank()));
    for (const Dim& dim : fact.shape.dims()) to_.put(dim.known() ? dim.value() : std::int64_t{-1});
  }

  void write(const Node& node, std::size_t depth) {
    text(node.op.name());
    text(node.name);
    text(node.created_by);
    to_.count(node.sources.size());
    for (const std::string& source : node.sources) text(source);
    to_.count(node.inputs.size());
    for (const ValueId input : node.inputs) write(input);
    to_.count(node.outputs.size());
    const Attributes attributes = node.op.attributes();
    to_.count(attributes.size());
    for (const auto& [name, attribute] : attributes) {
      text(name);
      std::visit([&](const auto& value) { write(value); }, attribute);
    }
    to_.count(node.regions.size());
    for (const Graph& region : node.regions) write(region, depth + 1);
  }

  void write(bool value) {
    to_.put(AttributeKind::kBool);
    to_.put(static_cast<std::uint8_t>(value));
  }
  void write(std::int64_t value) {
    to_.put(AttributeKind::kInt);
    to_.put(value);
  }
  void write(double value) {
    to_.put(AttributeKind::kDouble);
    to_.put(value);
  }
  void write(const std::string& value) {
    to_.put(AttributeKind::kString);
    text(value);
  }
  void write(DType value) {
    to_.put(AttributeKind::kDType);
    write_dtype(to_, value);
  }
  void write(const std::vector<std::int64_t>& values) {
    to_.put(AttributeKind::kInts);
    to_.count(values.size());
    for (const std::int64_t value : values) to_.put(value);
  }
  void write(const std::vector<double>& values) {
    to_.put(AttributeKind::kDoubles);
    to_.count(values.size());
    for (const double value : values) to_.put(value);
  }
  void write(const std::vector<std::string>& values) {
    to_.put(AttributeKind::kStrings);
    to_.count(values.size());
    for (const std::string& value : values) text(value);
  }
  void write(const Tensor& value) {
    to_.put(AttributeKind::kTensor);
    tensors_.write(to_, value);
  }

  TensorWriter& tensors_;
  StringTable strings_;
  ByteWriter to_;
};

}  // namespace

std::string write_graph(const Graph& graph, TensorWriter& tensors) {
  GraphWriter writer(tensors);
  writer.write(graph, 0);
  return writer.bytes();
}

}  // namespace temper
