#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/io/npy.h"
#include "cli/program.h"
#include "support/tensors.h"

/// What the program takes of memory: it keeps to what it is allowed, foresees what it takes, and ends with words where the system refuses more.
namespace temper::testing {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kCountsPages = false;  // what the sanitizer takes is not the program's
#else
constexpr bool kCountsPages = true;
#endif

class MemoryTest : public ProgramTest {
 protected:
  void SetUp() override {
    if (!kCountsPages) GTEST_SKIP() << "under a sanitizer memory is not the program's";
    ProgramTest::SetUp();
    write("x.npy", encode_npy(sample(2)));
  }
  void TearDown() override {
    if (kCountsPages) ProgramTest::TearDown();
  }

  static constexpr int kWidth = 1024;

  static Tensor sample(std::int64_t rows) {
    Tensor x(DType::kFloat32, {rows, kWidth});
    int i = 0;
    for (float& value : x.mutable_data<float>()) value = static_cast<float>(i++ % 19 - 9);
    return x;
  }

  /// x [?,1024] times 12 matrices of 4 MB, a relu after each.
  void make_chain() const {
    const auto size = [](int dim) { return fmt::format("dim {{ size: {} }} ", dim); };
    std::string text = fmt::format("node {{ name: 'x' op: 'Placeholder' attr {{ key: 'dtype' value {{ type: DT_FLOAT }} }} attr {{ key: 'shape' value {{ shape {{ {} {} }} }} }} }}\n",
                                   size(-1), size(kWidth));
    const std::string type = "attr { key: 'T' value { type: DT_FLOAT } }";
    for (int i = 0; i < 12; ++i) {
      text += fmt::format("node {{ name: 'w{}' op: 'Const' attr {{ key: 'dtype' value {{ type: DT_FLOAT }} }} attr {{ key: 'value' value {{ tensor {{ dtype: DT_FLOAT"
                          " tensor_shape {{ {} {} }} float_val: {} }} }} }} }}\n", i, size(kWidth), size(kWidth), 0.001 + 0.0001 * i);
      text += fmt::format("node {{ name: 'm{0}' op: 'MatMul' input: '{1}' input: 'w{0}' {2} }}\n", i, i == 0 ? "x" : fmt::format("r{}", i - 1), type);
      text += fmt::format("node {{ name: 'r{0}' op: 'Relu' input: 'm{0}' {1} }}\n", i, type);
    }
    write("chain.pbtxt", text);
  }

  nlohmann::json json_of(const std::string& arguments) const {
    const Outcome outcome = temper(arguments + " -q --json -");
    EXPECT_EQ(outcome.code, 0) << arguments << "\n" << outcome.err;
    return outcome.code == 0 ? nlohmann::json::parse(outcome.out) : nlohmann::json();
  }
};

TEST_F(MemoryTest, TheSameModelGivesTheSamePlan) {
  make_chain();
  const std::string made = "optimize chain.pbtxt --shape x=2x1024 --threads 1 --timing-cache times -q -o ";
  for (const char* name : {"a.plan", "b.plan", "c.plan"}) ASSERT_EQ(temper(made + name).code, 0);
  EXPECT_TRUE(read("b.plan") == read("a.plan"));
  EXPECT_TRUE(read("c.plan") == read("b.plan"));
}

TEST_F(MemoryTest, ForeseesThePeak) {
  make_chain();
  ASSERT_EQ(temper("optimize chain.pbtxt -o chain.plan --shape x=2x1024 --threads 1 --tune off -q").code, 0);
  for (const char* limit : {"", " --memory-limit 45M"}) {
    const auto seen = json_of(fmt::format("explain chain.plan --threads 1{}", limit));
    ASSERT_FALSE(seen.empty());
    EXPECT_EQ(seen["predicted"]["streams_weights"], *limit != '\0');
    const double share = seen["peak_rss_bytes"].get<double>() / seen["predicted_peak_bytes"].get<double>();
    EXPECT_GT(share, 0.85) << limit;  // 0.9 to 1.1 where nothing else asks for the program's pages
    EXPECT_LT(share, 1.15) << limit;
  }
}

/// The weights are 48 MB, and some 25 are the program's.
TEST_F(MemoryTest, KeepsToTheLimitAndAnswersAlike) {
  make_chain();
  ASSERT_EQ(temper("optimize chain.pbtxt -o free.plan --threads 1 --tune off -q").code, 0);
  ASSERT_EQ(temper("optimize chain.pbtxt -o bound.plan --memory-limit 60M --shape x=2x1024 --threads 1 --tune off -q").code, 0);
  ASSERT_EQ(temper("run free.plan --input x.npy --output free.npy -q").code, 0);
  for (const char* arguments : {"free.plan --memory-limit 45M", "bound.plan", "chain.pbtxt --memory-limit 60M"}) {
    const Outcome ran = temper(fmt::format("run {} --threads 1 --input x.npy --output bound.npy -q", arguments));
    ASSERT_EQ(ran.code, 0) << arguments << "\n" << ran.err;
    EXPECT_TRUE(read("bound.npy") == read("free.npy")) << arguments;
  }
  const double peak_mb = json_of("bench free.plan --memory-limit 45M --threads 1 --input x.npy --seconds 0")["peak_rss_mb"];
  EXPECT_LE(peak_mb, 45);
}

TEST_F(MemoryTest, SaysWhatDoesNotFit) {
  make_chain();
  ASSERT_EQ(temper("optimize chain.pbtxt -o chain.plan --threads 1 --tune off -q").code, 0);
  write("large.npy", encode_npy(sample(4096)));  // 16 MB in, 16 MB on the way, 16 MB out
  const Outcome refused = temper("run chain.plan --input large.npy --memory-limit 60M");
  EXPECT_EQ(refused.code, 2);
  for (const char* part : {"of memory at these sizes, but 60.0 MB is allowed", "the largest steps are 'r", "--memory-limit"}) {
    EXPECT_NE(refused.err.find(part), std::string::npos) << part << "\n" << refused.err;
  }
  EXPECT_REFUSED("optimize chain.pbtxt -o none.plan --shape x=65536x1024 --memory-limit 60M", "60.0 MB");
  EXPECT_FALSE(std::filesystem::exists(at("none.plan")));
}

/// The system grants so much of private memory, among it the mapped plan, and refuses the rest: whatever it is, that is said, and no signal ends
/// the program.
TEST_F(MemoryTest, EndsWithWordsWhereTheSystemRefuses) {
  make_chain();
  ASSERT_EQ(temper("optimize chain.pbtxt -o chain.plan --threads 1 --tune off -q").code, 0);
  bool refused = false, done = false;
  for (int kilobytes = 8 << 10; kilobytes <= (160 << 10); kilobytes += 16 << 10) {
    write("limited.sh", fmt::format("ulimit -d {} && exec '{}' run \"$1\" --threads 1 --input x.npy -q\n", kilobytes, TEMPER_PROGRAM));
    for (const char* file : {"chain.plan", "chain.pbtxt"}) {
      const Outcome ran = temper(fmt::format("--version >/dev/null ; sh limited.sh {}", file));
      ASSERT_TRUE(ran.code == 0 || ran.code == 2) << ran.code << " with " << kilobytes << " KB for " << file << "\n" << ran.err;
      EXPECT_EQ(ran.code == 2, !ran.err.empty());
      refused |= ran.code == 2;
      done |= ran.code == 0;
    }
  }
  EXPECT_TRUE(refused && done);
}

/// A detector of 190 MB in less than its weights and activations: runs where its file is there.
TEST_F(MemoryTest, AFasterRcnnKeepsToTheLimit) {
  const char* const given = std::getenv("TEMPER_FASTER_RCNN");
  if (given == nullptr) GTEST_SKIP() << "TEMPER_FASTER_RCNN names no frozen graph of a Faster R-CNN with weights of 190 MB";
  make_picture("frame.png", 1224, 370);
  ASSERT_EQ(temper(fmt::format("optimize '{}' -o free.plan --tune off -q", given)).code, 0);
  ASSERT_EQ(temper("run free.plan --input frame.png --output free.npz -q").code, 0);
  for (const char* limit : {"290M", "250M"}) {
    for (const char* shape : {"", "--shape 1x370x1224x3"}) {
      ASSERT_EQ(temper(fmt::format("optimize '{}' -o bound.plan --memory-limit {} {} --tune off -q", given, limit, shape)).code, 0);
      ASSERT_EQ(temper("run bound.plan --input frame.png --output bound.npz -q").code, 0);
      EXPECT_TRUE(read("bound.npz") == read("free.npz"));
      EXPECT_LE(json_of("bench bound.plan --image frame.png --seconds 0")["peak_rss_mb"].get<double>(), std::atof(limit));
    }
    EXPECT_LE(json_of(fmt::format("bench free.plan --memory-limit {} --image frame.png --seconds 0", limit))["peak_rss_mb"].get<double>(), std::atof(limit));
  }
  EXPECT_REFUSED("run free.plan --memory-limit 60M --input frame.png", "is allowed");
}

}  // namespace
}  // namespace temper::testing
