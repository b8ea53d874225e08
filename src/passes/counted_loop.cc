#include "passes/counted_loop.h"

namespace temper {
namespace {

bool is_scalar(const Tensor* tensor, std::int64_t number) {
  return tensor != nullptr && tensor->rank() == 0 && is_integer(tensor->dtype()) && tensor->to_int64s()[0] == number;
}

bool is_scalar(const Fact& fact, std::int64_t number) { return fact.constant && is_scalar(&*fact.constant, number); }

/// Finds out, part by part; each part gives false where the loop is of another kind.
class Analysis {
 public:
  Analysis(Rewriter& rewriter, const Node& loop)
      : rewriter_(rewriter),
        loop_(loop),
        condition_(loop.regions[0]),
        body_(loop.regions[1]),
        carried_(static_cast<std::size_t>(loop.op.as<Loop>()->carried)),
        counts_(carried_) {
    found_.items.resize(carried_, ValueId::kNone);
  }

  std::string_view run() {
    find_counters();
    if (std::ranges::find(counts_, true) == counts_.end()) return "no value counts its turns";
    if (!find_limits(condition_.outputs()[0].value)) return "it does not go on for a number of turns";
    const Count first = count_of(rewriter_, found_.limits[0]);
    const auto same = [&](ValueId limit) { return count_of(rewriter_, limit) == first; };
    if (std::ranges::all_of(found_.limits, same)) found_.turns = first;
    if (!find_results()) return "it carries more than counters and lists of results";
    mark_live();
    return find_rows();
  }
  CountedLoop take() { return std::move(found_); }

 private:
  ValueId in_body(std::size_t i) const { return body_.inputs()[i].value; }

  bool is_counter(const Graph& region, ValueId id) const {
    const Value& value = region.value(id);
    return value.producer == NodeId::kNone && value.output < carried_ && counts_[value.output];
  }

  void find_counters() {
    for (std::size_t i = 0; i < carried_; ++i) {
      const Node* next = body_.producer(body_.outputs()[i].value);
      if (next == nullptr || next->op.name() != "add" || !is_scalar(rewriter_.constant(loop_.inputs[i]), 0)) continue;
      const ValueId a = next->inputs[0];
      const ValueId b = next->inputs[1];
      counts_[i] = (a == in_body(i) && is_scalar(body_.fact(b), 1)) || (b == in_body(i) && is_scalar(body_.fact(a), 1));
    }
  }

  /// The condition is counter < limit, or several such.
  bool find_limits(ValueId condition) {
    std::vector<ValueId> open{condition};
    while (!open.empty()) {
      const Node* node = condition_.producer(open.back());
      open.pop_back();
      if (node == nullptr) return false;
      const std::string_view op = node->op.name();
      if (op == "logical_and" || op == "identity" || op == "truth") {
        open.insert(open.end(), node->inputs.begin(), node->inputs.end());
        continue;
      }
      if (op != "less" && op != "greater") return false;
      if (!is_counter(condition_, node->inputs[op == "less" ? 0 : 1])) return false;
      if (!add_limit(node->inputs[op == "less" ? 1 : 0])) return false;
    }
    return true;
  }

  bool add_limit(ValueId limit) {
    const Fact& fact = condition_.fact(limit);
    if (!fact.shape.rank_known() || fact.shape.rank() != 0) return false;
    const Value& value = condition_.value(limit);
    if (value.producer == NodeId::kNone) {
      if (value.output < carried_) return false;
      found_.limits.push_back(loop_.inputs[value.output]);
    } else {
      if (!fact.constant) return false;
      found_.limits.push_back(rewriter_.add_constant(*fact.constant));
    }
    return true;
  }

  /// Lists of which each turn sets the item of its number.
  bool find_results() {
    for (std::size_t i = 0; i < carried_; ++i) {
      if (counts_[i]) continue;
      const Node* next = body_.producer(body_.outputs()[i].value);
      const Node* before = rewriter_.producer(loop_.inputs[i]);
      if (next == nullptr || before == nullptr || before->op.name() != "list_create") return false;
      const Count size = count_of(rewriter_, before->inputs[0]);
      const bool pushes = next->op.name() == "list_push_back";
      const bool sets = next->op.name() == "list_set" && is_counter(body_, next->inputs[1]);
      if (!(pushes || sets) || next->inputs[0] != in_body(i)) return false;
      if (size != Count{0} && (pushes || size != found_.turns)) return false;
      found_.items[i] = next->inputs[pushes ? 1 : 2];
      if (body_.fact(found_.items[i]).dtype == DType::kList) return false;
    }
    return true;
  }

  void mark_live() {
    found_.live.resize(body_.value_count());
    std::vector<ValueId> open;
    std::ranges::copy_if(found_.items, std::back_inserter(open), [](ValueId item) { return item != ValueId::kNone; });
    while (!open.empty()) {
      const ValueId value = open.back();
      open.pop_back();
      if (found_.live[index(value)]) continue;
      found_.live[index(value)] = true;
      if (const Node* node = body_.producer(value)) open.insert(open.end(), node->inputs.begin(), node->inputs.end());
    }
  }

  std::string_view find_rows() {
    for (const ValueId item : found_.items) {
      if (item != ValueId::kNone && is_counter(body_, item)) found_.counter_used = true;
    }
    for (const NodeId id : body_.order()) {
      const Node& node = body_.node(id);
      if (std::ranges::none_of(node.outputs, [&](ValueId output) { return found_.live[index(output)]; })) continue;
      const bool reads = node.op.name() == "list_get" && is_counter(body_, node.inputs[1]);
      for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        const Value& input = body_.value(node.inputs[i]);
        if (input.producer != NodeId::kNone) continue;
        if (is_counter(body_, node.inputs[i])) {
          found_.counter_used |= !(reads && i == 1);
        } else if (input.output < carried_) {
          return "a list of results is read while it is made";
        } else if (input.fact.dtype == DType::kList) {
          if (!reads || i != 0) return "a list is used otherwise than item by item";
          const ValueId tensor = tensor_of(loop_.inputs[input.output], body_.fact(node.outputs[0]).dtype);
          if (tensor == ValueId::kNone) return "a list that it reads is not known to be made of a tensor's rows";
          found_.rows.emplace_back(node.outputs[0], tensor);
        }
      }
    }
    return {};
  }

  /// The tensor whose rows are the first items of a list; kNone where it is not known to be so.
  ValueId tensor_of(ValueId list, DType dtype) const {
    const Node* node = rewriter_.producer(list);
    if (node == nullptr) return ValueId::kNone;
    ValueId tensor = ValueId::kNone;
    if (node->op.name() == "list_unstack") tensor = node->inputs[0];
    if (node->op.name() == "list_scatter" && scatters_in_order(*node)) tensor = node->inputs[2];
    return tensor != ValueId::kNone && rewriter_.fact(tensor).dtype == dtype ? tensor : ValueId::kNone;
  }

  bool scatters_in_order(const Node& scatter) const {
    const Node* before = rewriter_.producer(scatter.inputs[0]);
    const Node* indices = rewriter_.producer(scatter.inputs[1]);
    if (before == nullptr || before->op.name() != "list_create") return false;
    if (const Tensor* known = rewriter_.constant(scatter.inputs[1])) {
      const auto all = known->to_int64s();
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i] != static_cast<std::int64_t>(i)) return false;
      }
    } else if (indices == nullptr || indices->op.name() != "range" ||
               !is_scalar(rewriter_.fact(indices->inputs[0]), 0) || !is_scalar(rewriter_.fact(indices->inputs[2]), 1)) {
      return false;
    }
    // an item past them may be read as zeros where the shape of items is declared
    return before->inputs.size() == 1 || rows_of(rewriter_, scatter.inputs[2]) == found_.turns;
  }

  Rewriter& rewriter_;
  const Node& loop_;
  const Graph& condition_;
  const Graph& body_;
  std::size_t carried_;
  std::vector<bool> counts_;  // of the carried values: whether it counts the turns
  CountedLoop found_;
};

}  // namespace

std::optional<CountedLoop> counted_loop(Rewriter& rewriter, const Node& node, std::string_view& reason) {
  Analysis analysis(rewriter, node);
  reason = analysis.run();
  if (!reason.empty()) return std::nullopt;
  return analysis.take();
}

}  // namespace temper
