#include "api/c.h"
#include "api/engine_impl.h"
#include "base/memory.h"
#include "engine/compile.h"
#include "plan/shape_text.h"
#include "plan/file/plan_file.h"
#include "temper/engine.h"

namespace temper {
namespace {

Tune tune_of(const std::string& text) {
  if (text == "off") return Tune::kOff;
  if (text == "fast") return Tune::kFast;
  require(text == "full", "tune is '{}'; it is off, fast or full", text);
  return Tune::kFull;
}

}  // namespace

Engine Engine::load_model(const std::filesystem::path& path, const LoadOptions& options) {
  baseline_resident_bytes();
  return EngineAccess::of_plan(compile(path, {.threads = options.threads, .memory_limit_bytes = options.memory_limit_bytes}), path, options);
}

void optimize(const std::filesystem::path& model, const std::filesystem::path& plan, const OptimizeOptions& options) {
  baseline_resident_bytes();
  CompileOptions compiling{.outputs = options.outputs, .max_batch = options.max_batch, .threads = options.threads, .tune = tune_of(options.tune),
                           .timing_cache = options.timing_cache, .max_workspace_bytes = options.max_workspace_bytes,
                           .memory_limit_bytes = options.memory_limit_bytes};
  for (const std::string& text : options.shapes) compiling.profile.push_back(parse_profile(text));
  save_plan(compile(model, compiling), plan);
}

}  // namespace temper

extern "C" {

temper_status temper_engine_load_model(const char* path, int threads, size_t memory_limit, temper_engine** engine) {
  return temper::guarded([&] { *engine = new temper_engine{temper::Engine::load_model(path, {threads, memory_limit})}; });
}

temper_status temper_optimize(const char* model, const char* plan, int threads) {
  return temper::guarded([&] {
    temper::OptimizeOptions options;
    options.threads = threads;
    temper::optimize(model, plan, options);
  });
}

}  // extern "C"
