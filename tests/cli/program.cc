#include "cli/program.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "base/file.h"
#include "media/picture_writer.h"

namespace temper::testing {
namespace {

std::string placeholder(std::string_view name, std::string_view type, const std::vector<int>& dims) {
  std::string shape;
  for (const int dim : dims) shape += fmt::format("dim {{ size: {} }} ", dim);
  return fmt::format(
      "node {{ name: '{}' op: 'Placeholder' attr {{ key: 'dtype' value {{ type: {} }} }}"
      " attr {{ key: 'shape' value {{ shape {{ {} }} }} }} }}\n",
      name, type, shape);
}

std::string constant(std::string_view name, std::string_view type, std::string_view field, const std::vector<int>& dims,
                     const std::vector<double>& values) {
  std::string shape;
  for (const int dim : dims) shape += fmt::format("dim {{ size: {} }} ", dim);
  std::string list;
  for (const double value : values) list += fmt::format("{}: {} ", field, value);
  return fmt::format(
      "node {{ name: '{}' op: 'Const' attr {{ key: 'dtype' value {{ type: {} }} }} attr {{ key: 'value' value {{ "
      "tensor {{"
      " dtype: {} tensor_shape {{ {} }} {} }} }} }} }}\n",
      name, type, type, shape, list);
}

std::string node(std::string_view name, std::string_view op, const std::vector<std::string>& inputs,
                 std::string_view attributes) {
  std::string all;
  for (const std::string& input : inputs) all += fmt::format("input: '{}' ", input);
  return fmt::format("node {{ name: '{}' op: '{}' {} {} }}\n", name, op, all, attributes);
}

const std::string kFloat = "attr { key: 'T' value { type: DT_FLOAT } }";

/// `image` -> zero: 0 x the greatest pixel.
std::string zero_of(std::string_view image, std::string_view type) {
  return constant("axes", "DT_INT32", "int_val", {4}, {0, 1, 2, 3}) +
         constant("nothing", "DT_FLOAT", "float_val", {}, {0}) +
         node("pixels", "Cast", {std::string(image)},
              fmt::format(
                  "attr {{ key: 'SrcT' value {{ type: {} }} }} attr {{ key: 'DstT' value {{ type: DT_FLOAT }} }}",
                  type)) +
         node("greatest", "Max", {"pixels", "axes"}, kFloat + " attr { key: 'Tidx' value { type: DT_INT32 } }") +
         node("zero", "Mul", {"greatest", "nothing"}, kFloat);
}

std::string plus_zero(std::string_view name, std::string_view constant_name) {
  return node(name, "Add", {std::string(constant_name), "zero"}, kFloat);
}

}  // namespace

void ProgramTest::SetUp() {
  folder_ =
      std::filesystem::path(::testing::TempDir()) /
      fmt::format("temper_program_{}_{}", ::testing::UnitTest::GetInstance()->current_test_info()->name(), ::getpid());
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
}

void ProgramTest::TearDown() {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
    EXPECT_NE(entry.path().extension(), ".part") << entry.path() << " is left over";
  }
  std::filesystem::remove_all(folder_);
}

Outcome ProgramTest::temper(const std::string& arguments) const {
  const std::string command =
      fmt::format("cd '{}' && {{ '{}' {} ; }} >.out 2>.err </dev/null", folder_.string(), TEMPER_PROGRAM, arguments);
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read(".out"), read(".err")};
}

void ProgramTest::write(const std::string& name, std::string_view content) const {
  std::filesystem::create_directories(at(name).parent_path());
  write_file(at(name), content);
}

std::string ProgramTest::read(const std::string& name) const { return read_file(at(name)); }

void ProgramTest::make_relu() const {
  write("relu.pbtxt", placeholder("x", "DT_FLOAT", {-1, 2}) + node("y", "Relu", {"x"}, kFloat));
}

void ProgramTest::make_detector() const {
  write("detector.pbtxt",
        placeholder("image_tensor", "DT_UINT8", {1, -1, -1, 3}) + zero_of("image_tensor", "DT_UINT8") +
            constant("b", "DT_FLOAT", "float_val", {1, 3, 4}, {.25, .25, .75, .5, 0, .5, .5, 1, 0, 0, 1, 1}) +
            constant("s", "DT_FLOAT", "float_val", {1, 3}, {.9, .6, .1}) +
            constant("c", "DT_FLOAT", "float_val", {1, 3}, {1, 3, 2}) +
            constant("n", "DT_FLOAT", "float_val", {1}, {3}) + plus_zero("detection_boxes", "b") +
            plus_zero("detection_scores", "s") + plus_zero("detection_classes", "c") +
            plus_zero("num_detections", "n"));
}

void ProgramTest::make_classifier() const {
  write("classifier.pbtxt", placeholder("image", "DT_FLOAT", {1, 8, 8, 3}) + zero_of("image", "DT_FLOAT") +
                                constant("l", "DT_FLOAT", "float_val", {1, 3}, {1, 3, 2}) + plus_zero("logits", "l"));
}

void ProgramTest::make_picture(const std::string& name, int width, int height) const {
  Picture picture{width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width * height) * 3, 90)};
  std::filesystem::create_directories(at(name).parent_path());
  write_picture(at(name), picture);
}

}  // namespace temper::testing
