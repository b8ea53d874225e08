#include "cli/io/detector.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/tensors.h"

namespace temper {
namespace {
using namespace testing;

Graph graph_with(const std::vector<std::pair<std::string, Fact>>& outputs) {
  Graph graph;
  for (const auto& [name, fact] : outputs) graph.add_output(name, graph.add_input("of " + name, fact));
  return graph;
}

Fact fact(ShapeFact shape) { return {DType::kFloat32, std::move(shape), {}}; }

DetectorSignature rows_signature() {
  DetectorSignature signature;
  signature.layout = DetectorSignature::Layout::kRows;
  signature.order = BoxOrder::kXyXy;
  signature.normalised.reset();
  return signature;
}

TEST(FindDetector, ByNamesOfTheObjectDetectionApi) {
  const auto signature = find_detector(graph_with({{"num_detections", fact(Shape{1})},
                                                   {"detection_boxes", fact({})},
                                                   {"detection_scores", fact({})},
                                                   {"detection_classes", fact({})},
                                                   {"detection_masks", fact({})}}));
  EXPECT_EQ(signature.layout, DetectorSignature::Layout::kTensors);
  EXPECT_EQ(signature.boxes, "detection_boxes");
  EXPECT_EQ(signature.count, "num_detections");
  EXPECT_TRUE(signature.counts_from_one);
  EXPECT_EQ(signature.outputs().size(), 4U);
}

TEST(FindDetector, WhateverThePrefix) {
  const auto signature =
      find_detector(graph_with({{"import/detection_boxes", fact({})}, {"import/detection_scores", fact({})}}));
  EXPECT_EQ(signature.scores, "import/detection_scores");
  EXPECT_EQ(signature.classes, "");
}

TEST(FindDetector, ByRows) {
  const auto signature =
      find_detector(graph_with({{"tower_0/wh", fact(Shape{1, 128, 128, 4})},
                                {"tower_0/detections", fact(ShapeFact({Dim(), Dim(100), Dim(6)}))}}));
  EXPECT_EQ(signature.layout, DetectorSignature::Layout::kRows);
  EXPECT_EQ(signature.rows, "tower_0/detections");
  EXPECT_EQ(signature.order, BoxOrder::kXyXy);
  EXPECT_FALSE(signature.normalised.has_value());
}

TEST(FindDetector, SaysWhatItLookedFor) {
  try {
    find_detector(graph_with({{"probs", fact(Shape{1, 1000})}}));
    FAIL();
  } catch (const ModelError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("detection_boxes"), std::string::npos);
    EXPECT_NE(text.find("probs float32[1,1000]"), std::string::npos);
    EXPECT_NE(text.find("--signature"), std::string::npos);
  }
}

TEST(Signature, ReadsADescription) {
  const auto rows = parse_signature(
      R"({"input": "x", "layout": "rows", "box": "y1x1y2x2", "normalised": false, "score": 0, "class": 1, "box_column": 2})");
  EXPECT_EQ(rows.input, "x");
  EXPECT_EQ(rows.order, BoxOrder::kYxYx);
  EXPECT_EQ(rows.normalised, false);
  EXPECT_EQ(rows.box_column, 2U);
  const auto tensors = parse_signature(R"({"layout": "tensors", "boxes": "b", "scores": "s", "count": "n"})");
  EXPECT_EQ(tensors.outputs(), (std::vector<std::string>{"b", "s", "n"}));
  for (const char* text : {"", "[]", "{}", R"({"layout": "columns"})", R"({"layout": "tensors"})",
                           R"({"layout": "rows", "box": "abcd"})", R"({"layout": "rows", "colour": 1})",
                           R"({"layout": "rows", "score": -1})", R"({"layout": "rows", "normalised": 1})"}) {
    EXPECT_THROW(parse_signature(text), ModelError) << text;
  }
}

TEST(DecodeDetections, OfTensors) {
  const Tensor boxes = f32({1, 3, 4}, {.1F, .2F, .3F, .4F, 0, 0, 1, 1, -1, -1, 2, 2});
  const Tensor scores = f32({1, 3}, {.5F, .9F, .8F});
  const Tensor classes = f32({1, 3}, {18, 1, 2});
  const Tensor count = f32({1}, {2});
  DetectorSignature signature;
  const auto found = decode_detections(signature, {&boxes, &scores, &classes, &count}, 300, 300, .5);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].class_id, 1);
  EXPECT_EQ(found[1].class_id, 18);
  EXPECT_FLOAT_EQ(found[1].box.ymin, .1F);
  EXPECT_FLOAT_EQ(found[1].box.xmax, .4F);
  EXPECT_EQ(decode_detections(signature, {&boxes, &scores, &classes, &count}, 300, 300, .6).size(), 1U);
}

TEST(DecodeDetections, OfRowsInPixels) {
  const Tensor rows = f32({1, 2, 6}, {128, 64, 256, 514, .9F, 17, -3, 0, 10, 10, .01F, 0});
  const DetectorSignature signature = rows_signature();
  DetectorOutputs outputs;
  outputs.rows = &rows;
  const auto found = decode_detections(signature, outputs, 512, 512, .5);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].class_id, 17);
  EXPECT_FLOAT_EQ(found[0].box.xmin, .25F);
  EXPECT_FLOAT_EQ(found[0].box.ymin, .125F);
  EXPECT_FLOAT_EQ(found[0].box.ymax, 1);
}

TEST(DecodeDetections, TellsFractionsFromPixels) {
  const Tensor rows = f32({1, 1, 6}, {.25F, .5F, .75F, 1.02F, .9F, 3});
  const DetectorSignature signature = rows_signature();
  DetectorOutputs outputs;
  outputs.rows = &rows;
  EXPECT_FLOAT_EQ(decode_detections(signature, outputs, 512, 512, .5)[0].box.xmin, .25F);
}

TEST(DecodeDetections, SurvivesWhatMakesNoSense) {
  DetectorSignature signature;
  const Tensor boxes = f32({1, 2, 4}, {NAN, 0, INFINITY, 1, 0, 0, 1, 1});
  const Tensor scores = f32({1, 2}, {.9F, NAN});
  const Tensor classes = f32({1, 2}, {INFINITY, NAN});
  const Tensor count = f32({1}, {INFINITY});
  const auto found = decode_detections(signature, {&boxes, &scores, &classes, &count}, 10, 10, .5);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].box.ymin, 0);
  EXPECT_EQ(found[0].box.ymax, 1);
  EXPECT_THROW(decode_detections(signature, {&scores, &scores}, 10, 10, .5), ModelError);
  EXPECT_THROW(decode_detections(signature, {}, 10, 10, .5), ModelError);
  const Tensor logits = f32({1, 2}, {4, -5});
  EXPECT_THROW(decode_detections(signature, {&boxes, &logits}, 10, 10, .5), ModelError);
}

}  // namespace
}  // namespace temper
