#include "support/plan_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <span>

#include "base/file.h"
#include "plan/file/checksum.h"

namespace temper::testing {
namespace {

constexpr std::size_t kHeaderBytes = 64;
constexpr std::size_t kEntryBytes = 32;
constexpr std::size_t kHeaderChecksum = 56;

template <class T>
T get(const std::string& bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

template <class T>
void set(std::string& bytes, std::size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(T));
}

}  // namespace

TemporaryFile::TemporaryFile() {
  static std::atomic<int> count = 0;
  const std::filesystem::path memory = "/dev/shm";
  const auto folder = ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
  path_ = folder / fmt::format("temper_plan_{}_{}.plan", ::getpid(), ++count);
}

TemporaryFile::~TemporaryFile() { std::filesystem::remove(path_); }
std::string TemporaryFile::content() const { return read_file(path_); }
void TemporaryFile::write(const std::string& content) const { std::ofstream(path_, std::ios::binary) << content; }

std::string signed_again(std::string bytes) {
  if (bytes.size() < kHeaderBytes) return bytes;
  const auto count = get<std::uint32_t>(bytes, 24);
  if (count > (bytes.size() - kHeaderBytes) / kEntryBytes) return bytes;
  const auto all = std::as_bytes(std::span(bytes));
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t entry = kHeaderBytes + i * kEntryBytes;
    const auto offset = get<std::uint64_t>(bytes, entry + 8);
    const auto size = get<std::uint64_t>(bytes, entry + 16);
    if (offset > bytes.size() || size > bytes.size() - offset) continue;
    set(bytes, entry + 24, checksum(all.subspan(offset, size)));
  }
  set(bytes, kHeaderChecksum, std::uint64_t{0});
  set(bytes, kHeaderChecksum, checksum(all.first(kHeaderBytes + count * kEntryBytes)));
  return bytes;
}

}  // namespace temper::testing
