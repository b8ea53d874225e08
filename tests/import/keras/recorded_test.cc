#include <algorithm>
#include <cmath>

#include "engine/session.h"
#include "support/keras_archives.h"
#include "support/tensors.h"

/// Every model that record.py wrote, in every form, against the answers of the library that wrote it: on the operators' definitions, and
/// optimised on chosen kernels.
namespace temper::testing {
namespace {

class RecordedKeras : public ::testing::TestWithParam<std::filesystem::path> {};

double largest(const Tensor& tensor) {
  double most = 0;
  const auto visit = [&](const auto& values) {
    for (const auto value : values) most = std::max<double>(most, std::abs(value));
  };
  if (tensor.dtype() == DType::kFloat32) visit(tensor.data<float>());
  if (tensor.dtype() == DType::kFloat64) visit(tensor.data<double>());
  return most;
}

void check_model(const std::filesystem::path& model, const RecordedAnswers& answers, const std::string& backend) {
  SCOPED_TRACE(model.filename().string() + " on " + backend);
  try {
    Session session = Session::load(model, {.backend = backend});
    std::vector<NamedTensor> inputs;
    for (const auto& [name, tensor] : answers.inputs) inputs.push_back({answers.inputs.size() == 1 ? "" : name, tensor});
    const std::vector<NamedTensor> outputs = session.run(inputs);
    EXPECT_EQ(outputs.size(), answers.outputs.size());
    for (const NamedTensor& output : outputs) {
      const auto found = answers.outputs.find(output.name);
      ASSERT_NE(found, answers.outputs.end()) << "output " << output.name;
      EXPECT_TRUE(near(output.tensor, found->second, 1e-4 * (1 + largest(found->second)))) << "output " << output.name;
    }
  } catch (const Error& error) {
    ADD_FAILURE() << error.what();
  }
}

TEST_P(RecordedKeras, AnswersAgree) {
  const UnpackedArchive archive(GetParam());
  ASSERT_FALSE(archive.models().empty());
  for (const auto& model : archive.models()) {
    const RecordedAnswers answers = answers_of(model);
    for (const char* backend : {"reference", "cpu"}) check_model(model, answers, backend);
  }
}

INSTANTIATE_TEST_SUITE_P(Archives, RecordedKeras, ::testing::ValuesIn(recorded_archives()), [](const auto& file) { return file.param.stem().string(); });

}  // namespace
}  // namespace temper::testing
