#include <cmath>
#include <limits>
#include <map>

#include "ops/control/if.h"
#include "ops/control/loop.h"
#include "ops/control/map.h"
#include "passes/copy_nodes.h"
#include "passes/pattern.h"

namespace temper {
namespace {

/// How the values around a node with regions line up with those inside.
struct Layout {
  std::size_t first = 0;    ///< the node's first input that regions take
  std::size_t carried = 0;  ///< region inputs that are also outputs of a loop's body
  std::size_t scanned = 0;  ///< region inputs that are rows
};

std::optional<Layout> layout_of(const Node& node) {
  if (const auto* loop = node.op.as<Loop>()) return Layout{0, static_cast<std::size_t>(loop->carried), 0};
  if (const auto* map = node.op.as<Map>()) return Layout{0, 0, static_cast<std::size_t>(map->scanned)};
  return node.op.as<If>() != nullptr ? std::optional(Layout{1, 0, 0}) : std::nullopt;
}

/// Marks what `value` depends on.
void mark(const Graph& region, ValueId value, std::vector<bool>& live) {
  ValueIds open{value};
  while (!open.empty()) {
    const ValueId top = open.back();
    open.pop_back();
    if (live[index(top)]) continue;
    live[index(top)] = true;
    if (const Node* node = region.producer(top)) open.insert(open.end(), node->inputs.begin(), node->inputs.end());
  }
}

bool says_more(const Fact& outside, const Fact& inside) {
  if (!outside.shape.rank_known()) return false;
  if (!inside.shape.rank_known()) return true;
  if (inside.shape.rank() != outside.shape.rank()) return false;
  for (std::size_t i = 0; i < inside.shape.rank(); ++i) {
    if (outside.shape[i].known() && !inside.shape[i].known()) return true;
  }
  return false;
}

/// Finds what a node's regions need, and writes the node anew with that alone.
class Pruner {
 public:
  Pruner(Rewriter& rewriter, const Node& node, const Layout& layout)
      : rewriter_(rewriter), node_(node), layout_(layout), count_(node.inputs.size() - layout.first), same_as_(count_) {
    for (const Graph& region : node.regions) live_.emplace_back(region.value_count());
    find_live();
    decide();
  }

  bool changes() const { return changes_; }

  Patch write() {
    std::vector<Graph> regions;
    for (std::size_t r = 0; r < node_.regions.size(); ++r) regions.push_back(write_region(r));
    ValueIds inputs(node_.inputs.begin(), node_.inputs.begin() + static_cast<std::ptrdiff_t>(layout_.first));
    std::int64_t carried = 0;
    std::int64_t scanned = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      if (!kept(i)) continue;
      inputs.push_back(outside(i));
      carried += i < layout_.carried ? 1 : 0;
      scanned += i < layout_.scanned ? 1 : 0;
    }
    Op op = node_.op;
    if (layout_.carried > 0) op = Loop{carried};
    if (layout_.scanned > 0) op = Map{scanned};
    const ValueIds outputs = rewriter_.add_all(std::move(op), std::move(inputs), std::move(regions));
    Patch patch;
    std::size_t next = 0;
    for (std::size_t i = 0; i < node_.outputs.size(); ++i) {
      if (gives(i)) patch.replacements.emplace_back(node_.outputs[i], outputs[next++]);
    }
    return patch;
  }

 private:
  ValueId outside(std::size_t i) const { return node_.inputs[layout_.first + i]; }
  bool is_live(std::size_t region, std::size_t i) const {
    return live_[region][index(node_.regions[region].inputs()[i].value)];
  }
  bool used_within(std::size_t i) const {
    for (std::size_t r = 0; r < node_.regions.size(); ++r) {
      if (is_live(r, i)) return true;
    }
    return false;
  }
  /// Whether an output is given: of a loop, also one that only later turns use.
  bool gives(std::size_t i) const { return layout_.carried > 0 ? kept(i) : rewriter_.use_count(node_.outputs[i]) > 0; }
  bool kept(std::size_t i) const { return kept_[i]; }

  void find_live() {
    const bool loop = layout_.carried > 0;
    for (std::size_t r = 0; r < node_.regions.size(); ++r) {
      const Graph& region = node_.regions[r];
      if (loop && r == 0) mark(region, region.outputs()[0].value, live_[r]);
      for (std::size_t i = 0; i < node_.outputs.size() && !(loop && r == 0); ++i) {
        if (rewriter_.use_count(node_.outputs[i]) > 0) mark(region, region.outputs()[i].value, live_[r]);
      }
    }
    for (bool more = loop; more;) {  // what a variable that is needed depends on is needed
      more = false;
      for (std::size_t i = 0; i < layout_.carried; ++i) {
        const ValueId next = node_.regions[1].outputs()[i].value;
        if (!used_within(i) || live_[1][index(next)]) continue;
        mark(node_.regions[1], next, live_[1]);
        more = true;
      }
    }
  }

  void decide() {
    const std::size_t own = std::max(layout_.carried, layout_.scanned);
    std::map<ValueId, std::size_t> seen;
    kept_.resize(count_, true);
    std::size_t rows = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      same_as_[i] = i;
      const bool given = i < layout_.carried && rewriter_.use_count(node_.outputs[i]) > 0;
      kept_[i] = (given || used_within(i)) && !constant_inside(i);
      if (i < layout_.scanned) {
        kept_[i] = kept_[i] || (rows == 0 && i + 1 == layout_.scanned);  // one says how many turns there are
        rows += kept_[i] ? 1 : 0;
      }
      if (kept_[i] && i >= own) {
        const auto [first, fresh] = seen.try_emplace(outside(i), i);
        same_as_[i] = first->second;
        if (!fresh) kept_[i] = false;
      }
      changes_ |= !kept_[i] || (i >= layout_.carried && knows_more(i));
    }
    for (std::size_t i = 0; i < node_.outputs.size(); ++i) changes_ |= !gives(i);
  }

  /// What region input i always is, where that is known. A row of a vector whose elements are all one integer is that.
  std::optional<Tensor> constant_inside(std::size_t i) const {
    if (i < layout_.carried) return std::nullopt;
    const Fact& fact = rewriter_.fact(outside(i));
    if (i >= layout_.scanned) return fact.constant;
    if (!fact.shape.rank_known() || fact.shape.rank() != 1 || fact.dtype != DType::kInt32) return std::nullopt;
    const auto number = as_filled(rewriter_, outside(i));
    if (!number || std::abs(*number) > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
    return Tensor::scalar(static_cast<std::int32_t>(*number));
  }

  Fact fact_of(std::size_t i) const {
    const Fact& fact = rewriter_.fact(outside(i));
    if (i < layout_.scanned) return row_fact(fact);
    return {fact.dtype, fact.shape, {}};
  }
  bool knows_more(std::size_t i) const {
    return std::ranges::any_of(node_.regions, [&](const Graph& region) {
      return says_more(fact_of(i), region.fact(region.inputs()[i].value));
    });
  }

  Graph write_region(std::size_t r) const {
    const Graph& from = node_.regions[r];
    Graph to;
    NodeCopier copier(from, to);
    ValueIds inside(count_, ValueId::kNone);
    for (std::size_t i = 0; i < count_; ++i) {
      const Port& port = from.inputs()[i];
      const bool refine = i >= layout_.carried && says_more(fact_of(i), from.fact(port.value));
      if (kept(i)) inside[i] = to.add_input(port.name, refine ? fact_of(i) : from.fact(port.value));
    }
    for (std::size_t i = 0; i < count_; ++i) {
      ValueId value = inside[same_as_[i]];
      const auto constant = is_live(r, i) ? constant_inside(i) : std::nullopt;
      if (constant) value = to.add_constant(*constant, "captured");
      if (value != ValueId::kNone) copier.rename(from.inputs()[i].value, value);
    }
    const bool condition = layout_.carried > 0 && r == 0;
    for (std::size_t i = 0; i < from.outputs().size(); ++i) {
      if (condition || gives(i)) to.add_output(from.outputs()[i].name, copier.copy(from.outputs()[i].value));
    }
    return to;
  }

  Rewriter& rewriter_;
  const Node& node_;
  Layout layout_;
  std::size_t count_;                    // of the regions' inputs
  std::vector<std::vector<bool>> live_;  // of each region's values
  std::vector<std::size_t> same_as_;     // the first region input of the same value
  std::vector<bool> kept_;
  bool changes_ = false;
};

}  // namespace

/// Takes away what regions do not need: inputs and results that nothing uses, inputs given twice. Constants go inside,
/// and so does what is known of shapes.
///     if(p, x, y) { relu(x), neg(x) } { x, x }   =>   if(p, x) { relu(x) } { x }, where nothing uses the second result
struct RemoveDeadCaptures {
  static constexpr std::string_view kName = "remove_dead_captures";
  static constexpr Stage kStage = Stage::kSimplify;

  Rewrite apply(Rewriter& rewriter, const Node& node) const {
    const auto layout = layout_of(node);
    if (!layout) return skip();
    if (node.op.as<Loop>() != nullptr && layout->carried == 0) return skip("the loop carries nothing");
    Pruner pruner(rewriter, node, *layout);
    if (!pruner.changes()) return skip();
    return pruner.write();
  }
};
REGISTER_PASS(RemoveDeadCaptures);

}  // namespace temper
