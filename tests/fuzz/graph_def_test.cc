#include <google/protobuf/text_format.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "base/file.h"
#include "base/memory.h"
#include "fuzz/mutate.h"
#include "support/recorded.h"
#include "import/tensorflow/import_graph_def.h"
#include "import/tensorflow/read_graph_def.h"
#include "ops/evaluate.h"
#include "support/tensors.h"

/// Damaged graphs end in ModelError or in an answer: never in another exception, a crash, a hang or a huge allocation.
/// TEMPER_FUZZ_SECONDS (2) is how long each reader is fed, TEMPER_FUZZ_SEED the first seed.
namespace temper::testing {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMemoryLimit = std::size_t{256} << 20;
constexpr auto kPatience = std::chrono::seconds(60);

double environment_number(const char* name, double fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::strtod(text, nullptr);
}

/// Ends the program, leaving the input in a file, where one takes longer than kPatience.
class Watchdog {
 public:
  Watchdog() : thread_([this] { watch(); }) {}
  ~Watchdog() {
    done_ = true;
    thread_.join();
  }
  void begin(const std::string& input) {
    input_ = &input;
    started_ = Clock::now().time_since_epoch().count();
  }

 private:
  void watch() {
    while (!done_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      const auto started = Clock::time_point(Clock::duration(started_.load()));
      if (started_ == 0 || Clock::now() - started < kPatience) continue;
      std::ofstream("fuzz_hang.bin", std::ios::binary) << *input_;
      std::fputs("an input takes too long: fuzz_hang.bin\n", stderr);
      std::abort();
    }
  }

  std::atomic<std::int64_t> started_ = 0;
  const std::string* input_ = nullptr;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

/// The graphs of the recorded cases, and the small ones among the models at hand.
std::vector<std::string> seeds() {
  std::vector<std::string> graphs;
  for (const auto& file : recorded_files()) {
    for (RecordedCase& c : read_cases(file)) {
      if (c.graph.size() < 20000) graphs.push_back(std::move(c.graph));
    }
  }
  const std::filesystem::path shared = TEMPER_SOURCE_DIR "/../shared/data/conformance/opencv_tf";
  if (!std::filesystem::exists(shared)) return graphs;
  for (const auto& entry : std::filesystem::directory_iterator(shared)) {
    if (entry.path().extension() == ".pb" && entry.file_size() < 100000) graphs.push_back(read_file(entry.path()));
  }
  return graphs;
}

/// Whether running the graph is quick and sure to end, as far as can be told.
bool worth_running(const Graph& graph) {
  for (const Port& input : graph.inputs()) {
    if (!graph.fact(input.value).shape.known()) return false;
  }
  std::int64_t work = 0;
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    if (node.op.name() == "loop") return false;
    for (const ValueId output : node.outputs) {
      const Dim elements = graph.fact(output).shape.elements();
      work += elements.known() ? std::min<std::int64_t>(elements.value(), 1 << 24) : 1 << 16;
    }
  }
  return work < (1 << 18);
}

void run(const Graph& graph, Random& random) {
  Tensors inputs;
  for (const Port& port : graph.inputs()) {
    Tensor input = Tensor::zeros(graph.fact(port.value).dtype, *graph.fact(port.value).shape.known());
    for (std::byte& byte : input.mutable_bytes()) byte = static_cast<std::byte>(random() & 1);
    inputs.push_back(std::move(input));
  }
  evaluate(graph, inputs);
}

struct Counts {
  std::size_t inputs = 0;
  std::size_t imported = 0;
  std::size_t ran = 0;
};

void feed(const std::string& bytes, Random& random, Counts& counts) {
  ++counts.inputs;
  try {
    const auto file = tensorflow::parse_graph_def(bytes);
    const Graph graph = tensorflow::import_graph_def(*file.graph, {});
    ++counts.imported;
    if (!worth_running(graph)) return;
    run(graph, random);
    ++counts.ran;
  } catch (const ModelError&) {  // the answer that damaged files are to get
  }
}

template <class Make>
void fuzz(const char* what, Make&& make) {
  const std::size_t limit = memory_limit();
  set_memory_limit(kMemoryLimit);
  const auto seed = static_cast<std::uint64_t>(environment_number("TEMPER_FUZZ_SEED", 1));
  const auto seconds = environment_number("TEMPER_FUZZ_SECONDS", 2);
  Random random(seed);
  Watchdog watchdog;
  Counts counts;
  const auto start = Clock::now();
  while (std::chrono::duration<double>(Clock::now() - start).count() < seconds) {
    const std::string input = make(random);
    watchdog.begin(input);
    feed(input, random, counts);
  }
  set_memory_limit(limit);
  std::printf("%s: seed %llu, %zu inputs, %zu imported, %zu run\n", what, static_cast<unsigned long long>(seed),
              counts.inputs, counts.imported, counts.ran);
  EXPECT_GT(counts.inputs, 0U);
}

TEST(GraphDefFuzz, Binary) {
  const auto graphs = seeds();
  fuzz("binary", [&](Random& random) {
    const std::string& one = graphs[below(random, graphs.size())];
    if (below(random, 3) == 0) return mutate_bytes(one, graphs[below(random, graphs.size())], random);
    tensorflow::GraphDef graph;
    graph.ParseFromString(one);
    mutate_graph(graph, random);
    return graph.SerializeAsString();
  });
}

TEST(GraphDefFuzz, Text) {
  std::vector<std::string> texts;
  for (const std::string& bytes : seeds()) {
    tensorflow::GraphDef graph;
    if (bytes.size() < 4000 && graph.ParseFromString(bytes)) {
      google::protobuf::TextFormat::PrintToString(graph, &texts.emplace_back());
    }
  }
  fuzz("text", [&](Random& random) {
    return mutate_text(texts[below(random, texts.size())], texts[below(random, texts.size())], random);
  });
}

}  // namespace
}  // namespace temper::testing
