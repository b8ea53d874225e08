#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace temper::testing {

struct Outcome {
  int code = -1;  ///< exit status; 128 + the signal where one ended the program
  std::string out;
  std::string err;
};

/// A test that starts the built program in a folder of its own, which holds models in text form and pictures.
class ProgramTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// Runs `temper ARGUMENTS` through the shell.
  Outcome temper(const std::string& arguments) const;
  std::filesystem::path at(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, std::string_view content) const;
  std::string read(const std::string& name) const;

  /// y = relu(x), x float32 [?,2], in relu.pbtxt.
  void make_relu() const;
  /// A detector under the names of the Object Detection API that finds the same two objects in every uint8 picture, in
  /// detector.pbtxt.
  void make_detector() const;
  /// A classifier of three classes that gives logits 1, 3, 2 for every picture of 8 x 8, in classifier.pbtxt.
  void make_classifier() const;
  /// A picture of `width` x `height`.
  void make_picture(const std::string& name, int width = 64, int height = 48) const;

 private:
  std::filesystem::path folder_;
};

/// The program exits with 2, says `part` on standard error, and leaves `folder` without files that end in .part.
#define EXPECT_REFUSED(arguments, part)                                                         \
  do {                                                                                          \
    const auto refusal = temper(arguments);                                                     \
    EXPECT_EQ(refusal.code, 2) << (arguments) << "\n" << refusal.err;                           \
    EXPECT_NE(refusal.err.find(part), std::string::npos) << (arguments) << "\n" << refusal.err; \
  } while (false)

}  // namespace temper::testing
