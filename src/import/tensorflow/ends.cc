#include "import/tensorflow/ends.h"

#include <bit>
#include <functional>

#include "import/tensorflow/variables.h"

namespace temper::tensorflow {
namespace {

/// Operators that give nothing an inference wants, though nothing uses them.
bool ends_nothing(std::string_view op) {
  static const std::set<std::string_view> ops = {"NoOp", "Assert", "Const", "Placeholder", "PlaceholderV2",
                                                 "PlaceholderWithDefault", "SaveV2", "RestoreV2", "Save", "MergeSummary",
                                                 "ScalarSummary", "HistogramSummary", "ImageSummary", "TensorSummary",
                                                 "TensorSummaryV2", "VarHandleOp", "VariableV2", "Assign", "PrintV2"};
  return ops.contains(op);
}

/// Operators of training besides, which change variables, queues and files.
bool trains(std::string_view op) {
  return op.starts_with("Apply") || op.starts_with("ResourceApply") || op.starts_with("SparseApply") || op.starts_with("Assign") || op.starts_with("Scatter") ||
         op.starts_with("Queue") || op.find("Summary") != std::string_view::npos || op.find("Variable") != std::string_view::npos || op.find("VarIs") == 0;
}

std::vector<bool> used_nodes(const SourceGraph& source) {
  std::vector<bool> used(static_cast<std::size_t>(source.size()));
  for (int id = 0; id < source.size(); ++id) {
    for (const SourceEdge& input : source.node(id).inputs) {
      if (input.node >= 0) used[static_cast<std::size_t>(input.node)] = true;
    }
  }
  return used;
}

/// The nodes that one of `from` reaches through data, and not through one of `barred`.
std::vector<bool> reached(const SourceGraph& source, std::vector<int> from, const std::vector<bool>& barred = {}) {
  std::vector<std::vector<int>> users(static_cast<std::size_t>(source.size()));
  for (int id = 0; id < source.size(); ++id) {
    for (const SourceEdge& input : source.node(id).inputs) {
      if (input.node >= 0) users[static_cast<std::size_t>(input.node)].push_back(id);
    }
  }
  std::vector<bool> flags(static_cast<std::size_t>(source.size()));
  while (!from.empty()) {
    const int id = from.back();
    from.pop_back();
    if (flags[static_cast<std::size_t>(id)] || (!barred.empty() && barred[static_cast<std::size_t>(id)])) continue;
    flags[static_cast<std::size_t>(id)] = true;
    for (const int user : users[static_cast<std::size_t>(id)]) from.push_back(user);
  }
  return flags;
}

/// The nodes inside loops of TensorFlow 1, whose values nobody can be given.
std::vector<bool> inside_loops(const SourceGraph& source) {
  std::vector<int> from;
  std::vector<bool> leaves(static_cast<std::size_t>(source.size()));
  for (int id = 0; id < source.size(); ++id) {
    if (is_enter(source.node(id).op)) from.push_back(id);
    leaves[static_cast<std::size_t>(id)] = is_exit(source.node(id).op);
  }
  return reached(source, std::move(from), leaves);
}

std::vector<End> sinks(const SourceGraph& source, const FunctionLibrary& library, const std::function<bool(int)>& counts) {
  const std::vector<bool> used = used_nodes(source);
  std::vector<End> ends;
  std::vector<End> foreign;
  for (int id = 0; id < source.size(); ++id) {
    const SourceNode& node = source.node(id);
    if (used[static_cast<std::size_t>(id)] || ends_nothing(node.op) || source.is_pivot(node) || !counts(id)) continue;
    (importable(node, library) ? ends : foreign).push_back({node.name, {id, 0}});
  }
  if (ends.empty()) ends = std::move(foreign);
  return ends;
}

}  // namespace

bool importable(const SourceNode& node, const FunctionLibrary& library) {
  return is_structural(node.op) || library.contains(node.op) || rule_table().find_tensorflow(node.op) != nullptr;
}

bool gives_input(std::string_view op) {
  return op == "Placeholder" || op == "PlaceholderV2" || op == "PlaceholderWithDefault" || op.starts_with("QueueDequeue") || op.starts_with("IteratorGetNext") ||
         op.starts_with("ReaderRead");
}

std::vector<End> named_ends(const SourceGraph& source, const std::vector<std::string>& names) {
  std::vector<End> ends;
  for (const std::string& name : names) {
    ends.push_back({name.ends_with(":0") ? name.substr(0, name.size() - 2) : name, source.edge(name)});
  }
  return ends;
}

std::vector<End> find_ends(const SourceGraph& source, const FunctionLibrary& library) {
  std::vector<End> ends = sinks(source, library, [](int) { return true; });
  require(!ends.empty(), "has no outputs: every node is used by another, or gives nothing; name some with --outputs");
  return ends;
}

namespace {

/// Bits of what each node depends on.
struct Dependence {
  std::uint64_t inputs = 0;
  bool variable = false;
};

/// Of every node, shapes left out: they hold nothing of what was given.
class Dependences {
 public:
  explicit Dependences(const SourceGraph& source) : source_(source), all_(static_cast<std::size_t>(source.size())) {
    static const std::set<std::string_view> shapes = {"Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike"};
    std::vector<std::vector<int>> users(all_.size());
    std::vector<int> changed;
    for (int id = 0; id < source.size(); ++id) {
      const SourceNode& node = source.node(id);
      of(id).variable = is_variable(node.op);
      changed.push_back(id);
      if (shapes.contains(node.op)) continue;
      for (const SourceEdge& input : node.inputs) {
        if (input.node < 0) continue;
        users[static_cast<std::size_t>(input.node)].push_back(id);
        of(id).inputs |= input_bit(input);
      }
    }
    while (!changed.empty()) {
      const int id = changed.back();
      changed.pop_back();
      for (const int user : users[static_cast<std::size_t>(id)]) {
        const Dependence sum{of(user).inputs | of(id).inputs, of(user).variable || of(id).variable};
        if (sum.inputs == of(user).inputs && sum.variable == of(user).variable) continue;
        of(user) = sum;
        changed.push_back(user);
      }
    }
  }

  Dependence of(SourceEdge edge) {
    if (edge.node < 0) return {};
    Dependence dependence = of(edge.node);
    dependence.inputs |= input_bit(edge);
    return dependence;
  }
  Dependence& of(int id) { return all_[static_cast<std::size_t>(id)]; }

 private:
  /// The bit of what is given from outside: each output of a queue counts for itself. Those beyond 64 share the last.
  std::uint64_t input_bit(SourceEdge edge) {
    if (!gives_input(source_.node(edge.node).op)) return 0;
    return std::uint64_t{1} << std::min<std::size_t>(bits_.emplace(edge, bits_.size()).first->second, 63);
  }

  const SourceGraph& source_;
  std::vector<Dependence> all_;
  std::map<SourceEdge, std::size_t> bits_;
};

/// Of a graph for training: the ends of what is computed with weights from the inputs that weights are first applied to, and so without labels.
std::string suggested_outputs(const SourceGraph& source) {
  static const std::set<std::string_view> weighted = {"Conv2D", "MatMul", "DepthwiseConv2dNative", "Conv3D"};
  constexpr std::size_t kShown = 8;
  Dependences depends(source);
  std::uint64_t fewest = 0;
  for (int id = 0; id < source.size(); ++id) {
    const SourceNode& node = source.node(id);
    if (!weighted.contains(node.op) || node.inputs.size() < 2 || !depends.of(node.inputs[1]).variable || depends.of(node.inputs[1]).inputs != 0) continue;
    const std::uint64_t inputs = depends.of(node.inputs[0]).inputs;
    if (inputs != 0 && (fewest == 0 || std::popcount(inputs) < std::popcount(fewest))) fewest = inputs;
  }
  const auto forward = [&](int id) { return depends.of(id).inputs == fewest && depends.of(id).variable && !trains(source.node(id).op); };
  std::vector<bool> goes_on(static_cast<std::size_t>(source.size()));
  for (int id = 0; id < source.size(); ++id) {
    for (const SourceEdge& input : source.node(id).inputs) {
      if (input.node >= 0 && forward(id)) goes_on[static_cast<std::size_t>(input.node)] = true;
    }
  }
  std::string text;
  std::size_t count = 0;
  for (int id = 0; id < source.size() && fewest != 0; ++id) {
    if (forward(id) && !goes_on[static_cast<std::size_t>(id)] && count++ < kShown) text += fmt::format("{}'{}'", count == 1 ? "; perhaps among " : ", ", source.node(id).name);
  }
  return text;
}

}  // namespace

std::vector<End> find_ends_reached(const SourceGraph& source, const FunctionLibrary& library, const std::vector<int>& excluded) {
  std::vector<int> inputs;
  for (int id = 0; id < source.size(); ++id) {
    const std::string& op = source.node(id).op;
    const bool updates = op.starts_with("Apply") || op.starts_with("ResourceApply") || op.starts_with("SparseApply") || op.starts_with("ResourceSparseApply");
    require(!updates, "is a graph for training, in which outputs cannot be told from losses and gradients; name some with --outputs{}", updates ? suggested_outputs(source) : "");
    if (gives_input(source.node(id).op) && std::ranges::find(excluded, id) == excluded.end()) inputs.push_back(id);
  }
  const std::vector<bool> wanted = reached(source, inputs), unwanted = reached(source, excluded);
  const std::vector<bool> looping = inside_loops(source);
  std::vector<End> ends = sinks(source, library, [&](int id) {
    const auto i = static_cast<std::size_t>(id);
    return wanted[i] && !unwanted[i] && !looping[i] && !trains(source.node(id).op);
  });
  const auto marked = [&](const End& end) { return is_identity(source.node(end.edge.node).op); };
  if (std::ranges::any_of(ends, marked)) std::erase_if(ends, [&](const End& end) { return !marked(end); });
  require(!ends.empty(), "has no outputs that can be told from what trains, saves and restores it; name some with --outputs");
  return ends;
}

}  // namespace temper::tensorflow
