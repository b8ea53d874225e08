// model_bench MODEL [SHAPE] [RUNS] [THREADS] [profile]: times a model on zeros, or prints where the time goes.
#include <algorithm>
#include <chrono>
#include <map>
#include <ranges>

#include "base/memory.h"
#include "engine/session.h"

namespace {

using namespace temper;

double now_ms() {
  return static_cast<double>(std::chrono::steady_clock::now().time_since_epoch().count()) * 1e-6;
}

/// Noise of a fixed kind, so that detectors have something to refuse.
Tensor picture(const Fact& fact, const std::string& dims) {
  Shape shape;
  for (std::size_t begin = 0; begin < dims.size();) {
    const std::size_t end = std::min(dims.find('x', begin), dims.size());
    shape.push_back(std::stoll(dims.substr(begin, end - begin)));
    begin = end + 1;
  }
  Tensor tensor = Tensor::zeros(fact.dtype, shape);
  std::uint32_t state = 1;
  if (fact.dtype == DType::kUInt8) {
    for (auto& x : tensor.mutable_data<std::uint8_t>()) x = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  } else if (fact.dtype == DType::kFloat32) {
    for (auto& x : tensor.mutable_data<float>()) x = static_cast<float>((state = state * 1664525 + 1013904223) >> 24) / 255;
  }
  return tensor;
}

void print_profile(const Session& session, int runs) {
  struct Sum {
    double ms = 0;
    std::int64_t count = 0;
  };
  std::map<std::string, Sum> by_kernel;
  auto nodes = session.profile();
  double total = 0;
  for (const auto& node : nodes) {
    auto& sum = by_kernel[fmt::format("{} {}", node.node->op.name(), node.kernel)];
    sum.ms += static_cast<double>(node.elapsed_ns) * 1e-6 / runs;
    sum.count += node.count / runs;
    total += static_cast<double>(node.elapsed_ns) * 1e-6 / runs;
  }
  std::vector<std::pair<std::string, Sum>> sorted(by_kernel.begin(), by_kernel.end());
  std::ranges::sort(sorted, [](const auto& a, const auto& b) { return a.second.ms > b.second.ms; });
  fmt::print("total {:.2f} ms in {} nodes\n", total, nodes.size());
  for (const auto& [name, sum] : sorted | std::views::take(40)) {
    fmt::print("{:9.3f} ms {:6} x {:8.2f} us  {}\n", sum.ms, sum.count, sum.ms * 1e3 / static_cast<double>(std::max<std::int64_t>(sum.count, 1)), name);
  }
  std::ranges::sort(nodes, [](const auto& a, const auto& b) { return a.elapsed_ns > b.elapsed_ns; });
  for (const auto& node : nodes | std::views::take(40)) {
    fmt::print("{:9.3f} ms {:6} {} {} {} [{}]\n", static_cast<double>(node.elapsed_ns) * 1e-6 / runs, node.count / runs, node.node->op.name(), node.kernel,
               node.node->name, fmt::join(node.refusals, "; "));
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string shape = argc > 2 ? argv[2] : "1x300x300x3";
  const int runs = argc > 3 ? std::stoi(argv[3]) : 20;
  SessionOptions options;
  options.threads = argc > 4 ? std::stoi(argv[4]) : 1;
  options.profile = argc > 5 && std::string_view(argv[5]) == "profile";
  if (argc > 5 && std::string_view(argv[5]) == "reference") options.backend = "reference";
  const double start = now_ms();
  Session session = Session::load(argv[1], options);
  const double loaded = now_ms();
  const auto input = session.graph().inputs().at(0);
  const std::vector<NamedTensor> inputs{{"", picture(session.graph().fact(input.value), shape)}};
  auto outputs = session.run(inputs);
  const double first = now_ms();
  for (const auto& [name, tensor] : outputs) {
    fmt::print("{} {}", name, describe(tensor));
    if (tensor.dtype() == DType::kFloat32) fmt::print(" {}", fmt::join(tensor.data<float>() | std::views::take(6), " "));
    fmt::print("\n");
  }
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) {
    const double begin = now_ms();
    session.run(inputs);
    times.push_back(now_ms() - begin);
  }
  std::ranges::sort(times);
  fmt::print("load {:.1f} ms, first {:.1f} ms, median {:.2f} ms, min {:.2f} ms, peak {}\n", loaded - start, first - loaded,
             times.empty() ? 0 : times[times.size() / 2], times.empty() ? 0 : times[0], format_bytes(peak_resident_bytes()));
  if (options.profile) print_profile(session, runs + 1);
} catch (const std::exception& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 2;
}
