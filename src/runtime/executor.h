#pragma once
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "plan/backend.h"
#include "runtime/frame.h"

namespace temper {

struct ExecutorOptions {
  /// Counts and times every node.
  bool profile = false;
  /// By node of the graph: the maker of the kernel that was chosen for it; empty where none was.
  std::vector<std::string> chosen = {};
  /// Every operator's definition runs.
  bool reference = false;
  /// Constants in mapped files are given back to the system after each step that reads them: slower, but they are not all in
  /// memory at once.
  bool stream_constants = false;
  /// Most memory of the whole process; 0: no limit. What is foreseen to need more is refused before it takes it, and constants are streamed
  /// where that makes it fit.
  std::size_t memory_limit_bytes = 0;
  /// Most scratch memory of a step; 0: no limit.
  std::size_t max_workspace_bytes = 0;
};

/// A graph ready to run. It is compiled for the dtypes and shapes of inputs when those are first seen; the programs of recent ones are
/// kept. May be used from several threads: each runs it in a ExecutionContext of its own.
class Executor {
 public:
  /// `backends` are asked for kernels in order; they must outlive the executor.
  Executor(Graph graph, std::vector<const Backend*> backends, ExecutorOptions options = {});

  const Graph& graph() const { return graph_; }
  const ExecutorOptions& options() const { return options_; }

  /// The program for inputs of these facts, in the order of graph().inputs(). Throws ModelError, naming the node that they do not fit.
  std::shared_ptr<const Program> program_for(std::span<const Fact> inputs) const;

 private:
  static constexpr std::size_t kKept = 8;
  std::size_t most_kept() const { return options_.memory_limit_bytes > 0 ? 1 : kKept; }
  struct Entry {
    Facts inputs;
    std::shared_ptr<const Program> program;
  };

  Graph graph_;
  std::vector<const Backend*> backends_;
  ExecutorOptions options_;
  std::vector<std::string_view> chosen_;
  mutable std::mutex mutex_;
  mutable std::vector<Entry> entries_;  // most recently used first
};

/// The memory in which one thread at a time runs an executor's graph. Where shapes stay as they were in the run before, nothing is
/// allocated by steps whose memory is planned.
class ExecutionContext {
 public:
  /// `executor` must outlive the context.
  explicit ExecutionContext(const Executor& executor) : executor_(&executor) {}
  ExecutionContext(ExecutionContext&&) noexcept = default;
  ExecutionContext& operator=(ExecutionContext&&) noexcept = default;

  /// Throws ModelError, naming the node. Inputs are in the order of the graph's, and are read where they are.
  void run(Inputs inputs);
  /// From now on output `i` is written to this tensor; its dtype and shape must be those that the run gives.
  void bind_output(std::size_t i, Tensor tensor);
  /// Of the last run; valid until the next.
  const Tensor& output(std::size_t i) const { return frame_->output(i); }
  std::size_t output_count() const { return executor_->graph().outputs().size(); }

  /// Every node that runs on the shapes of the last run, regions' included, in order.
  std::vector<NodeProfile> profile() const;
  /// Of the last run. Null before it.
  const Program* program() const { return program_.get(); }

 private:
  void use(std::shared_ptr<const Program> program);

  const Executor* executor_;
  Facts facts_;
  std::shared_ptr<const Program> program_;
  std::shared_ptr<std::byte> arena_;
  std::int64_t arena_bytes_ = 0;
  std::unique_ptr<Frame> frame_;
  std::vector<std::pair<std::size_t, Tensor>> bound_outputs_;
};

/// One run in a context of its own; the results are the caller's.
Tensors run_once(const Executor& executor, Inputs inputs);

}  // namespace temper
