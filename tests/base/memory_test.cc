#include "base/memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/scratch.h"

namespace temper {
namespace {
namespace fs = std::filesystem;

constexpr std::size_t kMegabyte = std::size_t{1} << 20;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kCountsPages = false;  // what the sanitizer takes is not the program's
#else
constexpr bool kCountsPages = true;
#endif

/// A buffer that is all `value`.
std::shared_ptr<std::byte> filled(std::size_t size_bytes, int value) {
  auto buffer = allocate_buffer(size_bytes);
  std::fill_n(buffer.get(), size_bytes, std::byte(value));
  return buffer;
}

bool holds(const std::shared_ptr<std::byte>& buffer, std::size_t size_bytes, int value) {
  return std::all_of(buffer.get(), buffer.get() + size_bytes, [&](std::byte b) { return b == std::byte(value); });
}

TEST(Memory, BuffersAreAligned) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{100000}, kMegabyte / 4, 3 * kMegabyte, 5 * kMegabyte + 1}) {
    const auto buffer = filled(size, 7);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.get()) % 64, 0U) << size;
    EXPECT_TRUE(holds(buffer, size, 7));
  }
}

TEST(Memory, UnkeptGoesBackAtOnce) {
  const UnkeptMemory unkept;
  const std::size_t before = resident_bytes();
  std::vector<std::shared_ptr<std::byte>> buffers;
  for (int i = 0; i < 16; ++i) buffers.push_back(filled(2 * kMegabyte + static_cast<std::size_t>(i), i));
  for (std::size_t i = 0; i < buffers.size(); i += 2) buffers[i].reset();  // with live ones between them
  if (kCountsPages) {
    EXPECT_LT(resident_bytes(), before + 20 * kMegabyte);
  }
  EXPECT_TRUE(holds(buffers[15], 2 * kMegabyte, 15));
}

TEST(ScratchMemory, KeepsTheProcessSmall) {
  const std::size_t before = resident_bytes(), in_use = memory_in_use();
  std::vector<std::shared_ptr<std::byte>> buffers;
  {
    const ScratchMemory scratch(before + 24 * kMegabyte, fs::temp_directory_path());
    for (int i = 0; i < 20; ++i) {
      buffers.push_back(filled(4 * kMegabyte, i));
      if (kCountsPages) {
        EXPECT_LE(resident_bytes(), before + 24 * kMegabyte);
      }
    }
    EXPECT_EQ(memory_in_use(), in_use) << "a file holds them";
    buffers.erase(buffers.begin() + 3);
  }
  for (int i = 0; i < 19; ++i) {
    EXPECT_TRUE(holds(buffers[static_cast<std::size_t>(i)], 4 * kMegabyte, i < 3 ? i : i + 1)) << "outlives it";
    release_mapped({buffers[static_cast<std::size_t>(i)].get(), 4 * kMegabyte});
  }
  EXPECT_TRUE(holds(buffers[5], 4 * kMegabyte, 6));
  if (kCountsPages) {
    EXPECT_LE(resident_bytes(), before + 12 * kMegabyte);
  }
  const auto plain = allocate_buffer(kMegabyte);
  EXPECT_EQ(memory_in_use(), in_use + kMegabyte);
}

TEST(ScratchMemory, RefusesWhatCannotFit) {
  const ScratchMemory scratch(resident_bytes() + 8 * kMegabyte, fs::temp_directory_path());
  EXPECT_THROW(allocate_buffer(64 * kMegabyte), ModelError);
  EXPECT_THROW(allocate_buffer(std::size_t(-1) / 2), ModelError);
  EXPECT_TRUE(holds(filled(kMegabyte, 3), kMegabyte, 3));
}

TEST(ScratchMemory, LeavesNoFileAndNeedsAFolder) {
  const fs::path folder = fs::path(::testing::TempDir()) / fmt::format("temper_scratch_{}", ::getpid());
  EXPECT_THROW(ScratchMemory(kMegabyte, folder), ModelError);
  fs::create_directories(folder);
  {
    const ScratchMemory scratch(memory_limit(), folder);
    const auto buffer = filled(kMegabyte, 1);
    EXPECT_TRUE(fs::is_empty(folder));
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace temper
