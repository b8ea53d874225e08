#include <gtest/gtest.h>

#include <cstring>

#include "plan/file/plans.h"
#include "support/graphs.h"
#include "support/tensors.h"

namespace temper::testing {
namespace {

/// Where things stand in the header.
constexpr std::size_t kByteOrder = 8;
constexpr std::size_t kMajor = 12;
constexpr std::size_t kMinor = 14;
constexpr std::size_t kMadeBy = 32;
constexpr std::size_t kEntries = 64;
constexpr std::size_t kEntrySize = 32;

std::string saved(const Plan& plan) {
  const TemporaryFile file;
  save_plan(plan, file.path());
  return file.content();
}

std::string load_refusal(const std::string& bytes, WeightsCheck check = WeightsCheck::kWhereQuick) {
  const TemporaryFile file;
  file.write(bytes);
  const std::string text = refusal([&] { load_plan(file.path(), check); });
  EXPECT_TRUE(text.starts_with(file.path().string() + ": ") || text == "was not refused") << text;
  return text;
}

void expect_refused(const std::string& bytes, const std::string& message) {
  const std::string text = load_refusal(bytes);
  EXPECT_NE(text.find(message), std::string::npos) << text;
}

/// Where the entry of a section is, and where its bytes are.
struct Section {
  std::size_t entry = 0;
  std::size_t offset = 0;
  std::size_t size = 0;
};
Section section_of(const std::string& bytes, const std::string& name) {
  for (std::size_t entry = kEntries; entry + kEntrySize <= bytes.size(); entry += kEntrySize) {
    if (bytes.substr(entry, 8).c_str() != name) continue;
    Section section{entry, 0, 0};
    std::memcpy(&section.offset, bytes.data() + entry + 8, 8);
    std::memcpy(&section.size, bytes.data() + entry + 16, 8);
    return section;
  }
  ADD_FAILURE() << "no section " << name;
  return {};
}

std::string replaced(std::string bytes, const std::string& from, const std::string& to) {
  const std::size_t at = bytes.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return signed_again(bytes.replace(at, from.size(), to));
}

TEST(PlanRefusal, OfWhatIsNoPlan) {
  expect_refused("", "is no plan of Temper; `temper optimize` makes one");
  expect_refused("\x0a\x05node", "is no plan of Temper");
  const std::string missing = refusal([&] { load_plan("/nonexistent/x.plan"); });
  EXPECT_NE(missing.find("/nonexistent/x.plan: cannot be opened"), std::string::npos) << missing;
  EXPECT_FALSE(is_plan_file("/nonexistent/x.plan"));
  EXPECT_FALSE(is_plan_file("/tmp"));
}

TEST(PlanRefusal, OfEveryTruncation) {
  for (const auto& [name, plan] : small_plans()) {
    const std::string bytes = saved(plan);
    for (std::size_t size = 8; size < bytes.size(); size += 1 + size / 64) {
      SCOPED_TRACE(fmt::format("{} bytes of {}", size, name));
      expect_refused(bytes.substr(0, size), "is cut off: it has");
    }
    expect_refused(bytes + "x", "is damaged: it has");
  }
}

TEST(PlanRefusal, OfEveryDamagedByte) {
  for (const auto& [name, plan] : small_plans()) {
    const std::string bytes = saved(plan);
    std::vector<bool> covered(bytes.size());
    std::fill_n(covered.begin(), section_of(bytes, "info").offset / 64 * 64 - 63, true);  // less what aligns the first section
    for (const char* section : {"info", "graph", "tactics", "profile", "passes", "const", "weights"}) {
      const Section s = section_of(bytes, section);
      std::fill_n(covered.begin() + static_cast<std::ptrdiff_t>(s.offset), s.size, true);
      if (s.size == 0) continue;
      std::string damaged = bytes;
      damaged[s.offset + s.size / 2] ^= 4;
      expect_refused(damaged, fmt::format("is damaged in its section '{}'", section));
    }
    const std::size_t header = kEntries + 7 * kEntrySize;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (!(i < header || (i >= section_of(bytes, "info").offset && covered[i]))) continue;
      std::string damaged = bytes;
      damaged[i] ^= 1;
      EXPECT_NE(load_refusal(damaged), "was not refused") << name << " byte " << i;
    }
  }
}

TEST(PlanRefusal, OfDamagedWeightsWhereAsked) {
  std::string bytes = saved(small_plans()[2].second);
  bytes[section_of(bytes, "weights").offset + 5] ^= 1;
  EXPECT_EQ(load_refusal(bytes, WeightsCheck::kNever), "was not refused");
  EXPECT_NE(load_refusal(bytes, WeightsCheck::kAlways).find("is damaged in its section 'weights'"), std::string::npos);
}

TEST(PlanRefusal, OfOtherVersionsAndMachines) {
  const std::string bytes = saved(small_plans()[0].second);
  std::string newer = bytes;
  newer[kMajor] = 9;
  newer.replace(kMadeBy, 6, "12.3.4");
  expect_refused(signed_again(newer), "is a plan of format 9.0, made by Temper 12.3.4; this is Temper ");
  std::string nothing = bytes;
  nothing[kMajor] = 0;
  expect_refused(signed_again(nothing), "its format is 0");
  std::string swapped = bytes;
  std::reverse(swapped.begin() + kByteOrder, swapped.begin() + kByteOrder + 4);
  expect_refused(swapped, "was made on a machine of the other byte order");
}

TEST(PlanRefusal, NotOfWhatNewerMinorVersionsAdd) {
  std::string bytes = saved(small_plans()[0].second);
  const Section passes = section_of(bytes, "passes");
  bytes.replace(passes.entry, 8, std::string("unknown\0", 8));
  EXPECT_EQ(load_refusal(signed_again(bytes)), "was not refused");
  const Section tactics = section_of(bytes, "tactics");
  const std::size_t longer = tactics.size + 1;  // into what aligns the next section
  ASSERT_NE(tactics.size % 64, 0U);
  std::memcpy(bytes.data() + tactics.entry + 16, &longer, sizeof(longer));
  expect_refused(signed_again(bytes), "section 'tactics': it ends before the section does");
  bytes[kMinor] = 7;
  EXPECT_EQ(load_refusal(signed_again(bytes)), "was not refused");
}

TEST(PlanRefusal, OfUnknownOperatorsAndAttributes) {
  const std::string bytes = saved(small_plans()[0].second);
  expect_refused(replaced(bytes, "relu", "rely"), "node 'relu_3': it needs the operator 'rely', which Temper ");
  expect_refused(replaced(bytes, "strides", "stripes"), "conv does not take attribute stripes");
  expect_refused(replaced(bytes, "valid", "voted"), "does not take attribute");
}

TEST(PlanRefusal, OfGraphsThatDoNotHoldTogether) {
  const Fact x = fact(DType::kFloat32, {2});
  const auto region_of = [&](const Fact& input) {
    Builder region;
    region.output(region.op("relu", {region.input("x", input)}));
    return region.graph;
  };
  const auto with_regions = [&](std::string_view op, const std::vector<Graph>& regions) {
    Builder b;
    std::vector<ValueId> in{b.input("x", x)};
    if (op == "if") in.insert(in.begin(), b.input("c", fact(DType::kBool, {})));
    b.output(b.op(op, in, {}, regions));
    return saved({b.graph, {}, {}, {}, {}});
  };
  expect_refused(with_regions("relu", {region_of(x)}), "node 'relu_0' (relu): it has regions, which this operator does not take");
  EXPECT_EQ(load_refusal(with_regions("if", {region_of(x), region_of(fact(DType::kFloat32, {-1}))})), "was not refused");
  for (const Fact& other : {fact(DType::kFloat32, {3}), fact(DType::kFloat32, {2, 1})}) {
    expect_refused(with_regions("if", {region_of(x), region_of(other)}), "where it is given float32[2]");
  }
  Builder two = {};
  two.output(two.op("relu", {two.input("x", x)}));
  expect_refused(replaced(saved({two.graph, {}, {}, {}, {}}), "relu", "loop"), "its graph does not hold together");
}

TEST(PlanRefusal, OfPlansThatCannotBe) {
  const auto save_refusal = [](const Plan& plan) {
    const TemporaryFile file;
    return refusal([&] { save_plan(plan, file.path()); });
  };
  Plan plan = small_plans()[0].second;
  plan.tactics.pop_back();
  EXPECT_NE(save_refusal(plan).find("7 tactics for 8 nodes"), std::string::npos) << save_refusal(plan);
  plan.tactics.clear();
  plan.profile[0].dims.pop_back();
  EXPECT_NE(save_refusal(plan).find("a profile of 3 dims for input 'picture'"), std::string::npos) << save_refusal(plan);
  plan.profile = {{"nothing", {}}};
  EXPECT_NE(save_refusal(plan).find("'nothing', which is no input"), std::string::npos) << save_refusal(plan);
  plan.profile = {};
  EXPECT_NE(refusal([&] { save_plan(plan, "/nonexistent/folder/x.plan"); }).find("cannot be written"), std::string::npos);
}

}  // namespace
}  // namespace temper::testing
