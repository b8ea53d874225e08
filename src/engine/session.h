#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "import/import.h"
#include "ir/graph.h"
#include "plan/plan.h"
#include "runtime/executor.h"
#include "runtime/footprint.h"

namespace temper {

struct SessionOptions {
  /// "cpu" (kernels chosen for this machine) or "reference" (every operator's definition, slow).
  std::string backend = "cpu";
  /// Of a model, not of a plan: tensors to give, by their source names; empty: the model's own outputs.
  std::vector<std::string> outputs = {};
  /// Of a model, not of a plan: tensors to give from outside, whatever the model computes them from.
  std::vector<ImportInput> inputs = {};
  /// Of a model, not of a plan: which graph and signature of a SavedModel.
  ModelChoice choice = {};
  /// 0: as many as the plan was made for; one per core of a model.
  int threads = 0;
  /// Of a model: passes not to run, by name.
  std::vector<std::string> disabled_passes = {};
  /// Most memory of the whole process; 0: as the plan says, or what the machine has.
  std::size_t memory_limit_bytes = 0;
  /// Counts and times every node, for profile().
  bool profile = false;
};

/// A named tensor.
struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// A model or plan ready to run. One thread at a time uses run(); for more, each has a ExecutionContext over executor().
class Session {
 public:
  /// Reads a plan, or makes one of a model without timing kernels. Throws ModelError as load_plan and compile do, and on an unknown backend.
  static Session load(const std::filesystem::path& path, const SessionOptions& options = {});
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  /// The optimised graph; its inputs and outputs carry the source's names and what is known of their dtypes and shapes.
  const Graph& graph() const;
  /// The plan, without its graph.
  const Plan& plan() const;
  const Executor& executor() const;
  int threads() const;
  /// What the user should know: that the plan was made for another CPU or other threads.
  const std::vector<std::string>& notes() const;

  /// Runs on one tensor per input of the graph, in any order and of any shape that its fact and the plan's profile admit. A tensor of
  /// another dtype is converted where that loses nothing. Gives the outputs in the graph's order. Throws ModelError where an input is
  /// missing, unknown, given twice or does not fit; the message names it and what is needed.
  std::vector<NamedTensor> run(const std::vector<NamedTensor>& inputs);

  /// What every node that runs on the shapes of the last run did so far: its kernel, and count and time where SessionOptions::profile is set.
  std::vector<NodeProfile> profile() const;
  /// Of the last run; null before it.
  const Program* program() const;
  /// What the last run's sizes were foreseen to take. Nothing before it.
  Footprint footprint() const;

 private:
  struct Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace temper
