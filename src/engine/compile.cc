#include "engine/compile.h"

#include "base/cpu_features.h"
#include "base/memory.h"
#include "base/scratch.h"
#include "base/threads.h"
#include "backends/backends.h"
#include "runtime/footprint.h"
#include "passes/driver.h"
#include "plan/profile.h"
#include "plan/specialise.h"

namespace temper {
namespace {

void report(const CompileOptions& options, std::string_view stage, double share) {
  if (options.progress) options.progress(stage, share);
}

std::vector<PassNote> notes_of(std::vector<PassReport> reports) {
  std::vector<PassNote> notes;
  for (PassReport& one : reports) notes.push_back({std::move(one.name), one.patch_count, std::move(one.skips)});
  return notes;
}

std::vector<std::string_view> makers_of(const std::vector<Tactic>& tactics) {
  std::vector<std::string_view> makers;
  for (const Tactic& tactic : tactics) makers.push_back(tactic.kernel);
  return makers;
}

/// What making a plan takes beside the program and the weights: messages, graphs, kernels.
constexpr std::size_t kWorkBytes = std::size_t{48} << 20;

/// Holds a compilation to the memory limit: weights go to a scratch file where they, and what is made of them, may be too much.
class Restraint {
 public:
  Restraint(const std::filesystem::path& path, const CompileOptions& options) {
    const std::size_t limit = options.memory_limit_bytes;
    if (limit == 0) return;
    require(limit > baseline_resident_bytes(), "needs {} for the program alone, but {} is allowed", format_bytes(baseline_resident_bytes()), format_bytes(limit));
    set_memory_limit(std::min(before_, limit - baseline_resident_bytes()));
    std::error_code error;
    const std::size_t size = std::filesystem::file_size(path, error);
    if (!error && size / 2 * 3 + kWorkBytes + baseline_resident_bytes() <= limit) return;
    const auto folder = options.scratch_folder.empty() ? std::filesystem::temp_directory_path(error) : options.scratch_folder;
    scratch_ = std::make_unique<ScratchMemory>(limit, folder.empty() ? "/tmp" : folder);
  }
  ~Restraint() { set_memory_limit(before_); }
  Restraint(const Restraint&) = delete;
  Restraint& operator=(const Restraint&) = delete;

 private:
  std::size_t before_ = memory_limit();
  UnkeptMemory unkept_;
  std::unique_ptr<ScratchMemory> scratch_;
};

class Compiler {
 public:
  Compiler(Plan& plan, const CompileOptions& options) : plan_(plan), options_(options) {}

  /// Chooses kernels for the profile's opt sizes and foresees the memory they take. Where those sizes do not fit the model (they may be
  /// guesses), that is left to the run.
  void choose_and_foresee() {
    const auto inputs = opt_facts(plan_.graph, plan_.profile);
    if (!inputs) return void(plan_.info.notes["kernels"] = "chosen when the model runs: the shape of an input is open");
    try {
      choose(*inputs);
    } catch (const ModelError& error) {
      if (!options_.profile.empty() || options_.memory_limit_bytes > 0) throw;
      plan_.tactics.clear();
      plan_.info.notes["kernels"] = fmt::format("chosen when the model runs: at the likely sizes, {}", error.what());
      return;
    }
    foresee(*inputs);
  }

 private:
  void choose(const Facts& inputs) {
    Facts facts = specialise(plan_.graph, inputs);
    require_room(plan_.graph, facts, options_.memory_limit_bytes);
    TimingCache cache = options_.timing_cache.empty() ? TimingCache() : TimingCache::load(options_.timing_cache);
    TacticOptions tactics{options_.tune, options_.max_workspace_bytes, &cache};
    tactics.progress = [&](std::size_t done, std::size_t count) {
      report(options_, "choosing kernels", static_cast<double>(done) / static_cast<double>(std::max<std::size_t>(count, 1)));
    };
    plan_.tactics = choose_tactics(plan_.graph, facts, backends_, tactics);
    if (!options_.timing_cache.empty()) cache.save();
  }

  void foresee(const Facts& inputs) {
    const auto makers = makers_of(plan_.tactics);
    const std::size_t workspace = options_.max_workspace_bytes > 0 ? options_.max_workspace_bytes : kAnyWorkspace;
    const Program program(plan_.graph, inputs, {.backends = backends_, .chosen = makers, .most_workspace = workspace});
    const Footprint footprint = fit(program, options_.memory_limit_bytes);
    plan_.info.arena_bytes = footprint.arena_bytes;
    plan_.info.weights_bytes = footprint_of(program, false).weights_bytes;
    plan_.info.peak_bytes = footprint.plan_bytes();
  }

  Plan& plan_;
  const CompileOptions& options_;
  std::vector<const Backend*> backends_ = available_backends();
};

}  // namespace

Plan compile(const std::filesystem::path& path, const CompileOptions& options) {
  baseline_resident_bytes();
  const Restraint restraint(path, options);
  set_thread_count(options.threads);
  report(options, "reading", 0);
  Plan plan;
  plan.graph = import_model(path, {.inputs = options.inputs, .outputs = options.outputs, .choice = options.choice});
  in_context([&] { return path.string(); }, [&] {
    plan.profile = complete_profile(plan.graph, options.profile, options.max_batch);
    fix_dims(plan.graph, plan.profile);
    report(options, "optimising the graph", 0);
    plan.passes = notes_of(optimise(plan.graph, {.disabled = options.disabled_passes}));
    plan.graph = plan.graph.compacted();
    Compiler(plan, options).choose_and_foresee();
  });
  plan.info.temper_version = TEMPER_VERSION;
  plan.info.cpu = cpu_description().model;
  plan.info.isa = usable_features();
  plan.info.precision = "fp32";
  plan.info.threads = thread_count();
  plan.info.source_path = path.filename().string();
  plan.info.max_batch = options.max_batch;
  plan.info.workspace_limit_bytes = static_cast<std::int64_t>(options.max_workspace_bytes);
  plan.info.memory_limit_bytes = static_cast<std::int64_t>(options.memory_limit_bytes);
  return plan;
}

}  // namespace temper
