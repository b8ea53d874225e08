#include "passes/driver.h"

#include <chrono>
#include <random>

#include "ir/constant.h"
#include "passes/pass.h"

namespace temper {
namespace {

/// Far more than any model needs; a pass that undoes what another does is stopped here.
constexpr int kMostSweeps = 32;
/// What a node that replaces thousands remembers of them.
constexpr std::size_t kMostSources = 64;
/// Constants that nothing uses any more are kept until they are so large together.
constexpr std::size_t kDroppedBytes = std::size_t{4} << 20;

/// Counts uses and knows users, so that a patch costs what it changes and not the size of the graph.
class Uses {
 public:
  explicit Uses(Graph& graph) : graph_(graph) {
    grow();
    for (const NodeId id : graph.order()) add(id);
    for (const Port& output : graph.outputs()) ++counts_[index(output.value)];
  }

  const std::vector<std::size_t>& counts() const { return counts_; }
  bool any(const Node& node) const {
    return std::ranges::any_of(node.outputs, [&](ValueId id) { return counts_[index(id)] > 0; });
  }

  /// Enters what uses `from` as using `to`. Nodes that lose their last use no longer use anything themselves; the names of
  /// those pass to the new node that makes `to`.
  void replace(ValueId from, ValueId to) {
    if (from == to) return;
    grow();
    const NodeId heir = graph_.value(to).producer;
    heir_ = heir == NodeId::kNone || added_[index(heir)] ? nullptr : &graph_.node(heir);
    bring_in(to);
    for (const NodeId user : std::exchange(users_[index(from)], {})) {
      for (ValueId& input : graph_.node(user).inputs) {
        if (input == from) move_use(input, to, user);
      }
    }
    for (Port& output : graph_.outputs()) {
      if (output.value != from) continue;
      output.value = to;
      ++counts_[index(to)];
    }
    counts_[index(from)] = 0;
    drop(from);
  }

  /// Of the constants that have lost their last use.
  std::size_t dropped_bytes() const { return dropped_bytes_; }

  /// Frees them. Nothing may know them any more but nodes without use.
  void free_dropped() {
    for (const NodeId id : std::exchange(dropped_, {})) {
      Node& node = graph_.node(id);
      if (added_[index(id)]) continue;
      for (const ValueId output : node.outputs) graph_.fact(output).constant.reset();
      if (node.op.as<Constant>() != nullptr) node.op = Constant{};
    }
    dropped_bytes_ = 0;
  }

 private:
  void grow() {
    counts_.resize(graph_.value_count());
    users_.resize(graph_.value_count());
    added_.resize(graph_.node_count());
  }

  void add(NodeId id) {
    added_[index(id)] = true;
    for (const ValueId input : graph_.node(id).inputs) {
      ++counts_[index(input)];
      users_[index(input)].push_back(id);
    }
  }

  /// Enters the uses of a new node, and of the new nodes it depends on.
  void bring_in(ValueId id) {
    std::vector<ValueId> open{id};
    while (!open.empty()) {
      const NodeId producer = graph_.value(open.back()).producer;
      open.pop_back();
      if (producer == NodeId::kNone || added_[index(producer)]) continue;
      add(producer);
      open.insert(open.end(), graph_.node(producer).inputs.begin(), graph_.node(producer).inputs.end());
    }
  }

  void move_use(ValueId& input, ValueId to, NodeId user) {
    input = to;
    ++counts_[index(to)];
    users_[index(to)].push_back(user);
  }

  void drop(ValueId id) {
    std::vector<ValueId> open{id};
    while (!open.empty()) {
      const NodeId producer = graph_.value(open.back()).producer;
      open.pop_back();
      if (producer == NodeId::kNone || !added_[index(producer)] || any(graph_.node(producer))) continue;
      added_[index(producer)] = false;
      dropped_.push_back(producer);
      if (const auto* constant = graph_.node(producer).op.as<Constant>()) dropped_bytes_ += constant->value.size_bytes();
      bequeath(graph_.node(producer));
      for (const ValueId input : graph_.node(producer).inputs) {
        auto& users = users_[index(input)];
        const auto found = std::ranges::find(users, producer);
        if (found != users.end()) users.erase(found);
        if (--counts_[index(input)] == 0) open.push_back(input);
      }
    }
  }

  void bequeath(const Node& gone) {
    if (heir_ == nullptr || gone.op.name() == Constant::kName) return;
    const auto take = [&](const std::string& name) {
      if (name.empty() || name == heir_->name || std::ranges::find(heir_->sources, name) != heir_->sources.end()) return;
      if (heir_->sources.size() < kMostSources) heir_->sources.push_back(name);
    };
    take(gone.name);
    for (const std::string& name : gone.sources) take(name);
  }

  Graph& graph_;
  Node* heir_ = nullptr;
  std::vector<std::size_t> counts_;
  std::vector<std::vector<NodeId>> users_;  // a node once for each use
  std::vector<bool> added_;
  std::vector<NodeId> dropped_;
  std::size_t dropped_bytes_ = 0;
};

class Driver {
 public:
  explicit Driver(const PassOptions& options) {
    for (const std::string& name : options.disabled) {
      const bool known = std::ranges::any_of(pass_table().entries(), [&](const auto& pass) { return pass.name == name; });
      require(known, "there is no pass '{}'; passes are {}", name, names());
    }
    for (const PassTable::Entry& pass : pass_table().entries()) {
      if (std::ranges::find(options.disabled, pass.name) != options.disabled.end()) continue;
      passes_.push_back(&pass);
    }
    if (options.shuffle_seed) std::shuffle(passes_.begin(), passes_.end(), std::mt19937_64(*options.shuffle_seed));
    for (const PassTable::Entry* pass : passes_) reports_.push_back({std::string(pass->name), 0, 0, {}});
  }

  std::vector<PassReport> run(Graph& graph) {
    graph = graph.compacted();
    bool changed = true;  // what a stage leaves may be work for an earlier one
    for (int round = 0; changed && round < kMostSweeps; ++round) {
      changed = false;
      for (const Stage stage : kStages) {
        Skips skips(passes_.size());
        changed |= run_stage(graph, stage, skips);
        for (std::size_t i = 0; i < skips.size(); ++i) {
          if (round == 0 && passes_[i]->stage == stage) reports_[i].skips = std::move(skips[i]);
        }
      }
    }
    return std::move(reports_);
  }

 private:
  static std::string names() {
    std::vector<std::string_view> all;
    for (const auto& pass : pass_table().entries()) all.push_back(pass.name);
    return fmt::format("{}", fmt::join(all, ", "));
  }

  /// Of each pass, how often each reason was given.
  using Skips = std::vector<std::map<std::string, std::int64_t>>;

  /// Adds to `skips` the reasons of the last sweep, which finds nothing more to do.
  bool run_stage(Graph& graph, Stage stage, Skips& skips) {
    bool changed_ever = false;
    Skips last;
    for (int sweep_count = 0; sweep_count < kMostSweeps; ++sweep_count) {
      bool changed = false;
      last.assign(passes_.size(), {});
      for (std::size_t i = 0; i < graph.node_count(); ++i) {
        for (Graph& region : graph.node(static_cast<NodeId>(i)).regions) changed |= run_stage(region, stage, last);
      }
      for (std::size_t i = 0; i < passes_.size(); ++i) {
        const bool simplifies = passes_[i]->stage == Stage::kSimplify;  // what later stages leave is simplified again
        if (passes_[i]->stage == stage || simplifies) changed |= sweep(graph, i, last[i]);
      }
      if (!changed) break;
      changed_ever = true;
      graph = graph.compacted();
      as_far_as_sound([&] { graph.infer(); });
    }
    for (std::size_t i = 0; i < last.size(); ++i) {
      for (const auto& [reason, count] : last[i]) skips[i][reason] += count;
    }
    return changed_ever;
  }

  /// A node that never runs may be wrong in a way that only shows now; that is for the run to say.
  template <class Body>
  static void as_far_as_sound(Body&& body) {
    try {
      body();
    } catch (const ModelError&) {
    }
  }

  bool sweep(Graph& graph, std::size_t which, std::map<std::string, std::int64_t>& skips) {
    const auto begin = std::chrono::steady_clock::now();
    PassReport& report = reports_[which];
    Uses uses(graph);
    Rewriter rewriter(graph, uses.counts());
    PassTable::Apply apply = passes_[which]->begin_sweep();
    bool changed = false;
    for (const NodeId id : graph.order()) {
      const Node& node = graph.node(id);
      if (!uses.any(node)) continue;
      rewriter.begin(node.name, passes_[which]->name);
      const Rewrite rewrite = apply_safely(apply, rewriter, node);
      if (const auto* patch = std::get_if<Patch>(&rewrite)) {
        changed |= apply_patch(graph, uses, *patch, passes_[which]->name);
        ++report.patch_count;
        if (uses.dropped_bytes() > kDroppedBytes) {
          apply = passes_[which]->begin_sweep();  // the one before may remember them
          uses.free_dropped();
        }
      } else if (const auto reason = std::get<Skip>(rewrite).reason; !reason.empty()) {
        ++skips[std::string(reason)];
      }
    }
    if (changed) in_context([&] { return fmt::format("pass {}", report.name); }, [&] { as_far_as_sound([&] { verify(graph); }); });
    report.elapsed_ns += (std::chrono::steady_clock::now() - begin).count();
    return changed;
  }

  static Rewrite apply_safely(const PassTable::Apply& apply, Rewriter& rewriter, const Node& node) {
    try {
      return apply(rewriter, node);
    } catch (const ModelError&) {
      return skip("the result would not fit its inputs");
    }
  }

  static bool apply_patch(Graph& graph, Uses& uses, const Patch& patch, std::string_view pass) {
    for (const auto& [from, to] : patch.replacements) {
      invariant(graph.fact(from).dtype == graph.fact(to).dtype, "pass {} puts {} in the place of {}", pass,
                graph.fact(to), graph.fact(from));
      uses.replace(from, to);
    }
    return !patch.replacements.empty();
  }

  std::vector<const PassTable::Entry*> passes_;
  std::vector<PassReport> reports_;
};

}  // namespace

std::vector<PassReport> optimise(Graph& graph, const PassOptions& options) { return Driver(options).run(graph); }

}  // namespace temper
