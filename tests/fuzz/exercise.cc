#include "fuzz/exercise.h"

#include <functional>

#include "backends/cpu/backend.h"
#include "backends/onednn/backend.h"
#include "base/memory.h"
#include "fuzz/mutate.h"
#include "import/import.h"
#include "import/keras/open_model.h"
#include "import/tensorflow/import_graph_def.h"
#include "import/tensorflow/read_graph_def.h"
#include "passes/driver.h"
#include "plan/file/plan_file.h"
#include "runtime/executor.h"
#include "support/plan_files.h"

namespace temper::testing {
namespace {

/// Thrown where running on would take long: loops need not end, and definitions are slow.
struct TooLong {};

constexpr std::int64_t kMostWork = std::int64_t{1} << 26;

/// Runs a graph on the operators' definitions as far as `work` lasts, and holds each answer against what is inferred.
class BoundedRun {
 public:
  Tensors run(const Graph& graph, Inputs inputs) {
    std::vector<std::optional<Tensor>> values(graph.value_count());
    for (std::size_t i = 0; i < inputs.size(); ++i) values[index(graph.inputs()[i].value)] = inputs[i];
    for (const NodeId id : graph.order()) {
      const Node& node = graph.node(id);
      Tensors in;
      for (const ValueId input : node.inputs) in.push_back(*values[index(input)]);
      Tensors out = in_context([&] { return fmt::format("node '{}' ({})", node.name, node.op.name()); },
                               [&] { return run(graph, node, in); });
      for (std::size_t i = 0; i < out.size(); ++i) values[index(node.outputs[i])] = std::move(out[i]);
    }
    Tensors outputs;
    for (const Port& output : graph.outputs()) outputs.push_back(*values[index(output.value)]);
    return outputs;
  }

 private:
  Tensors run(const Graph& graph, const Node& node, Inputs in) {
    Facts facts;
    std::int64_t taken = 1;
    for (const Tensor& tensor : in) {
      facts.push_back(Fact::of(tensor));
      taken += tensor.elements();
    }
    std::int64_t given = 1;
    if (node.regions.empty()) {
      facts = node.op.infer(facts, node.regions);
      for (const Fact& fact : facts) given += fact.shape.elements().known() ? fact.shape.elements().value() / 64 + 1 : 1;
    }
    std::int64_t product = 0;
    const bool huge = __builtin_mul_overflow(taken, given, &product);
    work_ -= huge ? kMostWork : product + 1000;
    if (work_ < 0) throw TooLong();
    Tensors out = node.op.reference(in, [&](std::size_t region, Inputs inputs) { return run(node.regions.at(region), inputs); });
    invariant(out.size() == node.outputs.size(), "gave {} outputs, not {}", out.size(), node.outputs.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      check(graph.fact(node.outputs[i]), out[i], i);
      if (node.regions.empty()) check(facts[i], out[i], i);
    }
    return out;
  }

  static void check(const Fact& fact, const Tensor& tensor, std::size_t i) {
    invariant(admits(fact, tensor), "output {} is {} where {} was inferred", i, describe(tensor), describe(fact));
    invariant(!fact.constant || identical(*fact.constant, tensor), "output {} is not the constant that was inferred", i);
  }

  std::int64_t work_ = kMostWork;
};

/// A shape that the fact allows, small where it leaves a choice.
Shape any_shape(const ShapeFact& fact, Random& random) {
  static constexpr std::int64_t kDims[] = {1, 2, 3, 4, 8, 1, 2, 0};
  Shape shape;
  const std::size_t rank = fact.rank_known() ? fact.rank() : below(random, 5);
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const bool known = fact.rank_known() && fact[axis].known();
    shape.push_back(known ? fact[axis].value() : kDims[below(random, std::size(kDims))]);
  }
  if (shape.elements() > (1 << 16)) throw TooLong();
  return shape;
}

/// Zeros, small numbers, or anything that may stand in memory.
Tensor any_tensor(const Fact& fact, Random& random) {
  Tensor tensor = Tensor::zeros(fact.dtype, any_shape(fact.shape, random));
  const std::size_t style = below(random, 4);
  if (style == 0 || fact.dtype == DType::kString) return tensor;
  if (style == 1 && fact.dtype != DType::kBool) {
    for (std::byte& byte : tensor.mutable_bytes()) byte = static_cast<std::byte>(random());
    return tensor;
  }
  visit_elements(fact.dtype, [&]<class T>(Type<T>) {
    for (T& value : tensor.mutable_data<T>()) {
      if constexpr (std::is_same_v<T, bool>) value = below(random, 2) == 1;
      else value = static_cast<T>(static_cast<Compute<T>>(below(random, 7)));
    }
  });
  return tensor;
}

/// So few that damaged graphs have contents that stay in the file.
constexpr std::size_t kLargeContentBytes = 24;

bool is_keras(const std::string& bytes) { return bytes.starts_with("\x89HDF") || bytes.starts_with("PK\x03\x04"); }

/// A GraphDef, a model of Keras, or a plan, whose graph is `finished`.
Graph read(const std::string& bytes, bool& finished) {
  const TemporaryFile file;
  if (bytes.starts_with("\x89TPL") || is_keras(bytes)) file.write(bytes);
  finished = is_plan_file(file.path());
  if (finished) return load_plan(file.path()).graph;
  if (is_keras(bytes) && keras::recognises(file.path())) return import_model(file.path());
  const auto graph_def = tensorflow::parse_graph_def(bytes, kLargeContentBytes);
  return tensorflow::import_graph_def(graph_def, {});
}

/// Where the definition answers, the executor answers alike, in as much memory.
void execute(Graph graph, const Tensors& inputs, const Facts& wanted) {
  const Executor executor(std::move(graph), {&cpu_backend(), &onednn_backend()});
  Tensors results;
  try {
    results = run_once(executor, inputs);
  } catch (const ModelError& error) {
    throw InternalError(fmt::format("the executor fails where the definition answers: {}", error.what()));
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    invariant(admits(wanted[i], results[i]), "the executor gives {} where the definition gives {}",
              describe(results[i]), describe(wanted[i]));
  }
}

}  // namespace

void exercise(const std::string& bytes, Counts& counts) {
  ++counts.inputs;
  Random random(std::hash<std::string>()(bytes));
  try {
    bool finished = false;
    Graph graph = read(bytes, finished);
    verify(graph);
    ++counts.imported;
    Tensors inputs;
    for (const Port& port : graph.inputs()) inputs.push_back(any_tensor(graph.fact(port.value), random));
    Facts wanted;  // not the elements: the executor is to have the same memory
    for (const Tensor& tensor : BoundedRun().run(graph, inputs)) wanted.push_back({tensor.dtype(), tensor.shape(), {}});
    ++counts.evaluated;
    if (!finished) optimise(graph);
    execute(std::move(graph), inputs, wanted);
    ++counts.executed;
  } catch (const ModelError&) {  // the answer that damaged files are to get
  } catch (const TooLong&) {
  }
}

}  // namespace temper::testing
