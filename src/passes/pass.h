#pragma once
#include <array>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ir/graph.h"

/// Enters a pass into pass_table(), which is generated from these lines: one a line, in a .cc under src/passes.
#define REGISTER_PASS(Pass)                       \
  void register_pass_##Pass(PassTable& table);    \
  void register_pass_##Pass(PassTable& table) { table.add<Pass>(); }

namespace temper {

using ValueIds = std::vector<ValueId>;

/// Passes of a stage repeat together until none changes anything; their order within it does not matter. Raising recognises what a
/// group of nodes means while they are still as the source wrote them; layout moves what turns dims out of the way of fusing.
enum class Stage : std::uint8_t { kSimplify, kRaise, kLayout, kFuse };
inline constexpr std::array kStages{Stage::kSimplify, Stage::kRaise, Stage::kLayout, Stage::kFuse};

/// What a pass makes of a node: values that others take the place of.
struct Patch {
  std::vector<std::pair<ValueId, ValueId>> replacements;
};

/// Why a pass leaves a node as it is; no reason where the node is not of the kind that the pass is about.
struct Skip {
  std::string_view reason;
};
inline Skip skip(std::string_view reason = {}) { return {reason}; }

using Rewrite = std::variant<Skip, Patch>;

/// How a pass sees the graph and builds what takes a node's place. New nodes bear the name of the node that is looked at,
/// and are without effect unless a Patch brings them in.
class Rewriter {
 public:
  Rewriter(Graph& graph, const std::vector<std::size_t>& use_counts) : graph_(graph), use_counts_(use_counts) {}

  const Graph& graph() const { return graph_; }
  const Fact& fact(ValueId id) const { return graph_.fact(id); }
  /// The elements of a value, null where they are not known.
  const Tensor* constant(ValueId id) const {
    const auto& known = graph_.fact(id).constant;
    return known ? &*known : nullptr;
  }
  /// Null for an input of the graph.
  const Node* producer(ValueId id) const { return graph_.producer(id); }
  /// The producer's operator if it is a T, else null.
  template <class T>
  const T* producer_as(ValueId id) const {
    const Node* node = producer(id);
    return node == nullptr ? nullptr : node->op.as<T>();
  }
  /// How many times nodes or the graph's outputs use a value.
  std::size_t use_count(ValueId id) const { return index(id) < use_counts_.size() ? use_counts_[index(id)] : 0; }

  ValueId add_constant(Tensor tensor);
  ValueIds add_all(Op op, ValueIds inputs, std::vector<Graph> regions = {});
  /// add_all of an operator of one output.
  ValueId add(Op op, ValueIds inputs);
  ValueId add(std::string_view op, ValueIds inputs, const Attributes& attributes = {});
  /// Copies a region's nodes into this graph, on these values as its inputs, and gives its outputs.
  ValueIds add_inlined(const Graph& region, const ValueIds& inputs);

  /// The patch that puts `values` in the place of the outputs of `node`.
  static Patch replace(const Node& node, const ValueIds& values);
  static Patch replace(const Node& node, ValueId value) { return replace(node, ValueIds{value}); }

  /// Said of new nodes.
  void begin(std::string_view name, std::string_view pass) { name_ = name, pass_ = pass; }

 private:
  Graph& graph_;
  const std::vector<std::size_t>& use_counts_;
  std::string_view name_;
  std::string_view pass_;
};

/// Every pass. A pass is a struct with
///     static constexpr std::string_view kName;   // starts with a verb
///     static constexpr Stage kStage;
///     Rewrite apply(Rewriter&, const Node&);     // called on each node, producers first
/// A new one is made for each sweep over a graph, and within one where large constants are freed, so members may hold what was
/// seen; what one forgets there, the next sweep finds.
class PassTable {
 public:
  using Apply = std::function<Rewrite(Rewriter&, const Node&)>;
  struct Entry {
    std::string_view name;
    Stage stage;
    std::function<Apply()> begin_sweep;
  };

  template <class T>
  void add() {
    entries_.push_back({T::kName, T::kStage, [] {
                          return [pass = T{}](Rewriter& rewriter, const Node& node) mutable {
                            return pass.apply(rewriter, node);
                          };
                        }});
  }
  std::span<const Entry> entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

/// Generated from the REGISTER_PASS lines under src/passes.
const PassTable& pass_table();

}  // namespace temper
