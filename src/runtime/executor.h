#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "plan/backend.h"

namespace temper {

class Program;

struct ExecutorOptions {
  /// Counts and times every node.
  bool profile = false;
};

/// What one node did in all runs so far.
struct NodeProfile {
  const Node* node = nullptr;
  /// The kernel that ran last; "reference" for the operator's own definition.
  std::string kernel;
  /// Why each backend that was asked last refused: "cpu: float64 is not handled".
  std::vector<std::string> refusals;
  std::int64_t count = 0;
  /// Without what its regions' nodes took.
  std::int64_t elapsed_ns = 0;
};

/// Runs a graph as a flat list of instructions. Kernels are prepared when shapes are first seen, by the first backend that
/// accepts, else the operator's definition runs; those of recent shapes are kept. A value is dropped after its last use,
/// and given away then, so that what a kernel alone holds it may change in place.
class Executor {
 public:
  /// `backends` are asked in order; they must outlive the executor.
  Executor(Graph graph, std::vector<const Backend*> backends, ExecutorOptions options = {});
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  const Graph& graph() const { return graph_; }

  /// `inputs` are in the order of graph().inputs(), results in that of graph().outputs(). Throws ModelError, naming the node.
  Tensors run(Inputs inputs);

  /// Every node that runs, regions' included, in order.
  std::vector<NodeProfile> profile() const;

 private:
  Graph graph_;
  std::vector<const Backend*> backends_;
  std::unique_ptr<Program> program_;
};

}  // namespace temper
