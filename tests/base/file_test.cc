#include "base/file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/error.h"

namespace temper {
namespace {
namespace fs = std::filesystem;

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / ("temper_file_test_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::size_t file_count() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  fs::path folder_;
};

TEST_F(FileTest, WritesWholeFiles) {
  write_file(folder_ / "a", "one");
  write_file(folder_ / "a", "two");
  EXPECT_EQ(read_file(folder_ / "a"), "two");
  EXPECT_EQ(file_count(), 1U);
}

TEST_F(FileTest, LeavesTheOldFileWhereWritingFails) {
  write_file(folder_ / "a", "old");
  const auto fail = [](const fs::path& temporary) {
    std::ofstream(temporary) << "half";
    throw ModelError("stopped");
  };
  EXPECT_THROW(write_atomically(folder_ / "a", fail), ModelError);
  EXPECT_EQ(read_file(folder_ / "a"), "old");
  EXPECT_EQ(file_count(), 1U);
}

TEST_F(FileTest, PartialFilesCanBeRemovedWhileTheyAreWritten) {
  const auto interrupt = [&](const fs::path& temporary) {
    std::ofstream(temporary) << "half";
    EXPECT_TRUE(fs::exists(temporary));
    remove_partial_files();
    EXPECT_FALSE(fs::exists(temporary));
    throw ModelError("interrupted");
  };
  EXPECT_THROW(write_atomically(folder_ / "a", interrupt), ModelError);
  EXPECT_EQ(file_count(), 0U);
  remove_partial_files();
}

}  // namespace
}  // namespace temper
