#include "plan/tactics.h"

#include <chrono>
#include <random>

#include "base/cpu_features.h"
#include "base/threads.h"
#include "ir/constant.h"
#include "plan/select.h"
#include "plan/specialise.h"

namespace temper {
namespace {

bool sized(const Fact& fact) {
  return fact.dtype != DType::kString && fact.dtype != DType::kList && fact.shape.known().has_value();
}

std::string cpu_key() {
  std::string key = cpu_description().model;
  for (const CpuFeature& feature : cpu_description().features) {
    if (feature.usable) key += fmt::format(" {}", feature.name);
  }
  return key;
}

/// Numbers as activations are: small, of both signs, none denormal. Integers are 0, which is an index of anything.
Tensor sample(const Fact& fact) {
  if (fact.constant) return *fact.constant;
  Tensor tensor = Tensor::zeros(fact.dtype, *fact.shape.known());
  if (fact.dtype == DType::kFloat32) {
    std::minstd_rand random(1);
    for (float& x : tensor.mutable_data<float>()) x = static_cast<float>(static_cast<std::int64_t>(random() % 2001) - 1000) * 1e-3F;
  }
  return tensor;
}

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Runs kernels of one node on invented inputs.
class Stopwatch {
 public:
  Stopwatch(const Node& node, const Facts& in, const Facts& out, Tune tune) : node_(node), tune_(tune) {
    for (const Fact& fact : in) in_.push_back(fact.packed ? Tensor() : sample(fact));
    for (const Fact& fact : out) out_.emplace_back(fact.dtype, *fact.shape.known());
  }

  /// The shortest of some runs, after one that does not count. Null: the operator's definition.
  std::int64_t time_ns(const Kernel* kernel) {
    const std::int64_t first = run(kernel);
    const std::int64_t budget = tune_ == Tune::kFull ? 40'000'000 : 4'000'000;
    const int least = tune_ == Tune::kFull ? 5 : 2;
    std::int64_t best = first, spent = 0;
    for (int i = 0; i < least || (spent < budget && i < 200); ++i) {
      if (i > 0 && spent > 10 * budget) break;
      const std::int64_t one = run(kernel);
      best = std::min(best, one);
      spent += one;
    }
    return std::max<std::int64_t>(best, 1);
  }

 private:
  std::int64_t run(const Kernel* kernel) {
    const std::int64_t begin = now_ns();
    if (kernel == nullptr) {
      const Tensors made = node_.op.reference(in_, {});
    } else {
      if (workspace_.size_bytes() < kernel->workspace_bytes()) workspace_ = Tensor(DType::kUInt8, Shape{static_cast<std::int64_t>(kernel->workspace_bytes())});
      kernel->run(in_, out_, workspace_.mutable_bytes());
    }
    return now_ns() - begin;
  }

  const Node& node_;
  Tune tune_;
  Tensors in_, out_;
  Tensor workspace_;
};

class Chooser {
 public:
  Chooser(Graph& graph, Facts& facts, Backends backends, const TacticOptions& options)
      : graph_(graph), facts_(facts), backends_(backends), options_(options), live_(live_nodes(graph, facts)), tactics_(graph.node_count()), uses_(graph.value_count()) {
    for (const NodeId id : live_) {
      for (const ValueId input : graph.node(id).inputs) ++uses_[index(input)].left;
    }
    for (const Port& output : graph.outputs()) uses_[index(output.value)].keep = true;
  }

  std::vector<Tactic> choose() {
    for (std::size_t i = 0; i < live_.size(); ++i) {
      if (options_.progress) options_.progress(i, live_.size());
      choose(live_[i]);
    }
    if (options_.progress) options_.progress(live_.size(), live_.size());
    return std::move(tactics_);
  }

 private:
  /// Who still has to say how it reads a constant.
  struct Use {
    std::size_t left = 0;
    bool keep = false;  ///< someone reads the original
    std::shared_ptr<const Packed> packed;
  };

  void choose(NodeId id) {
    const Node& node = graph_.node(id);
    Facts in, out;
    for (const ValueId input : node.inputs) in.push_back(facts_[index(input)]);
    for (const ValueId output : node.outputs) out.push_back(facts_[index(output)]);
    std::unique_ptr<Kernel> kernel;
    const bool planned = node.regions.empty() && std::ranges::all_of(in, [](const Fact& f) { return f.packed || sized(f); }) &&
                         std::ranges::all_of(out, sized);
    if (planned && !node.op.view()) {
      kernel = in_context([&] { return fmt::format("node '{}' ({})", node.name, node.op.name()); },
                          [&] { return compete(node, in, out, tactics_[index(id)]); });
    }
    in.clear();
    settle_constants(node, kernel.get());
  }

  std::unique_ptr<Kernel> compete(const Node& node, const Facts& in, const Facts& out, Tactic& tactic) {
    std::vector<std::string> refusals;
    std::vector<Selection> all = all_kernels(node, in, backends_, &refusals, options_.max_workspace_bytes > 0 ? options_.max_workspace_bytes : kAnyWorkspace);
    for (const std::string& refusal : refusals) {
      const std::size_t colon = refusal.find(": ");
      tactic.others.push_back({refusal.substr(0, colon), 0, refusal.substr(colon + 2)});
    }
    if (all.empty()) return nullptr;
    std::size_t best = 0;
    if (options_.tune != Tune::kOff && (all.size() > 1 || options_.tune == Tune::kFull)) best = fastest(node, in, out, all, tactic);
    else tactic.kernel = all[0].maker;
    for (std::size_t i = 0; options_.tune == Tune::kOff && i < all.size(); ++i) {
      if (i != best) tactic.others.push_back({std::string(all[i].maker), 0, {}});
    }
    return best < all.size() ? std::move(all[best].kernel) : nullptr;
  }

  /// Whether it costs little to time an operator's definition, which is slow on much.
  static bool definition_is_quick(const Facts& in, const Facts& out) {
    constexpr std::int64_t kElements = std::int64_t{1} << 14;
    std::int64_t elements = 0;
    for (const Fact& fact : in) {
      if (fact.packed) return false;
      elements += fact.shape.known()->elements();
    }
    for (const Fact& fact : out) elements += fact.shape.known()->elements();
    return elements <= kElements;
  }

  /// all.size() where the definition is the fastest.
  std::size_t fastest(const Node& node, const Facts& in, const Facts& out, const std::vector<Selection>& all, Tactic& tactic) {
    std::optional<Stopwatch> watch;
    std::size_t best = 0;
    std::vector<std::int64_t> times;
    const auto time = [&](std::string_view maker, const Kernel* kernel) {
      const std::string key = timing_key(cpu_key(), kernel == nullptr ? maker : kernel->name(), node, in, thread_count());
      if (options_.cache != nullptr) {
        if (const auto known = options_.cache->find(key)) return *known;
      }
      if (!watch) watch.emplace(node, in, out, options_.tune);
      const std::int64_t ns = watch->time_ns(kernel);
      if (options_.cache != nullptr) options_.cache->record(key, ns);
      return ns;
    };
    for (const Selection& one : all) {
      times.push_back(time(one.maker, one.kernel.get()));
      if (times.back() < times[best]) best = times.size() - 1;
    }
    if (definition_is_quick(in, out)) {
      times.push_back(time("reference", nullptr));
      if (times.back() < times[best]) best = times.size() - 1;
    }
    const auto maker = [&](std::size_t i) { return std::string(i < all.size() ? all[i].maker : "reference"); };
    tactic.kernel = maker(best);
    tactic.time_ns = times[best];
    for (std::size_t i = 0; i < times.size(); ++i) {
      if (i != best) tactic.others.push_back({maker(i), times[i], {}});
    }
    return best;
  }

  void settle_constants(const Node& node, const Kernel* kernel) {
    std::vector<std::shared_ptr<const Packed>> packed(node.inputs.size());
    if (kernel != nullptr) {
      for (PackedInput& one : kernel->packed()) packed.at(one.input) = std::move(one.packed);
    }
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const ValueId id = node.inputs[i];
      if (!facts_[index(id)].constant && !facts_[index(id)].packed) continue;
      Use& use = uses_[index(id)];
      if (packed[i] == nullptr || (use.packed && use.packed->layout != packed[i]->layout)) use.keep = true;
      else if (!use.packed) use.packed = std::move(packed[i]);
      if (--use.left > 0 && !use.keep) continue;
      if (use.left == 0 && !use.keep) replace(id, *use.packed);
      if (use.keep) use.packed.reset();
    }
  }

  void replace(ValueId id, const Packed& packed) {
    const NodeId producer = graph_.value(id).producer;
    if (producer == NodeId::kNone || graph_.node(producer).op.as<Constant>() == nullptr) return;
    const Fact& fact = facts_[index(id)];
    const Shape shape = *fact.shape.known();
    graph_.node(producer).op = PackedConstant{fact.dtype, {shape.begin(), shape.end()}, packed.layout, packed.bytes};
    graph_.fact(id) = graph_.node(producer).op.infer({}, {}).at(0);
    facts_[index(id)] = graph_.fact(id);
  }

  Graph& graph_;
  Facts& facts_;
  Backends backends_;
  const TacticOptions& options_;
  std::vector<NodeId> live_;
  std::vector<Tactic> tactics_;
  std::vector<Use> uses_;
};

}  // namespace

std::vector<Tactic> choose_tactics(Graph& graph, Facts& facts, Backends backends, const TacticOptions& options) {
  return Chooser(graph, facts, backends, options).choose();
}

}  // namespace temper
