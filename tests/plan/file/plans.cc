#include "plan/file/plans.h"

#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>

#include "base/file.h"
#include "ir/constant.h"
#include "ops/control/lists.h"
#include "plan/file/checksum.h"
#include "support/graphs.h"
#include "support/tensors.h"

namespace temper::testing {
namespace {

constexpr std::size_t kHeaderBytes = 64;
constexpr std::size_t kEntryBytes = 32;
constexpr std::size_t kHeaderChecksum = 56;

template <class T>
T get(const std::string& bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

template <class T>
void set(std::string& bytes, std::size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(T));
}

std::string numbers_of(const Tensor& tensor) {
  if (tensor.dtype() == DType::kString) return fmt::format("{}", fmt::join(tensor.string_data(), "|"));
  std::string text;
  if (tensor.dtype() == DType::kList) {
    for (const Tensor& item : tensor.items()) text += fmt::format("({} {})", describe(item), numbers_of(item));
    return text;
  }
  for (const std::byte byte : tensor.bytes()) text += fmt::format("{:02x}", static_cast<int>(byte));
  return text;
}

Plan convolutions() {
  Builder b;
  const ValueId x = b.input("picture", fact(DType::kFloat32, {-1, 4, 4, 1}));
  const ValueId filter = b.constant(f32({2, 2, 1, 1}, {1, 2, 3, 4}));
  const ValueId y = b.op("conv", {x, filter}, {{"strides", std::vector<std::int64_t>{2, 2}}});
  const ValueId weights = b.constant(Tensor::zeros(DType::kFloat32, {4, 300}));
  const ValueId flat = b.op("reshape", {b.op("relu", {y}), b.constant(i64({2}, {-1, 4}))});
  b.output(b.op("matmul", {flat, weights}), "product").output(b.op("cast", {y}, {{"dtype", DType::kInt32}}), "whole");
  Plan plan{b.graph.compacted(), {{"picture", {{1, 1, 8}, {4, 4, 4}, {4, 4, 4}, {1, 1, 1}}}}, {}, {}, {}};
  for (const NodeId id : plan.graph.order()) {
    Node& node = plan.graph.node(id);
    node.created_by = node.op.name() == "relu" ? "fuse_something" : "";
    node.sources = {"source/" + node.name, "twice"};
    plan.tactics.push_back({"reference/" + std::string(node.op.name()), 1234, {{"own/fast", 99, ""}, {"other", 0, "is too odd"}}});
  }
  plan.passes = {{"fuse_something", 3, {{"is not alone", 2}, {"is of another type", 1}}}, {"remove_nothing", 0, {}}};
  plan.info = {"0.1.0", "A processor", "avx2", "fp32", 2, "model.pb", "0123abcd", 8, 1 << 20, 1 << 28, 4096, 5000, 1 << 24, {{"tune", "fast"}}};
  return plan;
}

Plan regions() {
  const Fact scalar = fact(DType::kFloat32, {});
  Builder condition;
  const ValueId left = condition.input("x", scalar);
  condition.output(condition.op("less", {left, condition.input("bound", scalar)}));
  Builder yes;
  yes.output(yes.op("add", {yes.input("x", scalar), yes.constant(f32({}, {1}))}));
  Builder no;
  no.output(no.input("x", scalar));
  Builder body;
  const ValueId x = body.input("x", scalar);
  const ValueId small = body.op("less", {x, body.input("bound", scalar)});
  body.output(body.op("if", {small, x}, {}, {yes.graph, no.graph}));
  Builder b;
  const std::vector<ValueId> in{b.input("x", scalar), b.input("bound", scalar)};
  b.output(b.op("loop", in, {{"carried", std::int64_t{1}}}, {condition.graph, body.graph}));
  return {b.graph, {}, {}, {}, {}};
}

Plan constants() {
  Builder b;
  b.output(b.constant(Tensor::strings({2, 2}, {"a", "", std::string("\0b", 2), "longer text"})), "strings");
  b.output(b.constant(Tensor::list({f32({2}, {1, 2}), unset_slot({}), unset_slot(ShapeFact::of_rank(2)), Tensor::list({})})), "list");
  b.output(b.constant(boolean({3}, {true, false, true})), "bools");
  b.output(b.constant(Tensor::zeros(DType::kFloat16, {0, 3})), "nothing");
  b.output(b.constant(i8({}, {-1})), "scalar");
  Tensor bytes(DType::kUInt8, {4100});
  for (std::size_t i = 0; i < 4100; ++i) bytes.mutable_data<std::uint8_t>()[i] = static_cast<std::uint8_t>(i * 7);
  const NodeId packed = b.graph.add_node(PackedConstant{DType::kFloat32, {3, 5, 7}, "own/tiles 4", bytes}, {}, "packed");
  b.output(b.graph.node(packed).outputs[0], "packed");
  b.output(b.constant(Tensor(bytes)), "bytes");
  return {b.graph, {}, {}, {}, {}};
}

Plan empty() { return {}; }

}  // namespace

TemporaryFile::TemporaryFile() {
  static std::atomic<int> count = 0;
  const std::filesystem::path memory = "/dev/shm";
  const auto folder = ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
  path_ = folder / fmt::format("temper_plan_{}_{}.plan", ::getpid(), ++count);
}

TemporaryFile::~TemporaryFile() { std::filesystem::remove(path_); }
std::string TemporaryFile::content() const { return read_file(path_); }
void TemporaryFile::write(const std::string& content) const { std::ofstream(path_, std::ios::binary) << content; }

std::string signed_again(std::string bytes) {
  if (bytes.size() < kHeaderBytes) return bytes;
  const auto count = get<std::uint32_t>(bytes, 24);
  if (count > (bytes.size() - kHeaderBytes) / kEntryBytes) return bytes;
  const auto all = std::as_bytes(std::span(bytes));
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t entry = kHeaderBytes + i * kEntryBytes;
    const auto offset = get<std::uint64_t>(bytes, entry + 8);
    const auto size = get<std::uint64_t>(bytes, entry + 16);
    if (offset > bytes.size() || size > bytes.size() - offset) continue;
    set(bytes, entry + 24, checksum(all.subspan(offset, size)));
  }
  set(bytes, kHeaderChecksum, std::uint64_t{0});
  set(bytes, kHeaderChecksum, checksum(all.first(kHeaderBytes + count * kEntryBytes)));
  return bytes;
}

std::string full_text(const Graph& graph) {
  std::string text = to_text(graph);
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    text += fmt::format("{} {} by '{}' of [{}]\n", node.op.name(), node.name, node.created_by, fmt::join(node.sources, "|"));
    for (const auto& [name, attribute] : node.op.attributes()) {
      text += fmt::format("  {} ({}): {}\n", name, attribute.index(), to_string(attribute));
      if (const auto* tensor = std::get_if<Tensor>(&attribute)) text += numbers_of(*tensor) + "\n";
    }
    for (const ValueId output : node.outputs) text += fmt::format("  -> {}\n", describe(graph.fact(output)));
    for (const Graph& region : node.regions) text += full_text(region);
  }
  return text;
}

std::vector<std::pair<std::string, Plan>> small_plans() {
  return {{"convolutions", convolutions()}, {"regions", regions()}, {"constants", constants()}, {"empty", empty()}};
}

}  // namespace temper::testing
