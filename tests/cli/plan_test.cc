#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/io/npy.h"
#include "cli/io/npz.h"
#include "cli/program.h"
#include "support/tensors.h"

/// Plans, from the command line.
namespace temper::testing {
namespace {

using nlohmann::json;

TEST_F(ProgramTest, APlanTakesTheModelsPlace) {
  make_relu();
  make_detector();
  make_classifier();
  make_picture("a.png", 20, 10);
  write("labels.txt", "cat\ndog\nowl\n");
  write("x.npy", encode_npy(f32({2, 2}, {-1, 2, 3, -4})));
  for (const char* model : {"relu", "detector", "classifier"}) {
    const auto made = temper(fmt::format("optimize {}.pbtxt -o {}.plan --threads 1 --timing-cache none", model, model));
    ASSERT_EQ(made.code, 0) << made.err;
    EXPECT_NE(made.out.find("chosen kernels"), std::string::npos);
  }
  ASSERT_EQ(temper("run relu.plan --input x=x.npy --output y.npz").code, 0);
  EXPECT_TRUE(identical(read_npz(at("y.npz"))[0].second, f32({2, 2}, {0, 2, 3, 0})));
  EXPECT_EQ(temper("run relu.plan --backend reference --input x=x.npy").code, 0);
  EXPECT_EQ(json::parse(temper("detect detector.plan a.png --no-draw --json").out)["images"][0]["detections"],
            json::parse(temper("detect detector.pbtxt a.png --no-draw --json").out)["images"][0]["detections"]);
  EXPECT_EQ(json::parse(temper("classify classifier.plan a.png --labels labels.txt --json").out)["images"][0]["classes"],
            json::parse(temper("classify classifier.pbtxt a.png --labels labels.txt --json").out)["images"][0]["classes"]);
  EXPECT_EQ(temper("bench relu.plan --seconds 0").code, 0);
  const auto inspected = temper("inspect relu.plan");
  EXPECT_NE(inspected.out.find("Temper plan"), std::string::npos);
  EXPECT_NE(inspected.out.find("relu.pbtxt"), std::string::npos);
  EXPECT_EQ(json::parse(temper("inspect relu.plan --json").out)["threads"], 1);
}

TEST_F(ProgramTest, PlansAreEqualByteByByte) {
  make_classifier();
  for (const char* name : {"a", "b"}) {
    ASSERT_EQ(temper(fmt::format("optimize classifier.pbtxt -o {}.plan --threads 1 --timing-cache times", name)).code, 0);
  }
  EXPECT_EQ(read("a.plan"), read("b.plan"));
}

TEST_F(ProgramTest, APlanKeepsToItsProfile) {
  make_relu();
  write("x2.npy", encode_npy(f32({2, 2}, {-1, 2, 3, -4})));
  write("x3.npy", encode_npy(f32({3, 2}, {-1, 2, 3, -4, 5, 6})));
  ASSERT_EQ(temper("optimize relu.pbtxt -o two.plan --max-batch 2").code, 0);
  EXPECT_EQ(temper("run two.plan --input x2.npy").code, 0);
  EXPECT_REFUSED("run two.plan --input x3.npy", "--max-batch 3");
  ASSERT_EQ(temper("optimize relu.pbtxt -o range.plan --shape x=2x2:3x2:4x2").code, 0);
  EXPECT_EQ(temper("run range.plan --input x3.npy").code, 0);
  ASSERT_EQ(temper("optimize relu.pbtxt -o three.plan --shape x=3x2").code, 0);
  EXPECT_REFUSED("run three.plan --input x2.npy", "[3,2]");
  EXPECT_REFUSED("run two.plan --outputs z --input x2.npy", "the plan has no output 'z'");
  EXPECT_REFUSED("run two.plan --input z=x2.npy", "the plan has no input 'z'");
}

TEST_F(ProgramTest, OptimizeRefusesWrongWords) {
  make_relu();
  ASSERT_EQ(temper("optimize relu.pbtxt -o a.plan").code, 0);
  EXPECT_REFUSED("optimize a.plan -o b.plan", "is a plan already");
  EXPECT_REFUSED("optimize relu.pbtxt -o relu.pbtxt", "is there and is no plan");
  EXPECT_REFUSED("optimize relu.pbtxt -o missing/a.plan", "missing");
  EXPECT_REFUSED("optimize relu.pbtxt -o b.plan --shape y=1x2", "the model's inputs are x");
  EXPECT_REFUSED("optimize relu.pbtxt -o b.plan --shape x=1x3", "not 3..3");
  EXPECT_REFUSED("optimize relu.pbtxt -o b.plan --shape x=3x2:2x2:4x2", "min <= opt <= max");
  EXPECT_REFUSED("optimize relu.pbtxt -o b.plan --memory-limit 12Q", "is no size");
  EXPECT_REFUSED("optimize relu.pbtxt -o b.plan --memory-limit 1M", "1.0 MB");
  EXPECT_REFUSED("optimize relu.pbtxt -o b.plan --disable-pass none_such", "none_such");
  EXPECT_FALSE(std::filesystem::exists(at("b.plan")));
  std::string damaged = read("a.plan");
  damaged[damaged.size() / 2] ^= 1;
  write("c.plan", damaged);
  EXPECT_REFUSED("run c.plan --input 1", "damaged");
  write("d.plan", damaged.substr(0, damaged.size() / 2));
  EXPECT_REFUSED("bench d.plan", "d.plan");
}

TEST_F(ProgramTest, ExplainSaysWhatIsDone) {
  make_classifier();
  ASSERT_EQ(temper("optimize classifier.pbtxt -o c.plan --threads 1").code, 0);
  const auto outcome = temper("explain c.plan --runs 2 --json");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const json answer = json::parse(outcome.out);
  ASSERT_FALSE(answer["steps"].empty());
  for (const json& step : answer["steps"]) {
    EXPECT_FALSE(step["node"].get<std::string>().empty());
    EXPECT_FALSE(step["kernel"].get<std::string>().empty());
  }
  EXPECT_GE(answer["arena_bytes"], answer["arena_lower_bound_bytes"]);
  EXPECT_NE(temper("explain classifier.pbtxt --runs 1").out.find("made by"), std::string::npos);
  const auto together = temper("bench c.plan --contexts 3 --threads 1 --seconds 0 --json");
  ASSERT_EQ(together.code, 0) << together.err;
  EXPECT_GE(json::parse(together.out)["runs"], 15);
}

}  // namespace
}  // namespace temper::testing
