#include "base/memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>

#include "base/error.h"

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

}  // namespace

std::size_t memory_limit() { return limit_bytes(); }
void set_memory_limit(std::size_t bytes) { limit_bytes() = bytes; }
std::size_t memory_in_use() { return in_use_bytes; }

std::size_t peak_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

std::shared_ptr<std::byte> allocate_buffer(std::size_t size_bytes) {
  const std::size_t limit = memory_limit();
  const std::size_t before = in_use_bytes.fetch_add(size_bytes);
  if (size_bytes > limit || before > limit - size_bytes) {
    in_use_bytes -= size_bytes;
    throw ModelError(fmt::format("a tensor needs {}, but {} of the {} allowed are in use; use a smaller input or batch",
                                 format_bytes(size_bytes), format_bytes(before), format_bytes(limit)));
  }
  const std::size_t rounded = (size_bytes + kAlignment - 1) / kAlignment * kAlignment;
  auto* data = static_cast<std::byte*>(std::aligned_alloc(kAlignment, rounded == 0 ? kAlignment : rounded));
  if (data == nullptr) {
    in_use_bytes -= size_bytes;
    throw DeviceError(fmt::format("the system refused {} of memory", format_bytes(size_bytes)));
  }
  return {data, [size_bytes](std::byte* p) {
            std::free(p);
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
