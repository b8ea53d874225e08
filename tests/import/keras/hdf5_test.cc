#include "import/keras/hdf5.h"

#include "support/tensors.h"

namespace temper::testing {
namespace {

keras::Hdf5File open(const std::string& name) {
  return keras::Hdf5File(std::make_shared<FileSource>(std::string(TEMPER_SOURCE_DIR) + "/tests/import/keras/hdf5/" + name));
}

/// 0 to 34.
template <class T>
Tensor numbers() {
  std::vector<T> values(35);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<T>(static_cast<float>(i));
  return Tensor::from<T>(Shape{7, 5}, values);
}

class Hdf5Forms : public ::testing::TestWithParam<std::string> {};

TEST_P(Hdf5Forms, NumbersOfEveryType) {
  const auto file = open(GetParam());
  const auto check = [&](const std::string& path, const Tensor& wanted) {
    const auto dataset = file.find(path);
    ASSERT_NE(dataset, nullptr) << path;
    EXPECT_TRUE(near(file.read(*dataset), wanted)) << path;
  };
  check("floats/f2", numbers<Half>());
  check("floats/f4", numbers<float>());
  check("floats/f8", numbers<double>());
  check("integers/i1", numbers<std::int8_t>());
  check("integers/i2", numbers<std::int16_t>());
  check("integers/i4", numbers<std::int32_t>());
  check("integers/i8", numbers<std::int64_t>());
  check("integers/u1", numbers<std::uint8_t>());
  check("floats/big_f4", numbers<float>());
  check("integers/big_i4", numbers<std::int32_t>());
  check("scalar", f32({}, {3}));
  check("empty", f32({0, 3}, {}));
  check("unwritten", Tensor::zeros(DType::kFloat32, Shape{7, 5}));
}

TEST_P(Hdf5Forms, TextAndGroups) {
  const auto file = open(GetParam());
  EXPECT_EQ(file.strings(*file.root().attribute("fixed")), (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(file.strings(*file.root().attribute("any")), (std::vector<std::string>{"three", "four", ""}));
  EXPECT_EQ(file.strings(*file.root().attribute("text")), (std::vector<std::string>{"five"}));
  EXPECT_NE(file.find("many/group_4"), nullptr);
  EXPECT_EQ(file.find("many/group_400"), nullptr);
  EXPECT_EQ(file.root().attribute("none"), nullptr);
}

INSTANTIATE_TEST_SUITE_P(Files, Hdf5Forms, ::testing::Values("earliest.h5", "latest.h5", "behind.h5"),
                         [](const auto& name) { return name.param.substr(0, name.param.find('.')); });

TEST(Hdf5, ChunksAreJoinedAndUnpacked) {
  const auto file = open("earliest.h5");
  EXPECT_TRUE(near(file.read(*file.find("chunked")), numbers<float>()));
  EXPECT_TRUE(near(file.read(*file.find("packed")), numbers<float>()));
  EXPECT_EQ(file.read(*file.find("bool")).data<bool>()[1], true);
  EXPECT_NE(file.find("many/group_39"), nullptr);
}

}  // namespace
}  // namespace temper::testing
