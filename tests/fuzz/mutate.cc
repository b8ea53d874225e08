#include "fuzz/mutate.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "import/rule.h"

namespace temper::testing {
namespace {

using tensorflow::AttrValue;
using tensorflow::GraphDef;
using tensorflow::NodeDef;
using tensorflow::TensorProto;
using tensorflow::TensorShapeProto;

constexpr std::array<std::int64_t, 16> kEdges = {0, 1, -1, 2, -2, 3, 7, 8, 127, 255, 65536, 1 << 20,
                                                 std::numeric_limits<std::int32_t>::max(), std::numeric_limits<std::int32_t>::min(),
                                                 std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};

template <class List>
auto& pick(List&& list, Random& random) {
  return *(list.begin() + static_cast<std::ptrdiff_t>(below(random, static_cast<std::size_t>(list.size()))));
}

void mutate_shape(TensorShapeProto& shape, Random& random) {
  switch (below(random, 4)) {
    case 0: shape.set_unknown_rank(!shape.unknown_rank()); break;
    case 1: shape.add_dim()->set_size(edge(random)); break;
    case 2:
      if (shape.dim_size() > 0) shape.mutable_dim()->RemoveLast();
      break;
    default:
      if (shape.dim_size() > 0) pick(*shape.mutable_dim(), random).set_size(edge(random));
  }
}

/// Overwrites one number of the content, be it of 4 or 8 bytes.
void mutate_content(std::string& content, Random& random) {
  const std::size_t width = below(random, 2) == 0 ? 4 : 8;
  if (content.size() < width) return;
  const std::int64_t value = edge(random);
  std::memcpy(content.data() + below(random, content.size() / width) * width, &value, width);  // little-endian
}

void mutate_floats(TensorProto& tensor, Random& random) {
  constexpr std::array<float, 6> kFloats = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                                            -std::numeric_limits<float>::infinity(), 1e38F, -0.0F, 1e-45F};
  const float value = kFloats[below(random, kFloats.size())];
  if (tensor.float_val_size() > 0) pick(*tensor.mutable_float_val(), random) = value;
  else if (tensor.tensor_content().size() >= sizeof(value)) {
    std::memcpy(tensor.mutable_tensor_content()->data() + below(random, tensor.tensor_content().size() / 4) * 4, &value, 4);
  }
}

void mutate_tensor(TensorProto& tensor, Random& random) {
  switch (below(random, 8)) {
    case 0: tensor.set_dtype(static_cast<tensorflow::DataType>(below(random, 26))); break;
    case 1: mutate_shape(*tensor.mutable_tensor_shape(), random); break;
    case 2:
      if (!tensor.tensor_content().empty()) tensor.mutable_tensor_content()->pop_back();
      break;
    case 3:
      if (!tensor.tensor_content().empty()) pick(*tensor.mutable_tensor_content(), random) = static_cast<char>(random());
      break;
    case 4: case 5: mutate_content(*tensor.mutable_tensor_content(), random); break;
    case 6: mutate_floats(tensor, random); break;
    default:
      tensor.add_int_val(static_cast<std::int32_t>(edge(random)));
      if (tensor.int_val_size() > 1) pick(*tensor.mutable_int_val(), random) = static_cast<std::int32_t>(edge(random));
  }
}

void mutate_attribute(AttrValue& value, Random& random) {
  switch (value.value_case()) {
    case AttrValue::kI: value.set_i(edge(random)); break;
    case AttrValue::kF:
      value.set_f(below(random, 4) == 0 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(edge(random)) * 0.5F);
      break;
    case AttrValue::kB: value.set_b(!value.b()); break;
    case AttrValue::kType: value.set_type(static_cast<tensorflow::DataType>(below(random, 26))); break;
    case AttrValue::kShape: mutate_shape(*value.mutable_shape(), random); break;
    case AttrValue::kTensor: mutate_tensor(*value.mutable_tensor(), random); break;
    case AttrValue::kS: *value.mutable_s() = below(random, 2) == 0 ? "VALID" : "SAME"; break;
    case AttrValue::kList:
      if (value.list().i_size() > 0) pick(*value.mutable_list()->mutable_i(), random) = edge(random);
      else value.mutable_list()->add_i(edge(random));
      break;
    default: value.Clear();
  }
}

const std::string& any_op(Random& random) {
  static const std::vector<std::string> ops = [] {
    const auto views = rule_table().tensorflow_ops();
    std::vector<std::string> all(views.begin(), views.end());
    for (const char* op : {"Switch", "Merge", "Enter", "Exit", "NextIteration", "LoopCond", "If", "While", "PartitionedCall",
                           "Case", "Placeholder", "Const"}) {
      all.emplace_back(op);
    }
    return all;
  }();
  return ops[below(random, ops.size())];
}

using Nodes = google::protobuf::RepeatedPtrField<NodeDef>;

void mutate_node(Nodes& nodes, NodeDef& node, Random& random) {
  const NodeDef& other = pick(nodes, random);
  switch (below(random, 10)) {
    case 0: node.set_op(other.op()); break;
    case 1:
      if (node.input_size() > 0) pick(*node.mutable_input(), random) = other.name();
      break;
    case 2:
      if (node.input_size() > 0) node.mutable_input()->RemoveLast();
      break;
    case 3: node.add_input(other.name()); break;
    case 4:
      if (below(random, 4) == 0) node.set_name(other.name());
      else node.add_input(other.name() + ":" + std::to_string(edge(random)));
      break;
    case 5: node.set_op(any_op(random)); break;
    default:
      if (node.attr().empty()) return;
      auto attribute = node.mutable_attr()->begin();
      std::advance(attribute, static_cast<std::ptrdiff_t>(below(random, node.attr().size())));
      mutate_attribute(attribute->second, random);
  }
}

/// Adds a node of another graph, its inputs taken from this one.
void graft(GraphDef& graph, const GraphDef& other, Random& random) {
  if (other.node_size() == 0) return;
  NodeDef node = pick(other.node(), random);
  node.set_name("grafted_" + std::to_string(graph.node_size()));
  for (std::string& input : *node.mutable_input()) input = pick(graph.node(), random).name();
  NodeDef& user = pick(*graph.mutable_node(), random);
  if (user.input_size() > 0) pick(*user.mutable_input(), random) = node.name();
  *graph.add_node() = std::move(node);
}

}  // namespace

std::int64_t edge(Random& random) { return kEdges[below(random, kEdges.size())]; }

std::size_t below(Random& random, std::size_t count) { return static_cast<std::size_t>(random() % count); }

std::string mutate_bytes(std::string bytes, const std::string& other, Random& random) {
  for (std::size_t round = 1 + below(random, 4); round > 0 && !bytes.empty(); --round) {
    const std::size_t at = below(random, bytes.size());
    const std::size_t length = std::min(bytes.size() - at, 1 + below(random, 64));
    switch (below(random, 6)) {
      case 0: bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(random, 8))); break;
      case 1: bytes.erase(at, length); break;
      case 2: bytes.insert(at, bytes.substr(at, length)); break;
      case 3: bytes.resize(at); break;
      case 4: std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), length, static_cast<char>(edge(random))); break;
      default: bytes = bytes.substr(0, at) + other.substr(std::min(other.size(), below(random, other.size() + 1)));
    }
  }
  return bytes;
}

std::string mutate_in_place(std::string bytes, Random& random) {
  const auto put = [&](std::size_t at, std::int64_t number, std::size_t length) {
    std::memcpy(bytes.data() + at, &number, std::min(length, bytes.size() - at));
  };
  for (std::size_t round = 1 + below(random, 4); round > 0 && !bytes.empty(); --round) {
    const std::size_t at = below(random, bytes.size());
    const std::size_t from = below(random, bytes.size());
    const std::size_t length = std::min(bytes.size() - std::max(at, from), 1 + below(random, 64));
    switch (below(random, 5)) {
      case 0: bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(random, 8))); break;
      case 1: put(at, static_cast<std::int64_t>(below(random, 64)), 1); break;
      case 2: put(at, static_cast<std::int64_t>(below(random, 8)), 4); break;
      case 3: put(at, edge(random), 8); break;
      default: bytes.replace(at, length, bytes.substr(from, length));
    }
  }
  return bytes;
}

std::string mutate_text(const std::string& text, const std::string& other, Random& random) {
  if (below(random, 3) == 0) return mutate_bytes(text, other, random);
  std::string result;
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t end = text.find('\n', begin);
    end = end == std::string::npos ? text.size() : end + 1;
    std::string line = text.substr(begin, end - begin);
    begin = end;
    const std::size_t choice = below(random, 400);
    if (choice == 0) continue;
    if (choice == 1) result += line;
    const std::size_t digit = line.find_first_of("0123456789");
    if (choice == 2 && digit != std::string::npos) line = line.substr(0, digit) + std::to_string(edge(random)) + "\n";
    if (choice == 3) line = "}" + line;
    result += line;
  }
  return result;
}

void mutate_graph(GraphDef& graph, const GraphDef& other, Random& random) {
  for (std::size_t round = 1 + below(random, 3); round > 0 && graph.node_size() > 0; --round) {
    if (below(random, 6) == 0) {
      graft(graph, other, random);
      continue;
    }
    Nodes* nodes = graph.mutable_node();
    if (graph.library().function_size() > 0 && below(random, 2) == 0) {
      nodes = pick(*graph.mutable_library()->mutable_function(), random).mutable_node_def();
    }
    if (!nodes->empty()) mutate_node(*nodes, pick(*nodes, random), random);
  }
}

}  // namespace temper::testing
