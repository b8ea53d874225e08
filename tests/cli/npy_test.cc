#include "cli/io/npy.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/io/npz.h"
#include "support/tensors.h"

namespace temper {
namespace {
using namespace testing;

Tensor decode(std::string_view bytes) { return decode_npy(std::as_bytes(std::span(bytes))); }

/// A .npy file of version 1 with this header and data.
std::string npy(const std::string& header, const std::string& data) {
  const std::string text = header + "\n";
  std::string out("\x93NUMPY\1\0", 8);
  out += static_cast<char>(text.size() & 0xff);
  out += static_cast<char>(text.size() >> 8);
  return out + text + data;
}

std::string dict(const std::string& descr, const std::string& shape, const std::string& fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}

std::string failure(const std::string& bytes) {
  try {
    decode(bytes);
  } catch (const ModelError& error) {
    return error.what();
  }
  return "";
}

TEST(Npy, RoundTripsEveryType) {
  const std::vector<Tensor> tensors = {f32({2, 2}, {1, -2, 3.5F, 0}),
                                       f64({1}, {1e300}),
                                       i8({2}, {-1, 5}),
                                       i32({}, {-7}),
                                       i64({0, 3}, {}),
                                       u8({1, 1, 3}, {1, 2, 255}),
                                       boolean({2}, {true, false}),
                                       tensor_of<Half>({2}, {Half(1.5F), Half(-2)}),
                                       tensor_of<std::uint16_t>({1}, {65535}),
                                       tensor_of<std::uint64_t>({1}, {~std::uint64_t{0}})};
  for (const Tensor& tensor : tensors) EXPECT_TRUE(identical(decode(encode_npy(tensor)), tensor)) << describe(tensor);
  const Tensor text = Tensor::strings({2}, {"ab", ""});
  EXPECT_EQ(decode(encode_npy(text)).string_data(), text.string_data());
}

TEST(Npy, WidensWhatNumpyLacks) {
  EXPECT_TRUE(identical(decode(encode_npy(tensor_of<BFloat16>({1}, {BFloat16(2.5F)}))), f32({1}, {2.5F})));
  EXPECT_THROW(encode_npy(Tensor::list({})), ModelError);
}

TEST(Npy, ReadsBigEndian) {
  EXPECT_TRUE(identical(decode(npy(dict(">i4", "(2,)"), std::string("\0\0\0\1\0\0\1\0", 8))), i32({2}, {1, 256})));
}

TEST(Npy, ReadsFortranOrder) {
  const std::string data("\1\4\2\5\3\6", 6);
  EXPECT_TRUE(identical(decode(npy(dict("|u1", "(2, 3)", "True"), data)), u8({2, 3}, {1, 2, 3, 4, 5, 6})));
  EXPECT_TRUE(identical(decode(npy(dict("|u1", "(0, 3)", "True"), "")), u8({0, 3}, {})));
}

TEST(Npy, ReadsBooleansOfAnyByte) {
  EXPECT_TRUE(identical(decode(npy(dict("|b1", "(3,)"), std::string("\0\1\2", 3))), boolean({3}, {false, true, true})));
}

TEST(Npy, ReadsUnicode) {
  const std::string data("A\0\0\0\xe9\0\0\0\0\0\0\0", 12);
  EXPECT_EQ(decode(npy(dict("<U3", "()"), data)).string_data(), std::vector<std::string>{"A\xc3\xa9"});
}

TEST(Npy, ReadsLaterVersions) {
  const std::string header = dict("|u1", "(1,)") + "\n";
  std::string bytes("\x93NUMPY\2\0", 8);
  bytes += static_cast<char>(header.size());
  bytes += std::string(3, '\0') + header + "\x05";
  EXPECT_TRUE(identical(decode(bytes), u8({1}, {5})));
  bytes[6] = 3;
  EXPECT_TRUE(identical(decode(bytes), u8({1}, {5})));
  bytes[6] = 4;
  EXPECT_NE(failure(bytes).find("version 4"), std::string::npos);
}

TEST(Npy, RefusesWhatIsDamaged) {
  EXPECT_NE(failure("").find("is no .npy file"), std::string::npos);
  EXPECT_NE(failure("\x93NUMPY\1").find("is no .npy file"), std::string::npos);
  EXPECT_NE(failure(npy(dict("<f4", "(2,)"), "abc")).find("cut off"), std::string::npos);
  EXPECT_NE(failure(npy(dict("<f4", "(4611686018427387904, 4)"), "abc")), "");
  EXPECT_NE(failure(npy(dict("<f4", "(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)"), "abcd")).find("dimensions"),
            std::string::npos);
  EXPECT_NE(failure(npy(dict("<f4", "(-1,)"), "abcd")).find("dim"), std::string::npos);
  EXPECT_NE(failure(npy(dict("<c8", "(1,)"), "abcdefgh")).find("c8"), std::string::npos);
  EXPECT_NE(failure(npy(dict("|O", "(1,)"), "abcdefgh")), "");
  EXPECT_NE(failure(npy(dict("<i3", "(1,)"), "abc")), "");
  EXPECT_NE(failure(npy(dict("|S0", "(1000000000,)"), "")), "");
  EXPECT_NE(failure(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "abcd")).find("records"),
            std::string::npos);
  EXPECT_NE(failure(npy("{'descr': '<f4'}", "abcd")).find("lacks"), std::string::npos);
  const std::string whole = encode_npy(f32({3}, {1, 2, 3}));
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_NE(failure(whole.substr(0, length)), "") << length;
}

class NpzTest : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }
  std::filesystem::path path_ =
      std::filesystem::path(::testing::TempDir()) / ("temper_npz_" + std::to_string(::getpid()) + ".npz");
};

TEST_F(NpzTest, RoundTrips) {
  write_npz(path_, {{"tower_0/wh", f32({2}, {1, 2})}, {"b", i64({}, {3})}});
  const NamedArrays arrays = read_npz(path_);
  ASSERT_EQ(arrays.size(), 2U);
  EXPECT_EQ(arrays[0].first, "tower_0/wh");
  EXPECT_TRUE(identical(arrays[0].second, f32({2}, {1, 2})));
  EXPECT_TRUE(identical(arrays[1].second, i64({}, {3})));
  write_npz(path_, {});
  EXPECT_TRUE(read_npz(path_).empty());
}

TEST_F(NpzTest, RefusesTwoOfOneName) {
  EXPECT_THROW(write_npz(path_, {{"a", i32({}, {1})}, {"a", i32({}, {1})}}), ModelError);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(NpzTest, RefusesDamage) {
  write_npz(path_, {{"a", Tensor::zeros(DType::kFloat32, {64})}});
  const std::string whole = read_file(path_);
  for (std::size_t at = 0; at < whole.size(); at += 3) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    write_file(path_, damaged);
    try {
      read_npz(path_);
    } catch (const ModelError&) {  // or an answer: some bytes carry dates
    }
    write_file(path_, whole.substr(0, at));
    EXPECT_THROW(read_npz(path_), ModelError) << at;
  }
  EXPECT_THROW(read_npz("/nowhere/x.npz"), ModelError);
  EXPECT_THROW(read_npz(::testing::TempDir()), ModelError);
}

}  // namespace
}  // namespace temper
