#include "cli/program.h"

#include <nlohmann/json.hpp>

#include "cli/io/npy.h"
#include "cli/io/npz.h"
#include "media/picture.h"
#include "support/tensors.h"

namespace temper {
namespace {
using namespace testing;
using nlohmann::json;

TEST_F(ProgramTest, HelpAndVersion) {
  EXPECT_EQ(temper("--version").out.rfind("temper ", 0), 0U);
  const auto help = temper("--help");
  EXPECT_EQ(help.code, 0);
  for (const char* command : {"bench", "classify", "detect", "doctor", "freeze", "inspect", "run"}) {
    EXPECT_NE(help.out.find(command), std::string::npos) << command;
    const auto own = temper(std::string(command) + " --help");
    EXPECT_EQ(own.code, 0);
    EXPECT_NE(own.out.find(std::string("Example:\n  temper ") + command), std::string::npos) << own.out;
  }
  EXPECT_EQ(temper("").code, 2);
}

TEST_F(ProgramTest, WrongWords) {
  EXPECT_REFUSED("inspekt x.pb", "Did you mean 'inspect'?");
  EXPECT_REFUSED("thaw x.pb", "This build has bench, classify, detect, doctor, explain, freeze, inspect, optimize, run");
  EXPECT_REFUSED("freeze x.pb", "--output is required");
  EXPECT_REFUSED("optimize x.pb", "--output is required");
  EXPECT_REFUSED("run", "FILE is required");
  EXPECT_REFUSED("run x.pb --colour red", "--colour");
  EXPECT_REFUSED("run x.pb --threads many", "--threads");
  EXPECT_REFUSED("detect x.pb y.jpg --min-score 2", "--min-score");
}

TEST_F(ProgramTest, FilesThatAreNoModels) {
  write("empty.pb", "");
  write("noise.pb", std::string(1000, '\xfe'));
  std::filesystem::create_directories(at("folder"));
  for (const char* command : {"inspect", "run", "bench"}) {
    const std::string start = std::string(command) + " ";
    EXPECT_REFUSED(start + "missing.pb", "missing.pb");
    EXPECT_REFUSED(start + "empty.pb", "empty.pb");
    EXPECT_REFUSED(start + "noise.pb", "noise.pb");
    EXPECT_REFUSED(start + "folder", "folder");
  }
  make_picture("p.jpg");
  EXPECT_REFUSED("detect empty.pb p.jpg", "empty.pb");
  EXPECT_REFUSED("classify p.jpg p.jpg", "p.jpg");
  EXPECT_FALSE(std::filesystem::exists(at("detected_images")));
}

TEST_F(ProgramTest, RunGivesNamedArrays) {
  make_relu();
  write("x.npy", encode_npy(f32({2, 2}, {-1, 2, 3, -4})));
  const auto outcome = temper("run relu.pbtxt --input x=x.npy --output y.npz");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("float32"), std::string::npos);
  const auto arrays = read_npz(at("y.npz"));
  ASSERT_EQ(arrays.size(), 1U);
  EXPECT_EQ(arrays[0].first, "y");
  EXPECT_TRUE(identical(arrays[0].second, f32({2, 2}, {0, 2, 3, 0})));

  const auto quiet = temper("run relu.pbtxt --input x.npy --output y.npy --backend reference -q");
  EXPECT_EQ(quiet.code, 0) << quiet.err;
  EXPECT_EQ(quiet.out + quiet.err, "");
  const std::string written = read("y.npy");
  EXPECT_TRUE(identical(decode_npy(std::as_bytes(std::span(written))), f32({2, 2}, {0, 2, 3, 0})));

  write_npz(at("x.npz"), {{"x", f32({1, 2}, {NAN, -1})}});
  const auto reported = temper("run relu.pbtxt --input x.npz --outputs y:0 --json");
  EXPECT_EQ(reported.code, 0) << reported.err;
  EXPECT_EQ(json::parse(reported.out)["outputs"][0]["name"], "y");
}

TEST_F(ProgramTest, RunCutsTheModelAtATensorThatIsGiven) {
  make_relu();
  write("y.npy", encode_npy(f32({1, 2}, {-1, 2})));
  const auto outcome = temper("run relu.pbtxt --input y=y.npy --output cut.npz");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(identical(read_npz(at("cut.npz"))[0].second, f32({1, 2}, {-1, 2})));  // not through the Relu
}

TEST_F(ProgramTest, RunRefusesWrongInputs) {
  make_relu();
  write("x.npy", encode_npy(f32({2, 2}, {1, 2, 3, 4})));
  write("text.npy", encode_npy(Tensor::strings({1, 2}, {"a", "b"})));
  write("flat.npy", encode_npy(f32({4}, {1, 2, 3, 4})));
  write("wide.npy", encode_npy(f32({1, 3}, {1, 2, 3})));
  write("cut.npy", encode_npy(f32({2, 2}, {1, 2, 3, 4})).substr(0, 70));
  write("noise.npy", "no array");
  const std::string start = "run relu.pbtxt --output y.npz ";
  EXPECT_REFUSED(start, "x");
  EXPECT_REFUSED(start + "--input z=x.npy", "there is no node named 'z'");
  EXPECT_REFUSED(start + "--input x=text.npy", "string");
  EXPECT_REFUSED(start + "--input x=flat.npy", "[4]");
  EXPECT_REFUSED(start + "--input x=wide.npy", "[1,3]");
  EXPECT_REFUSED(start + "--input x=cut.npy", "cut off");
  EXPECT_REFUSED(start + "--input x=noise.npy", "noise.npy");
  EXPECT_REFUSED(start + "--input x=missing.npy", "there is no such file");
  EXPECT_REFUSED(start + "--input x.npy --input x=x.npy", "too many");
  EXPECT_REFUSED(start + "--input x=x.npy --outputs nothing", "nothing");
  EXPECT_REFUSED(start + "--input x=x.npy --backend cuda", "cuda");
  EXPECT_FALSE(std::filesystem::exists(at("y.npz")));
  EXPECT_REFUSED("run relu.pbtxt --input x.npy --output nowhere/y.npz", "nowhere");
  EXPECT_REFUSED("run relu.pbtxt --input x.npy --output y.txt", ".npz");
  EXPECT_REFUSED("run relu.pbtxt --input x.npy --json x.npy --output y.npz --json=relu.pbtxt", "");
}

TEST_F(ProgramTest, ModelsOfSeveralFiles) {
  const std::string models = std::string(TEMPER_SOURCE_DIR) + "/tests/import/models/";
  const auto inspected = temper("inspect " + models + "same_names");
  EXPECT_EQ(inspected.code, 0) << inspected.err;
  for (const char* part : {"SavedModel", "signatures", "(ids) -> rows, size, z", "variables   2; outputs do not need 1 more"}) EXPECT_NE(inspected.out.find(part), std::string::npos) << part;
  const json answer = json::parse(temper("inspect " + models + "same_names --signature-def embed --json").out);
  EXPECT_EQ(answer["signatures"]["embed"]["chosen"], true);
  EXPECT_EQ(answer["inputs"][0]["name"], "ids");

  write("x.npy", encode_npy(f32({1, 3}, {1, 2, 3})));
  ASSERT_EQ(temper("run " + models + "same_names --input x=x.npy --output a.npz -q").code, 0);
  const auto frozen = temper("freeze " + models + "same_names -o frozen.pb");
  ASSERT_EQ(frozen.code, 0) << frozen.err;
  EXPECT_NE(frozen.out.find("2 constants from variables"), std::string::npos) << frozen.out;
  const json report = json::parse(temper("freeze " + models + "same_names -o frozen.pb --text --json").out);
  const std::string input = report["inputs"][0]["tensor"], output = report["outputs"][0]["tensor"];
  const auto again = temper("run frozen.pb --outputs " + output + " --input x.npy --output b.npz -q");
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_TRUE(identical(read_npz(at("a.npz"))[0].second, read_npz(at("b.npz"))[0].second));

  EXPECT_REFUSED("freeze " + models + "same_names -o frozen.pb --signature-def none", "it has embed, serving_default");
  EXPECT_REFUSED("freeze " + models + "sharded -o frozen.pb", "for training");
  EXPECT_REFUSED("freeze " + models + "sharded -o frozen.pb --outputs logits --inputs batch=floaty", "'floaty' is no element type");
  EXPECT_REFUSED("freeze " + models + "sharded -o frozen.pb --outputs logits --inputs nothing", "no node named 'nothing'");
  EXPECT_REFUSED("freeze missing -o frozen.pb", "missing");
  EXPECT_REFUSED("freeze " + models + "flow -o nowhere/frozen.pb", "nowhere");
}

TEST_F(ProgramTest, InspectDescribes) {
  make_relu();
  const auto outcome = temper("inspect relu.pbtxt --json");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const json answer = json::parse(outcome.out);
  EXPECT_EQ(answer["inputs"][0]["name"], "x");
  EXPECT_EQ(answer["inputs"][0]["shape"], json::parse("[null, 2]"));
  EXPECT_EQ(answer["ops"]["Relu"], 1);
  EXPECT_TRUE(answer["unsupported"].empty());
  EXPECT_NE(temper("inspect relu.pbtxt").out.find("Relu"), std::string::npos);
}

TEST_F(ProgramTest, InspectListsWhatIsUnsupported) {
  make_relu();
  write("odd.pbtxt",
        read("relu.pbtxt") +
            "node { name: 'z' op: 'TurnIntoGold' input: 'y' } node { name: 'w' op: 'TurnIntoGold' input: 'z' }");
  const auto outcome = temper("inspect odd.pbtxt");
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_NE(outcome.out.find("TurnIntoGold"), std::string::npos);
  EXPECT_EQ(json::parse(temper("inspect odd.pbtxt --json").out)["unsupported"][0]["count"], 2);
  EXPECT_REFUSED("run odd.pbtxt", "TurnIntoGold");
}

TEST_F(ProgramTest, DetectDrawsListsAndWrites) {
  make_detector();
  make_picture("in/a.jpg", 64, 48);
  make_picture("in/deep/b.png", 32, 32);
  write("labels.pbtxt", "item { id: 1 name: 'dog' } item { id: 3 name: 'n3' display_name: 'car' }");
  const auto outcome = temper("detect detector.pbtxt in --labels labels.pbtxt --json d.json");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("dog"), std::string::npos);
  const json answer = json::parse(read("d.json"));
  EXPECT_EQ(answer["model"], "detector.pbtxt");
  ASSERT_EQ(answer["images"].size(), 2U);
  const json& first = answer["images"][0];
  EXPECT_EQ(first["file"], "in/a.jpg");
  EXPECT_EQ(first["width"], 64);
  EXPECT_EQ(first["height"], 48);
  ASSERT_EQ(first["detections"].size(), 2U);
  EXPECT_EQ(first["detections"][1]["class_id"], 3);
  EXPECT_EQ(first["detections"][1]["label"], "car");
  EXPECT_NEAR(first["detections"][1]["score"].get<double>(), .6, 1e-6);
  EXPECT_EQ(first["detections"][1]["box"], json::parse("[0.0, 0.5, 0.5, 1.0]"));
  EXPECT_NE(read_picture(at("detected_images/a.jpg")).rgb, read_picture(at("in/a.jpg")).rgb);
  EXPECT_TRUE(std::filesystem::exists(at("detected_images/b.png")));
}

TEST_F(ProgramTest, DetectKeepsGoingPastUnreadablePictures) {
  make_detector();
  make_picture("a.jpg");
  write("bad.jpg", "this is no picture");
  const auto outcome = temper("detect detector.pbtxt bad.jpg a.jpg missing.jpg --out drawn --json - --min-score 0.05");
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("bad.jpg"), std::string::npos);
  EXPECT_NE(outcome.err.find("missing.jpg"), std::string::npos);
  EXPECT_NE(outcome.err.find("2 of 3 pictures skipped"), std::string::npos) << outcome.err;
  const json answer = json::parse(outcome.out);
  ASSERT_EQ(answer["images"].size(), 1U);
  EXPECT_EQ(answer["images"][0]["detections"].size(), 3U);
  EXPECT_EQ(answer["images"][0]["detections"][0]["label"], "1");
  EXPECT_TRUE(std::filesystem::exists(at("drawn/a.jpg")));
}

TEST_F(ProgramTest, DetectNumbersPlainListsAsTheDetectorCounts) {
  make_detector();
  make_picture("a.jpg");
  const auto label = [&](const std::string& list) {
    write("list.txt", list);
    return json::parse(temper("detect detector.pbtxt a.jpg --labels list.txt --no-draw --json")
                           .out)["images"][0]["detections"][0]["label"];
  };
  EXPECT_EQ(label("dog\ncat\ncar\n"), "dog");
  EXPECT_EQ(label("???\ndog\ncat\ncar\n"), "dog");
  EXPECT_EQ(label("0 nothing\n1 dog\n2 cat\n"), "dog");
}

TEST_F(ProgramTest, DetectComparesWithAnnotations) {
  make_detector();
  make_picture("a.png", 100, 100);
  write("labels/a.txt", "Pedestrian 0 0 0 25 25 50 75 0 0 0 0 0 0 0\nCar 0 0 0 0 0 10 10 0 0 0 0 0 0 0\n");
  write("map.txt", "person\ncat\ncar\n");
  const auto outcome = temper("detect detector.pbtxt a.png --labels map.txt --annotations labels --no-draw");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("found 1, missed 1, false 1"), std::string::npos) << outcome.out;
}

TEST_F(ProgramTest, DetectRefusesBeforeItRuns) {
  make_detector();
  make_relu();
  make_picture("a.jpg");
  EXPECT_REFUSED("detect detector.pbtxt a.jpg --labels missing.pbtxt", "missing.pbtxt");
  EXPECT_REFUSED("detect detector.pbtxt a.jpg --annotations missing", "missing");
  EXPECT_REFUSED("detect detector.pbtxt a.jpg --signature missing.json", "missing.json");
  EXPECT_REFUSED("detect detector.pbtxt missing.jpg", "missing.jpg");
  EXPECT_REFUSED("detect detector.pbtxt '*.gif'", "matches no file");
  EXPECT_REFUSED("detect detector.pbtxt a.jpg --out .", "would replace the original");
  EXPECT_REFUSED("detect detector.pbtxt a.jpg --json=a.jpg", "not overwritten");
  EXPECT_REFUSED("detect detector.pbtxt a.jpg --preprocess 0..1", "--preprocess");
  EXPECT_REFUSED("detect relu.pbtxt a.jpg", "detection_boxes");
  EXPECT_FALSE(std::filesystem::exists(at("detected_images")));
}

TEST_F(ProgramTest, DetectReadsADescription) {
  make_detector();
  make_picture("a.jpg");
  write("detector.detector.json",
        R"({"layout": "tensors", "boxes": "detection_boxes", "scores": "detection_scores", "box": "x1y1x2y2"})");
  const auto outcome = temper("detect detector.pbtxt a.jpg --no-draw --json");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const json detections = json::parse(outcome.out)["images"][0]["detections"];
  EXPECT_EQ(detections[1]["class_id"], 1);
  EXPECT_EQ(detections[1]["box"], json::parse("[0.5, 0.0, 1.0, 0.5]"));
}

TEST_F(ProgramTest, ClassifyRanksClasses) {
  make_classifier();
  make_picture("a.png", 20, 10);
  write("labels.txt", "cat\ndog\nowl\n");
  const auto outcome = temper("classify classifier.pbtxt a.png --labels labels.txt --top 2 --json c.json");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("softmax"), std::string::npos);
  EXPECT_NE(outcome.err.find("--preprocess"), std::string::npos);
  const json classes = json::parse(read("c.json"))["images"][0]["classes"];
  ASSERT_EQ(classes.size(), 2U);
  EXPECT_EQ(classes[0]["label"], "dog");
  EXPECT_NEAR(classes[0]["score"].get<double>(), .66524, 1e-4);
  EXPECT_EQ(classes[1]["label"], "owl");
  write("labels.txt", "dog\nowl\n");
  EXPECT_EQ(json::parse(temper("classify classifier.pbtxt a.png --labels labels.txt --resize-mode crop --json")
                            .out)["images"][0]["classes"][0]["label"],
            "dog");
  EXPECT_REFUSED("classify classifier.pbtxt a.png --labels missing.txt", "missing.txt");
  EXPECT_REFUSED("classify classifier.pbtxt a.png --resize-mode squeeze", "squeeze");
  make_detector();
  EXPECT_REFUSED("classify detector.pbtxt a.png", "--outputs");
}

TEST_F(ProgramTest, BenchReportsTimes) {
  make_relu();
  const auto outcome = temper("bench relu.pbtxt --batch 4 --threads 1 --seconds 0 --json b.json");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const json answer = json::parse(read("b.json"));
  for (const char* key :
       {"median_ms", "min_ms", "p90_ms", "p99_ms", "throughput_per_s", "load_ms", "first_ms", "peak_rss_mb"}) {
    EXPECT_GT(answer[key].get<double>(), 0) << key;
  }
  make_detector();
  EXPECT_EQ(temper("bench detector.pbtxt --seconds 0").code, 0) << "open dims are chosen";
  EXPECT_EQ(temper("bench detector.pbtxt --seconds 0 --shape image_tensor=1x20x30x3").code, 0);
}

TEST_F(ProgramTest, DoctorDescribesTheMachine) {
  const json answer = json::parse(temper("doctor --json").out);
  EXPECT_TRUE(answer["cpu"]["features"].contains("AVX2"));
  EXPECT_GT(answer["memory"]["limit_bytes"].get<double>(), 0);
  EXPECT_NE(temper("doctor").out.find("oneDNN"), std::string::npos);
}

TEST_F(ProgramTest, StandardOutputThatCannotBeWritten) {
  EXPECT_REFUSED("doctor >/dev/full", "");
  EXPECT_REFUSED("doctor --json >/dev/full", "standard output");
}

TEST_F(ProgramTest, AReaderThatLeavesEndsItQuietly) {
  const auto outcome = temper("doctor | true; true");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
}

}  // namespace
}  // namespace temper
