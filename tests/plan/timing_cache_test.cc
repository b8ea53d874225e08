#include "plan/timing_cache.h"

#include <thread>

#include "base/file.h"
#include "plan/file/plans.h"
#include "support/graphs.h"
#include "support/tensors.h"

namespace temper::testing {
namespace {

TEST(TimingCache, RemembersFromRunToRun) {
  const TemporaryFile file;
  {
    TimingCache cache = TimingCache::load(file.path());
    EXPECT_EQ(cache.warning(), "");
    EXPECT_EQ(cache.find("a"), std::nullopt);
    cache.record("a", 5);
    cache.record("two\nlines \\n\tand a tab", 7);
    cache.record("", 0);
    cache.record("a", 6);
    EXPECT_EQ(cache.find("a"), 6);
    cache.save();
  }
  const TimingCache cache = TimingCache::load(file.path());
  EXPECT_EQ(cache.warning(), "");
  EXPECT_EQ(cache.size(), 3U);
  EXPECT_EQ(cache.find("a"), 6);
  EXPECT_EQ(cache.find("two\nlines \\n\tand a tab"), 7);
  EXPECT_EQ(cache.find(""), 0);
}

TEST(TimingCache, IsTheSameBytesForTheSameTimes) {
  const TemporaryFile one;
  const TemporaryFile other;
  const auto fill = [](const TemporaryFile& file, std::initializer_list<std::string_view> keys) {
    TimingCache cache = TimingCache::load(file.path());
    for (const std::string_view key : keys) cache.record(key, static_cast<std::int64_t>(key.size()));
    cache.save();
  };
  fill(one, {"x", "yy", "zzz"});
  fill(other, {"zzz", "x"});
  fill(other, {"yy"});
  EXPECT_EQ(one.content(), other.content());
}

TEST(TimingCache, KeepsWhatOthersWrote) {
  const TemporaryFile file;
  TimingCache ours = TimingCache::load(file.path());
  TimingCache theirs = TimingCache::load(file.path());
  theirs.record("both", 1);
  theirs.record("theirs", 2);
  theirs.save();
  ours.record("both", 3);
  ours.save();
  EXPECT_EQ(ours.find("theirs"), 2);
  const TimingCache all = TimingCache::load(file.path());
  EXPECT_EQ(all.find("both"), 3);
  EXPECT_EQ(all.find("theirs"), 2);
}

TEST(TimingCache, LosesNothingWhenManySave) {
  const TemporaryFile file;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int turn = 0; turn < 10; ++turn) {
        TimingCache cache = TimingCache::load(file.path());
        cache.record(fmt::format("{} {}", i, turn), 1);
        cache.save();
      }
    });
  }
  threads.clear();
  EXPECT_EQ(TimingCache::load(file.path()).size(), 80U);
}

TEST(TimingCache, PassesOverWhatItCannotUse) {
  const TemporaryFile file;
  TimingCache cache = TimingCache::load(file.path());
  cache.record("a kernel", 12345);
  cache.save();
  const std::string good = file.content();
  const auto expect_warning = [&](const std::string& content, const std::string& message) {
    file.write(content);
    const TimingCache damaged = TimingCache::load(file.path());
    EXPECT_EQ(damaged.size(), 0U);
    EXPECT_NE(damaged.warning().find(file.path().string() + ": " + message), std::string::npos) << damaged.warning();
  };
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string damaged = good;
    damaged[i] ^= 1;
    expect_warning(damaged, "is ");
    if (i > 0) expect_warning(good.substr(0, i), "is ");
  }
  expect_warning("", "is no cache of times");
  expect_warning("temper timing cache 2 0\n", "is no cache of times that this version reads");
  TimingCache again = TimingCache::load(file.path());
  again.record("a kernel", 12345);
  again.save();
  EXPECT_EQ(file.content(), good);
  EXPECT_NE(TimingCache::load("/tmp").warning(), "");
  EXPECT_EQ(TimingCache::load("/nonexistent/folder/x").warning(), "");
  TimingCache nowhere = TimingCache::load("/proc/nothing/x");
  nowhere.record("a", 1);
  EXPECT_THROW(nowhere.save(), ModelError);
  TimingCache none;
  none.record("a", 1);
  EXPECT_NO_THROW(none.save());
}

TEST(TimingKey, TellsApartWhatTakesOtherTimes) {
  Builder b;
  const ValueId x = b.input("x", fact(DType::kFloat32, {1, 8, 8, 3}));
  const ValueId filter = b.constant(Tensor::zeros(DType::kFloat32, {3, 3, 3, 4}));
  b.op("conv", {x, filter}, {{"strides", std::vector<std::int64_t>{2, 2}}});
  const Node& node = b.graph.node(static_cast<NodeId>(1));
  const Facts in{b.graph.fact(x), b.graph.fact(filter)};
  const std::string key = timing_key("cpu", "onednn/conv 2.6", node, in, 2);
  EXPECT_TRUE(key.starts_with("cpu | onednn/conv 2.6 | conv(float32[1,8,8,3], float32[3,3,3,4] constant) strides=[2,2] ")) << key;
  EXPECT_TRUE(key.ends_with(" | 2 threads")) << key;
}

}  // namespace
}  // namespace temper::testing
