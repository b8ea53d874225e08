#include "base/memory.h"
#include "ir/constant.h"
#include "ops/control/if.h"
#include "ops/control/loop.h"
#include "ops/control/map.h"
#include "ops/registry.h"
#include "plan/file/graph_section.h"

namespace temper {
namespace {

/// Operators that belong to graphs themselves, and are not among those of src/ops.
const OpRegistry& graph_operators() {
  static const OpRegistry all = [] {
    OpRegistry registry;
    registry.add<Constant>();
    registry.add<PackedConstant>();
    return registry;
  }();
  return all;
}

const OpRegistry& registry_of(std::string_view op) { return graph_operators().contains(op) ? graph_operators() : op_registry(); }

/// Least bytes of things in the file, so that no more of them are believed than fit.
constexpr std::size_t kLeastInput = 6;
constexpr std::size_t kLeastNode = 32;
constexpr std::size_t kLeastOutput = 8;
constexpr std::size_t kLeastAttribute = 6;
constexpr std::size_t kLeastGraph = 12;
constexpr std::size_t kNumber = 4;

/// About what these take in memory, many times what they take in the file.
constexpr std::size_t kGraphBytes = 2048;
constexpr std::size_t kNodeBytes = 1024;

class GraphReader {
 public:
  GraphReader(std::span<const std::byte> bytes, const TensorReader& tensors, const std::string& made_by)
      : from_(bytes), tensors_(tensors), made_by_(made_by) {
    const std::size_t count = from_.count(kNumber);
    strings_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) strings_.push_back(from_.text());
  }

  Graph read(std::size_t depth) {
    require(depth < kMostRegionDepth, "its graphs lie more than {} deep in one another", kMostRegionDepth);
    charge(kGraphBytes);
    Graph graph;
    const std::size_t input_count = from_.count(kLeastInput);
    for (std::size_t i = 0; i < input_count; ++i) {
      std::string name(text());
      graph.add_input(std::move(name), read_fact());
    }
    const std::size_t node_count = from_.count(kLeastNode);
    for (std::size_t i = 0; i < node_count; ++i) read_node(graph, depth);
    const std::size_t output_count = from_.count(kLeastOutput);
    for (std::size_t i = 0; i < output_count; ++i) {
      std::string name(text());
      graph.add_output(std::move(name), value(graph));
    }
    check_order(graph);
    return graph;
  }

  void check_end() const { require(from_.left() == 0, "its graph ends before the section does"); }

 private:
  /// The table holds a string once; each use of it may be a copy.
  std::string_view text() {
    const auto number = from_.get<std::uint32_t>();
    require(number < strings_.size(), "it names a string {} of {}", number, strings_.size());
    charge(strings_[number].size());
    return strings_[number];
  }

  ValueId value(const Graph& graph) {
    const auto number = from_.get<std::uint32_t>();
    require(number < graph.value_count(), "it uses a value {} where there are {}", number, graph.value_count());
    return static_cast<ValueId>(number);
  }

  /// Graphs in memory are larger than in files: they obey the memory limit before they are there.
  void charge(std::size_t bytes) {
    charged_ += bytes;
    if (charged_ <= memory_limit()) return;
    throw ModelError(fmt::format("its graph needs more than the {} of memory that are allowed", format_bytes(memory_limit())));
  }

  Fact read_fact() {
    Fact fact{read_dtype(from_), {}, {}};
    if (!from_.flag()) return fact;
    const auto rank = from_.get<std::uint8_t>();
    require(rank <= kMaxRank, "it has a shape of {} dimensions, at most {} are supported", rank, kMaxRank);
    std::vector<Dim> dims;
    for (std::size_t axis = 0; axis < rank; ++axis) {
      const auto dim = from_.get<std::int64_t>();
      require(dim >= -1, "it has a dimension of {}", dim);
      dims.push_back(dim < 0 ? Dim() : Dim(dim));
    }
    fact.shape = ShapeFact(std::move(dims));
    return fact;
  }

  void read_node(Graph& graph, std::size_t depth) {
    charge(kNodeBytes);
    const std::string_view op_name = text();
    std::string name(text());
    const std::string_view created_by = text();
    std::vector<std::string> sources(from_.count(kNumber));
    for (std::string& source : sources) source = text();
    std::vector<ValueId> inputs(from_.count(kNumber));
    for (ValueId& input : inputs) input = value(graph);
    const auto output_count = from_.get<std::uint32_t>();
    Op op = in_context([&] { return fmt::format("node '{}'", name); }, [&] { return read_op(op_name); });
    std::vector<Graph> regions;
    const std::size_t region_count = from_.count(kLeastGraph);
    for (std::size_t i = 0; i < region_count; ++i) regions.push_back(read(depth + 1));
    in_context([&] { return fmt::format("node '{}' ({})", name, op_name); }, [&] { check_regions(graph, op, inputs, regions); });
    Node& node = graph.node(add(graph, std::move(op), std::move(inputs), std::move(name), std::move(regions)));
    require(node.outputs.size() == output_count, "node '{}' ({}) has {} outputs here, and {} in Temper {}, which made the plan",
            node.name, op_name, node.outputs.size(), output_count, made_by_);
    node.created_by = created_by;
    node.sources = std::move(sources);
  }

  /// Importers and passes keep to what operators count on; a file need not.
  static NodeId add(Graph& graph, Op op, std::vector<ValueId> inputs, std::string name, std::vector<Graph> regions) {
    try {
      return graph.add_node(std::move(op), std::move(inputs), std::move(name), std::move(regions));
    } catch (const InternalError& error) {
      throw ModelError(fmt::format("its graph does not hold together: {}", error.what()));
    }
  }

  Op read_op(std::string_view name) {
    const OpRegistry& registry = registry_of(name);
    require(registry.contains(name), "it needs the operator '{}', which Temper {} does not have; Temper {} made the plan. Use that "
            "version, or make the plan again with this one", name, TEMPER_VERSION, made_by_);
    Attributes attributes;
    const std::size_t count = from_.count(kLeastAttribute);
    for (std::size_t i = 0; i < count; ++i) {
      std::string attribute(text());
      attributes.emplace_back(std::move(attribute), read_attribute());
    }
    try {
      Op op = registry.make(name, attributes);
      if (const auto* packed = op.as<PackedConstant>()) check(*packed);
      return op;
    } catch (const InternalError& error) {
      throw ModelError(fmt::format("{}, in Temper {}; Temper {} made the plan. Use that version, or make the plan again with "
                                   "this one", error.what(), TEMPER_VERSION, made_by_));
    }
  }

  static void check(const PackedConstant& packed) {
    require(packed.bytes.dtype() == DType::kUInt8 && packed.bytes.rank() == 1, "its packed bytes are {}", packed.bytes);
    require(size_of(packed.dtype) > 0, "{} elements cannot be packed", packed.dtype);
    Shape(packed.shape).elements();
  }

  template <class T>
  std::vector<T> numbers() {
    std::vector<T> values(from_.count(sizeof(T)));
    for (T& value : values) value = from_.get<T>();
    return values;
  }

  Attribute read_attribute() {
    const auto kind = from_.get<std::uint8_t>();
    switch (static_cast<AttributeKind>(kind)) {
      case AttributeKind::kBool: return from_.flag();
      case AttributeKind::kInt: return from_.get<std::int64_t>();
      case AttributeKind::kDouble: return from_.get<double>();
      case AttributeKind::kString: return std::string(text());
      case AttributeKind::kDType: return read_dtype(from_);
      case AttributeKind::kInts: return numbers<std::int64_t>();
      case AttributeKind::kDoubles: return numbers<double>();
      case AttributeKind::kStrings: {
        std::vector<std::string> values(from_.count(kNumber));
        for (std::string& value : values) value = text();
        return values;
      }
      case AttributeKind::kTensor: return tensors_.read(from_);
    }
    throw ModelError(fmt::format("it has an attribute of kind {}, which is not known", kind));
  }

  /// What a region takes is what its node is given: what is inferred inside counts on it.
  static void check_regions(const Graph& graph, const Op& op, const std::vector<ValueId>& inputs, const std::vector<Graph>& regions) {
    if (regions.empty()) return;
    const bool branches = op.as<If>() != nullptr;
    const auto* map = op.as<Map>();
    require(branches || map != nullptr || op.as<Loop>() != nullptr, "it has regions, which this operator does not take");
    const std::size_t first = branches ? 1 : 0;
    for (const Graph& region : regions) {
      require(region.inputs().size() + first == inputs.size(), "its region takes {} inputs, not {}", region.inputs().size(),
              inputs.size() - first);
      for (std::size_t i = 0; i < region.inputs().size(); ++i) {
        const Fact& given = graph.fact(inputs[i + first]);
        const bool row = map != nullptr && static_cast<std::int64_t>(i) < map->scanned;
        check_follows(region.fact(region.inputs()[i].value), row ? row_fact(given) : given);
      }
    }
    if (op.as<Loop>() == nullptr || regions.size() != 2) return;
    const Graph& body = regions[1];
    for (std::size_t i = 0; i < std::min(body.outputs().size(), body.inputs().size()); ++i) {
      check_follows(body.fact(body.inputs()[i].value), body.fact(body.outputs()[i].value));
    }
  }

  /// Whether what is claimed of a value is not against what is known of it.
  static void check_follows(const Fact& claimed, const Fact& known) {
    require(claimed.dtype == known.dtype, "its region takes {} where it is given {}", claimed, known);
    if (!claimed.shape.rank_known() || claimed.dtype == DType::kList) return;
    const bool same_rank = known.shape.rank_known() && known.shape.rank() == claimed.shape.rank();
    require(same_rank, "its region takes {} where it is given {}", claimed, known);
    for (std::size_t axis = 0; axis < claimed.shape.rank(); ++axis) {
      require(!claimed.shape[axis].known() || claimed.shape[axis] == known.shape[axis], "its region takes {} where it is given {}",
              claimed, known);
    }
  }

  /// Nodes are in the order that order() gives, and none is without use: tactics go by it.
  static void check_order(const Graph& graph) {
    const auto order = graph.order();
    require(order.size() == graph.node_count(), "it has {} nodes that no output depends on", graph.node_count() - order.size());
    for (std::size_t i = 0; i < order.size(); ++i) require(index(order[i]) == i, "its nodes are not in order");
  }

  ByteReader from_;
  const TensorReader& tensors_;
  const std::string& made_by_;
  std::vector<std::string_view> strings_;
  std::size_t charged_ = 0;
};

}  // namespace

Graph read_graph(std::span<const std::byte> bytes, const TensorReader& tensors, const std::string& made_by) {
  GraphReader reader(bytes, tensors, made_by);
  Graph graph = reader.read(0);
  reader.check_end();
  return graph;
}

}  // namespace temper
