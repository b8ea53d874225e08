#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/threads.h"
#include "fuzz/exercise.h"
#include "fuzz/keras_seeds.h"
#include "fuzz/mutate.h"
#include "fuzz/seeds.h"
#include "import/tensorflow/import_graph_def.h"
#include "passes/driver.h"
#include "plan/file/plan_file.h"
#include "support/plan_files.h"

/// A report of either sanitizer ends the program by SIGABRT, so that its input can be kept.
extern "C" const char* __asan_default_options() { return "abort_on_error=1"; }
extern "C" const char* __ubsan_default_options() { return "abort_on_error=1:print_stacktrace=1"; }

/// Damaged graphs end in ModelError or in an answer: never in another exception, a crash, a hang or a huge allocation.
/// Each reader is fed for TEMPER_FUZZ_SECONDS (2) of processor time and TEMPER_FUZZ_INPUTS (0) inputs, whichever comes
/// later, from TEMPER_FUZZ_SEED (1) on. An input that fails is left in the current folder; TEMPER_FUZZ_REPLAY=FILE feeds it
/// alone. TEMPER_FUZZ_MODELS is a folder of more models to damage.
namespace temper::testing {
namespace {

using tensorflow::GraphDef;

constexpr std::size_t kMemoryLimit = std::size_t{256} << 20;
constexpr auto kPatience = std::chrono::seconds(60);
constexpr std::size_t kMostFailures = 20;

double environment_number(const char* name, double fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::strtod(text, nullptr);
}

/// The input that is being read, left in a file where the program ends by it.
const std::string* current_input = nullptr;

void keep(const std::string& input, const std::string& path) {
  std::ofstream(path, std::ios::binary) << input;
  std::fprintf(stderr, "the input is kept in %s\n", path.c_str());
}

void keep_current(int signal) {
  if (current_input != nullptr) keep(*current_input, "fuzz_crash.bin");
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

/// Ends the program where one input takes longer than kPatience. Time passes here in steps that this thread has slept, so
/// that a machine that stood still for a while is no hang.
class Watchdog {
 public:
  Watchdog() : thread_([this] { watch(); }) {}
  ~Watchdog() {
    done_ = true;
    thread_.join();
  }
  void begin() { waited_ = std::chrono::milliseconds(0); }

 private:
  void watch() {
    constexpr auto kStep = std::chrono::milliseconds(50);
    while (!done_) {
      std::this_thread::sleep_for(kStep);
      waited_ = waited_.load() + kStep;
      if (waited_.load() < kPatience) continue;
      std::fputs("an input takes too long\n", stderr);
      std::abort();  // which keeps the input
    }
  }

  std::atomic<std::chrono::milliseconds> waited_ = std::chrono::milliseconds(0);
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

/// Sets the memory limit while it lives.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::size_t limit_bytes) : before_(memory_limit()) { set_memory_limit(limit_bytes); }
  ~MemoryLimit() { set_memory_limit(before_); }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  std::size_t before_;
};

/// False where the input ends otherwise than it may.
bool feed(const std::string& input, Watchdog& watchdog, Counts& counts) {
  current_input = &input;
  watchdog.begin();
  try {
    exercise(input, counts);
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
    current_input = nullptr;
    return false;
  }
  current_input = nullptr;
  return true;
}

template <class Make>
void fuzz(const char* what, Make&& make) {
  if (std::getenv("TEMPER_FUZZ_REPLAY") != nullptr) GTEST_SKIP();
  std::signal(SIGABRT, keep_current);
  set_thread_count(1);
  const MemoryLimit limit(kMemoryLimit);
  const auto seed = static_cast<std::uint64_t>(environment_number("TEMPER_FUZZ_SEED", 1));
  const auto seconds = environment_number("TEMPER_FUZZ_SECONDS", 2);
  const auto inputs = static_cast<std::size_t>(environment_number("TEMPER_FUZZ_INPUTS", 0));
  Random random(seed);
  Watchdog watchdog;
  Counts counts;
  const auto start = std::clock();
  const auto elapsed = [&] { return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC; };
  std::size_t failures = 0;
  while ((elapsed() < seconds || counts.inputs < inputs) && failures < kMostFailures) {
    const std::string input = make(random);
    if (!feed(input, watchdog, counts)) keep(input, fmt::format("fuzz_{}_{}_{}.bin", what, seed, ++failures));
  }
  std::printf("%s: seed %llu, %zu inputs in %.0f s of processor time, %zu imported, %zu evaluated, %zu executed\n", what,
              static_cast<unsigned long long>(seed), counts.inputs, elapsed(), counts.imported, counts.evaluated,
              counts.executed);
  EXPECT_GT(counts.inputs, 0U);
}

const GraphDef& any_seed(Random& random) {
  static const auto graphs = seed_graphs();
  return graphs[below(random, graphs.size())];
}

GraphDef mutated(Random& random) {
  GraphDef graph = any_seed(random);
  mutate_graph(graph, any_seed(random), random);
  return graph;
}

std::string text_of(const GraphDef& graph) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(graph, &text);
  return text;
}

TEST(GraphDefFuzz, Binary) {
  fuzz("binary", [](Random& random) {
    if (below(random, 3) != 0) return mutated(random).SerializeAsString();
    return mutate_bytes(any_seed(random).SerializeAsString(), any_seed(random).SerializeAsString(), random);
  });
}

TEST(GraphDefFuzz, Text) {
  fuzz("text", [](Random& random) {
    if (below(random, 3) == 0) return text_of(mutated(random));
    return mutate_text(text_of(any_seed(random)), text_of(any_seed(random)), random);
  });
}

/// Plans of graphs that can be imported, with right checksums whatever else is wrong with them.
const std::string& any_plan(Random& random) {
  static const auto plans = [] {
    std::vector<std::string> all;
    for (const GraphDef& seed : seed_graphs()) {
      try {
        const std::string bytes = seed.SerializeAsString();
        Plan plan{tensorflow::import_graph_def(tensorflow::parse_graph_def(bytes), {}), {}, {}, {}, {}};
        optimise(plan.graph);
        const TemporaryFile file;
        save_plan(plan, file.path());
        all.push_back(file.content());
      } catch (const ModelError&) {  // not every piece of a graph is one
      }
    }
    return all;
  }();
  return plans[below(random, plans.size())];
}

TEST(PlanFuzz, Content) {
  fuzz("plan", [](Random& random) { return signed_again(mutate_in_place(any_plan(random), random)); });
}

TEST(KerasFuzz, Hdf5) {
  fuzz("hdf5", [](Random& random) { return damaged_hdf5(random); });
}

TEST(KerasFuzz, Archive) {
  fuzz("archive", [](Random& random) { return damaged_archive(random); });
}

TEST(GraphDefFuzz, Replay) {
  const char* path = std::getenv("TEMPER_FUZZ_REPLAY");
  if (path == nullptr) GTEST_SKIP();
  set_thread_count(1);
  const MemoryLimit limit(kMemoryLimit);
  Watchdog watchdog;
  Counts counts;
  feed(read_file(path), watchdog, counts);
  std::printf("%zu imported, %zu evaluated, %zu executed\n", counts.imported, counts.evaluated, counts.executed);
}

}  // namespace
}  // namespace temper::testing
