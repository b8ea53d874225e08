#pragma once
#include <functional>
#include <memory>
#include <string>

#include "plan/plan.h"
#include "runtime/executor.h"
#include "temper/engine.h"

namespace temper {

/// What an engine shares with its contexts.
struct Engine::Impl {
  std::string path;
  int threads = 0;
  Plan plan;  // its graph is the executor's
  std::unique_ptr<Executor> executor;
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
};

/// Makes engines of plans, wherever those come from.
struct EngineAccess {
  static Engine of_plan(Plan plan, const std::filesystem::path& path, const LoadOptions& options);
};

}  // namespace temper
