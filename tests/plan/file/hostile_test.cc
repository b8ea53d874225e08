#include <gtest/gtest.h>

#include <random>

#include "base/memory.h"
#include "ops/registry.h"
#include "plan/file/plans.h"
#include "support/graphs.h"
#include "support/tensors.h"

/// Plans whose checksums are right and whose content is anything.
namespace temper::testing {
namespace {

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

struct Counts {
  int loaded = 0;
  int refused = 0;
};

/// Loads, or is refused by ModelError; what is loaded is a sound graph, and can be saved (which is tried now and then).
void feed(const std::string& bytes, const TemporaryFile& file, const std::string& what, Counts& counts) {
  file.write(signed_again(bytes));
  std::optional<Plan> plan;
  try {
    plan = load_plan(file.path());
  } catch (const ModelError&) {
    ++counts.refused;
    return;
  } catch (const std::exception& error) {
    ADD_FAILURE() << what << ": " << error.what();
    return;
  }
  try {
    verify(plan->graph);
    if (++counts.loaded % 16 != 0) return;
    save_plan(*plan, file.path());
    load_plan(file.path());
  } catch (const std::exception& error) {
    ADD_FAILURE() << what << " after it was loaded: " << error.what();
  }
}

std::vector<std::string> saved_plans() {
  std::vector<std::string> all;
  for (const auto& [name, plan] : small_plans()) {
    const TemporaryFile file;
    save_plan(plan, file.path());
    all.push_back(file.content());
  }
  return all;
}

/// Of weights there is no structure to damage.
std::size_t structured_size(const std::string& bytes) { return std::min<std::size_t>(bytes.size(), 4096); }

TEST(HostilePlans, EveryByteChanged) {
  const MemoryLimit limit(std::size_t{256} << 20);
  const TemporaryFile file;
  Counts counts;
  for (const std::string& bytes : saved_plans()) {
    for (std::size_t i = 0; i < structured_size(bytes); ++i) {
      for (const int value : {0, 0x7f, 0xff, bytes[i] ^ 1, bytes[i] + 1}) {
        std::string changed = bytes;
        changed[i] = static_cast<char>(value);
        if (changed != bytes) feed(changed, file, fmt::format("byte {} = {}", i, value), counts);
      }
    }
  }
  EXPECT_GT(counts.loaded, 1000);
  EXPECT_GT(counts.refused, 1000);
}

TEST(HostilePlans, NumbersOfAnySize) {
  const MemoryLimit limit(std::size_t{256} << 20);
  const TemporaryFile file;
  Counts counts;
  constexpr std::int64_t kNumbers[] = {-1, 2, 1 << 16, 0x7fffffff, std::int64_t{1} << 59, INT64_MAX, INT64_MIN};
  for (const std::string& bytes : saved_plans()) {
    for (std::size_t i = 64; i + 8 <= structured_size(bytes); ++i) {
      for (const std::int64_t number : kNumbers) {
        std::string changed = bytes;
        std::memcpy(changed.data() + i, &number, i % 2 == 0 ? 4 : 8);
        feed(changed, file, fmt::format("byte {} = number {}", i, number), counts);
      }
    }
  }
  EXPECT_GT(counts.refused, 1000);
}

TEST(HostilePlans, PiecesMovedAbout) {
  const MemoryLimit limit(std::size_t{256} << 20);
  const TemporaryFile file;
  Counts counts;
  const auto plans = saved_plans();
  std::mt19937 random(1);
  const auto below = [&](std::size_t count) { return random() % count; };
  for (int turn = 0; turn < 5000; ++turn) {
    std::string bytes = plans[below(plans.size())];
    const std::string& other = plans[below(plans.size())];
    for (std::size_t times = 1 + below(3); times > 0; --times) {
      const std::size_t size = 1 + below(64);
      const std::size_t from = below(structured_size(other) - size);
      const std::size_t to = 64 + below(structured_size(bytes) - size - 64);
      bytes.replace(to, size, other, from, size);
    }
    feed(bytes, file, fmt::format("turn {}", turn), counts);
  }
  EXPECT_GT(counts.refused, 1000);
}

/// What may be wrong with a list of numbers.
std::vector<std::vector<std::int64_t>> any_numbers() {
  return {{}, {0}, {1, 1}, {-1, 2, 1}, {0, 0, 0, 0}, {INT64_MAX, 1, INT64_MIN, 1}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}};
}

/// The attributes with one of them changed, in every way that is thought of here.
std::vector<Attributes> varied(const Attributes& attributes) {
  std::vector<Attributes> all{attributes};
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    const auto vary = [&](Attribute value) {
      all.push_back(attributes);
      all.back()[i].second = std::move(value);
    };
    const Attribute& old = attributes[i].second;
    if (const auto* flag = std::get_if<bool>(&old)) vary(!*flag);
    if (std::holds_alternative<std::int64_t>(old)) {
      for (const std::int64_t number : {INT64_MIN, INT64_C(-1), INT64_C(0), INT64_C(1), INT64_C(3), INT64_MAX}) vary(number);
    }
    if (std::holds_alternative<double>(old)) vary(-1e300);
    if (std::holds_alternative<std::string>(old)) vary(std::string("->"));
    if (std::holds_alternative<DType>(old)) {
      for (const DType dtype : {DType::kString, DType::kList, DType::kBool, DType::kInt64}) vary(dtype);
    }
    if (std::holds_alternative<std::vector<std::int64_t>>(old)) {
      for (const auto& numbers : any_numbers()) vary(numbers);
    }
    if (std::holds_alternative<std::vector<std::string>>(old)) vary(std::vector<std::string>{"a", ""});
  }
  return all;
}

std::vector<Fact> any_facts() {
  std::vector<Fact> facts{fact(DType::kFloat32, {-1, 4, 4, 3}), fact(DType::kFloat32, {2, 3}), fact(DType::kFloat32, {}),
                          fact(DType::kInt32, {0, 0}),          fact(DType::kBool, {}),        {DType::kFloat32, {}, {}},
                          {DType::kList, {}, {}},               fact(DType::kUInt8, {5})};
  facts.push_back(Fact::of(i32({4}, {0, -1, 7, INT32_MAX})));
  facts.push_back(Fact::of(i64({}, {INT64_MIN})));
  facts.push_back(Fact::of(i32({4, 2}, {1, 1, -1, 3, 0, 0, INT32_MAX, 1})));
  facts.push_back(Fact::of(f32({0, 2}, {})));
  return facts;
}

/// A file may give any operator any attributes and inputs.
TEST(HostilePlans, EveryOperatorOnWhatItDoesNotTake) {
  const MemoryLimit limit(std::size_t{64} << 20);
  const auto facts = any_facts();
  std::mt19937 random(1);
  int taken = 0;
  int refused = 0;
  for (const std::string_view name : op_registry().names()) {
    for (const Attributes& attributes : varied(op_registry().make(name, {}).attributes())) {
      for (int turn = 0; turn < 60; ++turn) {
        std::vector<Fact> in;  // of its own size, so that what reads behind it is caught by a sanitizer
        for (int i = 0; i < turn % 6; ++i) in.push_back(facts[random() % facts.size()]);
        in.shrink_to_fit();
        try {
          op_registry().make(name, attributes).infer(in, {});
          ++taken;
        } catch (const Error&) {
          ++refused;
        } catch (const std::exception& error) {
          ADD_FAILURE() << name << ": " << error.what();
        }
      }
    }
  }
  EXPECT_GT(taken, 1000);
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace temper::testing
