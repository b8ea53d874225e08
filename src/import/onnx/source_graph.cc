#include "import/onnx/source_graph.h"

namespace temper::onnx {
namespace {

/// The tensor of a Constant node that holds one in its plain form; null otherwise.
TensorProto* constant_tensor(NodeProto& node) {
  if (node.op_type() != "Constant" || !node.domain().empty() || node.output_size() != 1) return nullptr;
  for (AttributeProto& attribute : *node.mutable_attribute()) {
    if (attribute.name() == "value" && attribute.type() == AttributeProto::TENSOR && attribute.ref_attr_name().empty()) {
      return attribute.mutable_t();
    }
  }
  return nullptr;
}

}  // namespace

std::string node_name(const NodeProto& node) {
  if (!node.name().empty() || node.output_size() == 0) return node.name();
  return node.output(0);
}

std::string node_context(const NodeProto& node) { return fmt::format("node '{}' ({})", node_name(node), node.op_type()); }

SourceGraph::SourceGraph(GraphProto& graph) {
  for (const ValueInfoProto& input : graph.input()) {
    inputs_.push_back(input.name());
    if (is_packed(input.type().tensor_type().elem_type())) narrow_.insert(input.name());
    if (input.type().tensor_type().shape().dim_size() == 1) vectors_.insert(input.name());
  }
  for (const ValueInfoProto& output : graph.output()) outputs_.push_back(output.name());
  formal_.insert(inputs_.begin(), inputs_.end());
  require(graph.sparse_initializer_size() == 0, "sparse initializers are not supported ('{}')",
          graph.sparse_initializer_size() == 0 ? "" : graph.sparse_initializer(0).values().name());
  for (TensorProto& tensor : *graph.mutable_initializer()) add_constant(tensor.name(), tensor);
  add_nodes(*graph.mutable_node());
}

SourceGraph::SourceGraph(FunctionProto& function) {
  inputs_.assign(function.input().begin(), function.input().end());
  outputs_.assign(function.output().begin(), function.output().end());
  formal_.insert(inputs_.begin(), inputs_.end());
  add_nodes(*function.mutable_node());
}

void SourceGraph::add_nodes(google::protobuf::RepeatedPtrField<NodeProto>& nodes) {
  for (NodeProto& node : nodes) {
    in_context([&] { return node_context(node); }, [&] { add_node(node); });
  }
  find_free_names();
}

void SourceGraph::add_node(NodeProto& node) {
  const int id = size();
  nodes_.push_back(&node);
  if (TensorProto* tensor = constant_tensor(node)) {
    add_constant(node.output(0), *tensor);
    return;
  }
  for (const std::string& output : node.output()) {
    if (output.empty()) continue;
    const bool fresh = producers_.emplace(output, id).second && !constants_.contains(output);
    require(fresh, "value '{}' is given twice", output);
  }
  for (AttributeProto& attribute : *node.mutable_attribute()) {
    if (attribute.type() == AttributeProto::GRAPH) subgraphs_.try_emplace({id, attribute.name()}, *attribute.mutable_g());
  }
}

void SourceGraph::add_constant(std::string_view name, TensorProto& tensor) {
  require(constants_.try_emplace(std::string(name), Content{&tensor, {}}).second && !producers_.contains(name), "value '{}' is given twice", name);
  if (is_packed(tensor.data_type())) narrow_.insert(std::string(name));
}

void SourceGraph::find_free_names() {
  const auto use = [&](const std::string& name) {
    if (!name.empty() && !gives(name) && !is_formal(name)) free_names_.insert(name);
  };
  for (const NodeProto* node : nodes_) std::ranges::for_each(node->input(), use);
  for (const auto& [key, graph] : subgraphs_) std::ranges::for_each(graph.free_names(), use);
  std::ranges::for_each(outputs_, use);
}

int SourceGraph::producer(std::string_view name) const {
  const auto found = producers_.find(name);
  return found == producers_.end() ? -1 : found->second;
}

const Tensor& SourceGraph::constant(std::string_view name, ExternalFiles& files) {
  Content& content = constants_.find(name)->second;
  if (!content.tensor) {
    in_context([&] { return fmt::format("tensor '{}'", name); }, [&] { content.tensor = take_tensor(*content.proto, files); });
  }
  return *content.tensor;
}

Fact SourceGraph::constant_fact(std::string_view name, ExternalFiles& files) const {
  const Content& content = constants_.find(name)->second;
  if (content.tensor) return {content.tensor->dtype(), content.tensor->shape(), {}};
  return in_context([&] { return fmt::format("tensor '{}'", name); }, [&] { return tensor_fact(*content.proto, files); });
}

std::vector<int> SourceGraph::order(const Names& ends, const std::set<std::string, std::less<>>& given) const {
  enum class Mark : std::uint8_t { kNew, kOpen, kDone };
  std::vector<Mark> marks(nodes_.size(), Mark::kNew);
  std::vector<int> order;
  struct Frame {
    int node;
    std::vector<int> waits;
  };
  std::vector<Frame> stack;
  const auto wait_for = [&](std::vector<int>& waits, const std::string& name) {
    if (const int from = producer(name); from >= 0 && !given.contains(name)) waits.push_back(from);
  };
  const auto open = [&](int id) {
    Mark& mark = marks[static_cast<std::size_t>(id)];
    require(mark != Mark::kOpen, "the graph has a cycle through node '{}' ({})", node_name(node(id)), node(id).op_type());
    if (mark == Mark::kDone) return;
    mark = Mark::kOpen;
    stack.push_back({id, {}});
    std::vector<int>& waits = stack.back().waits;
    for (const std::string& input : node(id).input()) wait_for(waits, input);
    for (auto it = subgraphs_.lower_bound({id, {}}); it != subgraphs_.end() && it->first.first == id; ++it) {
      for (const std::string& name : it->second.free_names()) wait_for(waits, name);
    }
    std::ranges::reverse(waits);
  };
  for (const std::string& end : ends) {
    std::vector<int> roots;
    wait_for(roots, end);
    for (const int root : roots) open(root);
    while (!stack.empty()) {
      Frame& top = stack.back();
      if (top.waits.empty()) {
        marks[static_cast<std::size_t>(top.node)] = Mark::kDone;
        order.push_back(top.node);
        stack.pop_back();
      } else {
        const int from = top.waits.back();
        top.waits.pop_back();
        open(from);
      }
    }
  }
  return order;
}

SourceGraph& SourceGraph::subgraph(int id, std::string_view attribute) {
  const auto found = subgraphs_.find({id, std::string(attribute)});
  require(found != subgraphs_.end(), "attribute '{}' is missing or holds no graph", attribute);
  return found->second;
}

std::vector<SourceGraph*> SourceGraph::subgraphs(int id) {
  std::vector<SourceGraph*> all;
  for (auto it = subgraphs_.lower_bound({id, {}}); it != subgraphs_.end() && it->first.first == id; ++it) all.push_back(&it->second);
  return all;
}

}  // namespace temper::onnx
