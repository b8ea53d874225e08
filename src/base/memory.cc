#include "base/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <vector>

#include "base/error.h"
#include "base/scratch.h"

namespace temper {
namespace {

std::size_t machine_memory() {
  auto total = static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGE_SIZE));
  std::ifstream group("/sys/fs/cgroup/memory.max");
  std::size_t limit = 0;
  if (group >> limit && limit > 0 && limit < total) total = limit;
  return total;
}

std::atomic<std::size_t>& limit_bytes() {
  static std::atomic<std::size_t> limit{machine_memory()};
  return limit;
}

std::atomic<std::size_t> in_use_bytes{0};

constexpr std::size_t kAlignment = 64;
/// From here on blocks are mapped one by one, so that freeing one gives its memory back whatever lies beside it.
constexpr std::size_t kMappedBytes = std::size_t{256} << 10;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::atomic<int> unkept_count{0};

/// Zeros from the system at a multiple of `unit`, which is one of the page's size; null where it refuses.
std::byte* map_pages(std::size_t size_bytes, std::size_t unit) {
  const std::size_t slack = unit - static_cast<std::size_t>(sysconf(_SC_PAGE_SIZE));
  void* mapped = ::mmap(nullptr, size_bytes + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* begin = static_cast<std::byte*>(mapped);
  const std::size_t before = (unit - reinterpret_cast<std::uintptr_t>(begin) % unit) % unit;
  if (before > 0) ::munmap(begin, before);
  if (slack > before) ::munmap(begin + before + size_bytes, slack - before);
  return begin + before;
}

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kKeepBlocks = false;  // a block that is used again hides uses after its end
#else
constexpr bool kKeepBlocks = true;
#endif

/// Freed blocks, kept for the next request of about their size: a run asks for the same sizes as the run before, and memory
/// fresh from the system costs a page fault for each 4 KB. Live and kept blocks together stay within the most that was ever
/// live, a little more allowed for sizes that do not match. May be used from any thread.
class BlockCache {
 public:
  struct Block {
    std::byte* data = nullptr;
    std::size_t size_bytes = 0;
  };

  /// A block of at least `size_bytes`; null where the system refuses.
  Block take(std::size_t size_bytes) {
    const std::size_t rounded = rounded_size(size_bytes);
    {
      const std::scoped_lock lock(mutex_);
      live_bytes_ += rounded;
      peak_live_bytes_ = std::max(peak_live_bytes_, live_bytes_);
      if (rounded <= kSmallBytes) {
        auto& free = small_[small_bucket(rounded)];
        if (!free.empty()) {
          Block block{free.back(), rounded};
          free.pop_back();
          return block;
        }
      } else if (Block block = take_large(rounded); block.data != nullptr) {
        live_bytes_ += block.size_bytes - rounded;
        return block;
      }
    }
    Block block{allocate(rounded), rounded};
    if (block.data == nullptr) {
      shrink(0);
      block.data = allocate(rounded);
    }
    if (block.data == nullptr) {
      const std::scoped_lock lock(mutex_);
      live_bytes_ -= rounded;
    }
    return block;
  }

  void give(Block block) {
    {
      const std::scoped_lock lock(mutex_);
      live_bytes_ -= block.size_bytes;
      if (kKeepBlocks && (unkept_count == 0 || !mapped(block.size_bytes)) && keep(block)) return;
    }
    free(block);
  }

  /// Gives kept blocks back to the system until at most `room_bytes` are kept.
  void shrink(std::size_t room_bytes) {
    const std::scoped_lock lock(mutex_);
    evict(room_bytes);
  }

 private:
  static constexpr std::size_t kSmallBytes = 16384;
  static constexpr std::size_t kSmallBuckets = 9;  // 64 B, 128 B, ... 16 KB
  static constexpr std::size_t kSmallKept = 256;   // blocks of each bucket
  static constexpr std::size_t kSlackBytes = std::size_t{16} << 20;

  static std::size_t rounded_size(std::size_t size_bytes) {
    if (size_bytes <= kSmallBytes) return std::bit_ceil(std::max(size_bytes, kAlignment));
    return (size_bytes + 4095) / 4096 * 4096;
  }
  static std::size_t small_bucket(std::size_t rounded) {
    return static_cast<std::size_t>(std::countr_zero(rounded / kAlignment));
  }

  static std::byte* allocate(std::size_t rounded) {
    if (!mapped(rounded)) return static_cast<std::byte*>(std::aligned_alloc(kAlignment, rounded));
    const bool huge = rounded >= 2 * kHugePage;
    std::byte* data = map_pages(rounded, huge ? kHugePage : static_cast<std::size_t>(sysconf(_SC_PAGE_SIZE)));
    if (huge && data != nullptr) madvise(data, rounded / kHugePage * kHugePage, MADV_HUGEPAGE);
    return data;
  }
  static void free(Block block) {
    if (mapped(block.size_bytes)) ::munmap(block.data, block.size_bytes);
    else std::free(block.data);
  }
  /// What is read behind a block's end, sanitizers see only in memory of the heap.
  static bool mapped(std::size_t rounded) { return kKeepBlocks && rounded >= kMappedBytes; }

  /// The smallest kept block that holds `rounded` without wasting more than as much again.
  Block take_large(std::size_t rounded) {
    std::size_t best = large_.size();
    for (std::size_t i = 0; i < large_.size(); ++i) {
      const std::size_t size = large_[i].size_bytes;
      if (size >= rounded && size <= 2 * rounded && (best == large_.size() || size < large_[best].size_bytes)) best = i;
    }
    if (best == large_.size()) return {};
    const Block block = large_[best];
    large_.erase(large_.begin() + static_cast<std::ptrdiff_t>(best));
    kept_bytes_ -= block.size_bytes;
    return block;
  }

  bool keep(Block block) {
    if (block.size_bytes <= kSmallBytes) {
      auto& free = small_[small_bucket(block.size_bytes)];
      if (free.size() >= kSmallKept) return false;
      free.push_back(block.data);
      return true;
    }
    const std::size_t allowed = peak_live_bytes_ + peak_live_bytes_ / 8 + kSlackBytes;
    const std::size_t room = allowed > live_bytes_ ? allowed - live_bytes_ : 0;
    if (block.size_bytes > room) return false;
    evict(room - block.size_bytes);
    large_.push_back(block);
    kept_bytes_ += block.size_bytes;
    return true;
  }

  /// Oldest first: what has not been asked for is least likely to be.
  void evict(std::size_t room_bytes) {
    std::size_t gone = 0;
    for (; kept_bytes_ > room_bytes && gone < large_.size(); ++gone) {
      kept_bytes_ -= large_[gone].size_bytes;
      free(large_[gone]);
    }
    large_.erase(large_.begin(), large_.begin() + static_cast<std::ptrdiff_t>(gone));
  }

  std::mutex mutex_;
  std::size_t live_bytes_ = 0;
  std::size_t peak_live_bytes_ = 0;
  std::size_t kept_bytes_ = 0;
  std::array<std::vector<std::byte*>, kSmallBuckets> small_;
  std::vector<Block> large_;  // in the order in which they were freed
};

/// Never destroyed: tensors with static lifetime may outlive everything else.
BlockCache& block_cache() {
  static auto& cache = *new BlockCache;
  return cache;
}

}  // namespace

std::size_t memory_limit() { return limit_bytes(); }
void set_memory_limit(std::size_t bytes) { limit_bytes() = bytes; }
std::size_t memory_in_use() { return in_use_bytes; }

/// Not getrusage's: that counts what a process was before it became this program.
std::size_t peak_resident_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::strtoull(line.c_str() + 6, nullptr, 10) * 1024;
  }
  return 0;
}

std::size_t resident_bytes() {
  std::size_t total_pages = 0, resident_pages = 0;
  std::ifstream("/proc/self/statm") >> total_pages >> resident_pages;
  return resident_pages * static_cast<std::size_t>(sysconf(_SC_PAGE_SIZE));
}

std::size_t baseline_resident_bytes() {
  static const std::size_t baseline = resident_bytes();
  return baseline;
}

UnkeptMemory::UnkeptMemory() {
  ++unkept_count;
  block_cache().shrink(0);
}
UnkeptMemory::~UnkeptMemory() { --unkept_count; }

std::shared_ptr<std::byte> allocate_buffer(std::size_t size_bytes) {
  if (auto scratch = allocate_scratch(size_bytes)) return scratch;
  const std::size_t limit = memory_limit();
  const std::size_t before = in_use_bytes.fetch_add(size_bytes);
  if (size_bytes > limit || before > limit - size_bytes) {
    in_use_bytes -= size_bytes;
    throw ModelError(fmt::format("a tensor needs {}, but {} of the {} allowed are in use; use a smaller input or batch",
                                 format_bytes(size_bytes), format_bytes(before), format_bytes(limit)));
  }
  if (before + size_bytes > limit / 2) block_cache().shrink(limit - before - size_bytes);
  const BlockCache::Block block = block_cache().take(size_bytes);
  if (block.data == nullptr) {
    in_use_bytes -= size_bytes;
    throw DeviceError(fmt::format("the system refused {} of memory", format_bytes(size_bytes)));
  }
  return {block.data, [block, size_bytes](std::byte*) {
            block_cache().give(block);
            in_use_bytes -= size_bytes;
          }};
}

std::string format_bytes(std::size_t size_bytes) {
  if (size_bytes < 1024) return fmt::format("{} B", size_bytes);
  double value = static_cast<double>(size_bytes);
  const char* unit = "B";
  for (const char* next : {"KB", "MB", "GB", "TB", "PB", "EB"}) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return fmt::format("{:.1f} {}", value, unit);
}

}  // namespace temper
