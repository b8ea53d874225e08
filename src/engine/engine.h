#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "import/import.h"
#include "ir/graph.h"
#include "runtime/executor.h"

namespace temper {

struct EngineOptions {
  /// "cpu" (kernels chosen for this machine) or "reference" (every operator's definition, slow).
  std::string backend = "cpu";
  /// Tensors to give, by their source names; empty: the model's own outputs.
  std::vector<std::string> outputs = {};
  /// Tensors to give from outside, whatever the model computes them from.
  std::vector<ImportInput> inputs = {};
  /// 0: one per core.
  int threads = 0;
  /// Passes not to run, by name.
  std::vector<std::string> disabled_passes = {};
  /// Counts and times every node, for profile().
  bool profile = false;
};

/// A named tensor.
struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// A model ready to run: read, optimised, with kernels chosen. Not to be shared between threads.
class Engine {
 public:
  /// Throws ModelError as import_model does, and on an unknown backend.
  static Engine load(const std::filesystem::path& path, const EngineOptions& options = {});
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  /// The optimised graph; its inputs and outputs carry the source's names and what is known of their dtypes and shapes.
  const Graph& graph() const;

  /// Runs on one tensor per input of the graph, in any order and of any shape that its fact admits. A tensor of another dtype is
  /// converted where that loses nothing. Gives the outputs in the graph's order. Throws ModelError where an input is missing, unknown, given
  /// twice or does not fit; the message names it and what is needed.
  std::vector<NamedTensor> run(const std::vector<NamedTensor>& inputs);

  /// What every node did in all runs so far: its kernel, and count and time where EngineOptions::profile is set.
  std::vector<NodeProfile> profile() const;

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace temper
