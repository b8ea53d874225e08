#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "import/import.h"
#include "plan/plan.h"
#include "plan/tactics.h"

namespace temper {

struct CompileOptions {
  /// Tensors to give, by their source names; empty: the model's own outputs.
  std::vector<std::string> outputs = {};
  /// Tensors to give from outside, whatever the model computes them from.
  std::vector<ImportInput> inputs = {};
  /// Which graph and signature of a SavedModel.
  ModelChoice choice = {};
  /// Passes not to run, by name.
  std::vector<std::string> disabled_passes = {};
  /// Sizes of inputs; what is not given is derived from the model.
  std::vector<InputProfile> profile = {};
  /// 0: any batch, none promised.
  std::int64_t max_batch = 0;
  /// 0: one per core.
  int threads = 0;
  Tune tune = Tune::kOff;
  /// Where times are kept between runs; empty: nowhere.
  std::filesystem::path timing_cache = {};
  /// Most scratch memory of one step; 0: no bound.
  std::size_t max_workspace_bytes = 0;
  /// Of the whole process, here and when the plan runs; 0: what the machine has.
  std::size_t memory_limit_bytes = 0;
  /// Where what does not fit the limit lies in the meantime; empty: the system's folder of temporary files.
  std::filesystem::path scratch_folder = {};
  /// Told what is being done, and how much of it is: 0 to 1.
  std::function<void(std::string_view stage, double share)> progress = {};
};

/// Makes a plan of a model for this machine: reads it, optimises the graph, chooses kernels, packs constants, plans memory. Throws
/// ModelError as import_model and complete_profile do, and where the plan would not fit the memory limit.
Plan compile(const std::filesystem::path& path, const CompileOptions& options);

}  // namespace temper
