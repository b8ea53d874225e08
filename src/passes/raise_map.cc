#include "ops/control/map.h"
#include "passes/copy_nodes.h"
#include "passes/counted_loop.h"

namespace temper {
namespace {

/// Writes a counted loop as a map.
class MapWriter {
 public:
  MapWriter(Rewriter& rewriter, const Node& loop, const CountedLoop& found)
      : rewriter_(rewriter), loop_(loop), found_(found), body_(loop.regions[1]), count_(write_count()) {}

  ValueIds write() {
    NodeCopier copier(body_, region_);
    for (const auto& [item, tensor] : found_.rows) copier.rename(item, scan(with_rows(tensor)));
    if (found_.counter_used || found_.rows.empty()) scan_counters(copier);
    const auto scanned = static_cast<std::int64_t>(inputs_.size());
    for (std::size_t i = found_.items.size(); i < loop_.inputs.size(); ++i) {
      const ValueId inside = body_.inputs()[i].value;
      if (!found_.live[index(inside)] || body_.fact(inside).dtype == DType::kList) continue;
      inputs_.push_back(loop_.inputs[i]);
      copier.rename(inside, region_.add_input("captured", rewriter_.fact(loop_.inputs[i])));
    }
    for (const ValueId item : found_.items) {
      if (item != ValueId::kNone) region_.add_output("item", copier.copy(item));
    }
    std::vector<Graph> regions;
    regions.push_back(std::move(region_));
    const ValueIds stacked = rewriter_.add_all(Map{scanned}, std::move(inputs_), std::move(regions));
    ValueIds results;
    std::size_t next = 0;
    for (std::size_t i = 0; i < found_.items.size(); ++i) {
      const bool counts = found_.items[i] == ValueId::kNone;
      results.push_back(counts ? of_type(count_, rewriter_.fact(loop_.outputs[i]).dtype)
                               : rewriter_.add("list_unstack", {stacked[next++]}));
    }
    return results;
  }

 private:
  ValueId of_type(ValueId value, DType dtype) {
    return rewriter_.fact(value).dtype == dtype ? value : rewriter_.add("cast", {value}, {{"dtype", dtype}});
  }

  /// The number of turns.
  ValueId write_count() {
    ValueId count = found_.limits[0];
    if (found_.turns == Count{}) {
      for (const ValueId limit : found_.limits)
        count = rewriter_.add("minimum", {of_type(count, DType::kInt64), of_type(limit, DType::kInt64)});
    }
    if (found_.turns.never_negative()) return count;
    return rewriter_.add("maximum",
                         {count, rewriter_.add_constant(Tensor::zeros(rewriter_.fact(count).dtype, Shape{}))});
  }

  ValueId scan(ValueId tensor) {
    inputs_.push_back(tensor);
    return region_.add_input("row", row_fact(rewriter_.fact(tensor)));
  }

  /// As many rows of a tensor as there are turns.
  ValueId with_rows(ValueId tensor) {
    if (found_.turns == rows_of(rewriter_, tensor)) return tensor;
    const ShapeFact& shape = rewriter_.fact(tensor).shape;
    require(shape.rank_known() && shape.rank() > 0, "the rank of what is mapped over is not known");
    const Attributes first{{"axis", std::int64_t{0}}};
    const std::vector<std::int64_t> begin(shape.rank());
    const std::vector<std::int64_t> all(shape.rank() - 1, -1);
    const ValueId rows = rewriter_.add("expand_dims", {of_type(count_, DType::kInt64)}, first);
    const ValueId rest = rewriter_.add_constant(Tensor::vector<std::int64_t>(all));
    const ValueId size = rewriter_.add("concat", {rows, rest}, first);
    return rewriter_.add("slice", {tensor, rewriter_.add_constant(Tensor::vector<std::int64_t>(begin)), size});
  }

  /// What the counters count, as rows of a tensor.
  void scan_counters(NodeCopier& copier) {
    const ValueId limit = of_type(count_, DType::kInt64);
    const ValueId zero = rewriter_.add_constant(Tensor::scalar<std::int64_t>(0));
    const ValueId numbers =
        rewriter_.add("range", {zero, limit, rewriter_.add_constant(Tensor::scalar<std::int64_t>(1))});
    for (std::size_t i = 0; i < found_.items.size(); ++i) {
      const ValueId inside = body_.inputs()[i].value;
      if (found_.items[i] == ValueId::kNone) copier.rename(inside, scan(of_type(numbers, body_.fact(inside).dtype)));
    }
  }

  Rewriter& rewriter_;
  const Node& loop_;
  const CountedLoop& found_;
  const Graph& body_;
  ValueId count_;
  Graph region_;
  ValueIds inputs_;
};

/// Whether the items of a list are known to be of one shape: because they are stacked, and nothing else is done with
/// it.
bool only_stacked(const Rewriter& rewriter, ValueId list, const Count& turns) {
  const Graph& graph = rewriter.graph();
  bool stacked = false;
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    if (std::ranges::find(node.inputs, list) == node.inputs.end()) continue;
    if (node.op.name() == "list_length") continue;
    if (node.op.name() != "list_stack") return false;
    if (node.inputs.size() == 1) {
      stacked = true;
      continue;
    }
    const Node* range = rewriter.producer(node.inputs[1]);  // of all items, in order
    if (range == nullptr || range->op.name() != "range") return false;
    const Node* length = rewriter.producer(range->inputs[1]);
    const bool whole = length != nullptr && length->op.name() == "list_length" && length->inputs[0] == list;
    stacked |= whole || count_of(rewriter, range->inputs[1]) == turns;
  }
  return stacked && std::ranges::none_of(graph.outputs(), [&](const Port& port) { return port.value == list; });
}

}  // namespace

/// Writes a loop that goes through rows of tensors and collects what each turn gives as a `map`. Lists become tensors.
///     loop(0, list_create(n), list_unstack(x)) { list_set(results, i, relu(list_get(x, i))) }   => list_unstack(map(x)
///     { relu })
struct RaiseMap {
  static constexpr std::string_view kName = "raise_map";
  static constexpr Stage kStage = Stage::kSimplify;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    if (node.op.as<Loop>() == nullptr) return skip();
    std::string_view reason;
    const auto found = counted_loop(rewriter, node, reason);
    if (!found) return skip(reason);
    if (std::ranges::all_of(found->items, [](ValueId item) { return item == ValueId::kNone; }))
      return skip("it only counts");
    for (std::size_t i = 0; i < found->items.size(); ++i) {
      const ValueId item = found->items[i];
      if (item == ValueId::kNone) continue;
      if (rewriter.use_count(node.outputs[i]) == 0) return skip("nothing uses a list of its results");
      const bool one_shape =
          node.regions[1].fact(item).shape.known() || only_stacked(rewriter, node.outputs[i], found->turns);
      if (!one_shape) return skip("its turns may give different shapes");
    }
    return Rewriter::replace(node, MapWriter(rewriter, node, *found).write());
  }
};
REGISTER_PASS(RaiseMap);

}  // namespace temper
