#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/file.h"
#include "ir/constant.h"
#include "ops/evaluate.h"
#include "ops/registry.h"
#include "plan/file/container.h"
#include "plan/file/plans.h"

/// Plans that earlier versions wrote, in kept/<version of the format>/, are still read and answer as they did. With
/// TEMPER_KEEP_PLANS=1 the folder of the present version is written anew: for a new version, never for an old one.
namespace temper::testing {
namespace {

const std::filesystem::path kKept = std::filesystem::path(TEMPER_SOURCE_DIR) / "tests/plan/file/kept";

std::string numbers_of(const Tensor& tensor) {
  std::string text = describe(tensor) + " ";
  if (tensor.dtype() == DType::kString) return text + fmt::format("{}", fmt::join(tensor.string_data(), "|"));
  if (tensor.dtype() == DType::kList) {
    for (const Tensor& item : tensor.items()) text += "(" + numbers_of(item) + ")";
    return text;
  }
  for (const std::byte byte : tensor.bytes()) text += fmt::format("{:02x}", static_cast<int>(byte));
  return text;
}

/// 0, 1, 2, ... where the graph leaves no choice, unknown dims being 2.
Tensor counting(const Fact& fact) {
  Shape shape;
  for (const Dim& dim : fact.shape.dims()) shape.push_back(dim.known() ? dim.value() : 2);
  Tensor tensor(fact.dtype, shape);
  visit_elements(fact.dtype, [&]<class T>(Type<T>) {
    int next = 0;
    for (T& value : tensor.mutable_data<T>()) value = static_cast<T>(static_cast<Compute<T>>(next++));
  });
  return tensor;
}

std::string answers(const Graph& graph) {
  std::string text;
  Tensors inputs;
  for (const Port& port : graph.inputs()) inputs.push_back(counting(graph.fact(port.value)));
  bool packed = false;
  for (const NodeId id : graph.order()) {
    const auto* constant = graph.node(id).op.as<PackedConstant>();
    if (constant == nullptr) continue;
    packed = true;
    text += fmt::format("packed {} [{}] '{}' {}\n", constant->dtype, fmt::join(constant->shape, ","), constant->layout,
                        numbers_of(constant->bytes));
  }
  if (packed) {  // there is nothing to evaluate it by
    for (const Port& port : graph.outputs()) {
      const Fact& fact = graph.fact(port.value);
      text += fmt::format("output '{}' {}\n", port.name, fact.constant ? numbers_of(*fact.constant) : describe(fact));
    }
    return text;
  }
  const Tensors outputs = evaluate(graph, inputs);
  for (std::size_t i = 0; i < outputs.size(); ++i) text += fmt::format("output '{}' {}\n", graph.outputs()[i].name, numbers_of(outputs[i]));
  return text;
}

/// All that a plan says and gives, but not how.
std::string content(const Plan& plan) {
  std::string text = answers(plan.graph);
  for (const auto& input : plan.profile) {
    text += fmt::format("profile '{}'", input.name);
    for (const DimRange& dim : input.dims) text += fmt::format(" {}:{}:{}", dim.min, dim.opt, dim.max);
    text += "\n";
  }
  for (const Tactic& tactic : plan.tactics) {
    text += fmt::format("tactic '{}' {}", tactic.kernel, tactic.time_ns);
    for (const Candidate& other : tactic.others) text += fmt::format(" ('{}' {} '{}')", other.kernel, other.time_ns, other.refusal);
    text += "\n";
  }
  for (const PassNote& pass : plan.passes) {
    text += fmt::format("pass '{}' {}", pass.name, pass.patch_count);
    for (const auto& [reason, count] : pass.skips) text += fmt::format(" ('{}' {})", reason, count);
    text += "\n";
  }
  const PlanInfo& i = plan.info;
  text += fmt::format("info '{}' '{}' '{}' '{}' {} '{}' '{}' {} {} {} {} {} {}\n", i.temper_version, i.cpu, i.isa, i.precision, i.threads,
                      i.source_path, i.source_hash, i.max_batch, i.workspace_limit_bytes, i.memory_limit_bytes, i.arena_bytes,
                      i.weights_bytes, i.peak_bytes);
  for (const auto& [name, note] : i.notes) text += fmt::format("note '{}' '{}'\n", name, note);
  return text;
}

/// "conv strides 5" a line: the attributes that operators take, with the numbers of their kinds.
std::string operator_lines() {
  std::string text;
  for (const std::string_view name : op_registry().names()) {
    text += fmt::format("{}\n", name);
    for (const auto& [field, attribute] : op_registry().make(name, {}).attributes()) {
      text += fmt::format("{} {} {}\n", name, field, attribute.index());
    }
  }
  return text;
}

TEST(KeptPlans, AreWrittenWhereAsked) {
  if (std::getenv("TEMPER_KEEP_PLANS") == nullptr) GTEST_SKIP() << "TEMPER_KEEP_PLANS=1 writes them";
  const auto folder = kKept / fmt::format("{}.{}", kPlanMajor, kPlanMinor);
  std::filesystem::create_directories(folder);
  for (const auto& [name, plan] : small_plans()) {
    save_plan(plan, folder / (name + ".plan"));
    write_file(folder / (name + ".txt"), content(plan));
  }
  write_file(folder / "operators.txt", operator_lines());
}

TEST(KeptPlans, AnswerAsTheyDid) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kKept)) {
    if (entry.path().extension() != ".plan") continue;
    SCOPED_TRACE(entry.path().string());
    ++count;
    try {
      EXPECT_EQ(content(load_plan(entry.path(), WeightsCheck::kAlways)), read_file(std::filesystem::path(entry.path()).replace_extension(".txt")));
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
    }
  }
  EXPECT_GE(count, 4U);
}

/// An operator or attribute under a new name is one that plans made before do not find. Give operators that change their meaning new
/// names, and keep the old ones; new attributes have defaults under which nothing changes.
TEST(KeptPlans, FindTheirOperators) {
  const auto& registry = op_registry();
  for (const auto& entry : std::filesystem::directory_iterator(kKept)) {
    std::ifstream lines(entry.path() / "operators.txt");
    ASSERT_TRUE(lines.good()) << entry.path();
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string name;
      std::string field;
      std::size_t kind = 0;
      words >> name;
      ASSERT_TRUE(registry.contains(name)) << "operator " << name << " of plans of format " << entry.path().filename();
      if (!(words >> field >> kind)) continue;
      const Attributes attributes = registry.make(name, {}).attributes();
      EXPECT_TRUE(std::ranges::any_of(attributes, [&](const auto& a) { return a.first == field && a.second.index() == kind; }))
          << "attribute " << line << " of plans of format " << entry.path().filename();
    }
  }
}

/// An old plan saved again is of the present version.
TEST(KeptPlans, AreBroughtUpToDateBySaving) {
  for (const auto& [name, plan] : small_plans()) {
    const auto kept = kKept / fmt::format("{}.{}", kPlanMajor, kPlanMinor) / (name + ".plan");
    const TemporaryFile again;
    save_plan(load_plan(kept), again.path());
    EXPECT_EQ(again.content().size(), read_file(kept).size()) << kept;
  }
}

}  // namespace
}  // namespace temper::testing
