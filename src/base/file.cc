#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "base/mappings.h"

namespace temper {
namespace {

/// An open file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  /// It is the caller's to close.
  int take() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// Temporary files that exist now, where a signal handler can read them: plain bytes, no locks. A path that is too long,
/// or a ninth at one time, is not listed.
struct PartialFile {
  std::atomic<bool> taken{false};
  std::atomic<bool> listed{false};
  std::array<char, 4096> path{};
};
std::array<PartialFile, 8> partial_files;

/// Lists a temporary file for as long as it lives.
class PartialFileEntry {
 public:
  explicit PartialFileEntry(const std::filesystem::path& path) {
    if (path.native().size() >= partial_files[0].path.size()) return;
    for (PartialFile& slot : partial_files) {
      if (slot.taken.exchange(true)) continue;
      std::memcpy(slot.path.data(), path.c_str(), path.native().size() + 1);
      slot.listed = true;
      slot_ = &slot;
      return;
    }
  }
  ~PartialFileEntry() {
    if (slot_ == nullptr) return;
    slot_->listed = false;
    slot_->taken = false;
  }
  PartialFileEntry(const PartialFileEntry&) = delete;
  PartialFileEntry& operator=(const PartialFileEntry&) = delete;

 private:
  PartialFile* slot_ = nullptr;
};

/// Memory that a file has too: only there may pages be given back without loss.
class Mappings {
 public:
  void add(std::byte* data, std::size_t size) {
    const std::scoped_lock lock(mutex_);
    sizes_.emplace(data, size);
  }
  void remove(std::byte* data) {
    const std::scoped_lock lock(mutex_);
    sizes_.erase(data);
  }
  void release(std::span<const std::byte> bytes) {
    const std::scoped_lock lock(mutex_);
    auto next = sizes_.upper_bound(const_cast<std::byte*>(bytes.data()));
    if (next == sizes_.begin()) return;
    const auto& [begin, size] = *--next;
    if (bytes.data() + bytes.size() > begin + size) return;
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t first = static_cast<std::size_t>(bytes.data() - begin) / page * page;
    const std::size_t last = static_cast<std::size_t>(bytes.data() - begin) + bytes.size();
    ::madvise(begin + first, last - first, MADV_DONTNEED);
  }

 private:
  std::mutex mutex_;
  std::map<std::byte*, std::size_t> sizes_;
};

Mappings& mappings() {
  static auto& all = *new Mappings;  // mapped files may outlive everything else
  return all;
}

std::size_t checked_size(const Descriptor& file, const std::filesystem::path& path) {
  require(file.get() >= 0, "{}: cannot be opened: {}", path.string(), std::strerror(errno));
  struct stat status {};
  require(fstat(file.get(), &status) == 0, "{}: cannot be read: {}", path.string(), std::strerror(errno));
  require(!S_ISDIR(status.st_mode), "{}: is a folder where a file was expected", path.string());
  require(S_ISREG(status.st_mode), "{}: is not a regular file", path.string());
  return static_cast<std::size_t>(status.st_size);
}

}  // namespace

std::string read_file(const std::filesystem::path& path) {
  const Descriptor file(path, O_RDONLY);
  std::string content(checked_size(file, path), '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t got = ::read(file.get(), content.data() + done, content.size() - done);
    require(got >= 0, "{}: cannot be read: {}", path.string(), std::strerror(errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  content.resize(done);
  return content;
}

FileSource::FileSource(const std::filesystem::path& path) : path_(path) {
  Descriptor file(path, O_RDONLY);
  size_ = checked_size(file, path);
  descriptor_ = file.take();
}

FileSource::~FileSource() { ::close(descriptor_); }

void FileSource::read(std::size_t offset, std::span<std::byte> out) const {
  invariant(offset <= size_ && out.size() <= size_ - offset, "{} bytes at {} are read of {}", out.size(), offset, size_);
  while (!out.empty()) {
    const ssize_t got = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    require(got >= 0, "{}: cannot be read: {}", path_.string(), std::strerror(errno));
    require(got > 0, "{}: became shorter while it was read", path_.string());
    offset += static_cast<std::size_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

void MemorySource::read(std::size_t offset, std::span<std::byte> out) const {
  invariant(offset <= bytes_.size() && out.size() <= bytes_.size() - offset, "{} bytes at {} are read of {}", out.size(), offset, bytes_.size());
  std::ranges::copy(bytes_.subspan(offset, out.size()), out.begin());
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  const Descriptor file(path, O_RDONLY);
  size_ = checked_size(file, path);
  if (size_ == 0) return;
  data_ = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE, file.get(), 0);
  if (data_ == MAP_FAILED) {
    data_ = nullptr;
    throw ModelError(fmt::format("{}: cannot be mapped: {}", path.string(), std::strerror(errno)));
  }
  add_mapping(static_cast<std::byte*>(data_), size_);
}

MappedFile::~MappedFile() {
  if (data_ == nullptr) return;
  remove_mapping(static_cast<std::byte*>(data_));
  ::munmap(data_, size_);
}

void add_mapping(std::byte* data, std::size_t size_bytes) { mappings().add(data, size_bytes); }
void remove_mapping(std::byte* data) { mappings().remove(data); }

void release_mapped(std::span<const std::byte> bytes) noexcept { mappings().release(bytes); }

void write_atomically(const std::filesystem::path& path,
                      const std::function<void(const std::filesystem::path&)>& write) {
  const auto temporary = std::filesystem::path(path).concat(fmt::format(".{}.part", ::getpid()));
  const PartialFileEntry entry(temporary);
  try {
    write(temporary);
    {
      const Descriptor file(temporary, O_RDONLY);
      require(file.get() >= 0 && ::fsync(file.get()) == 0, "{}: cannot be written: {}", path.string(),
              std::strerror(errno));
    }
    require(::rename(temporary.c_str(), path.c_str()) == 0, "{}: cannot be written: {}", path.string(),
            std::strerror(errno));
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

void remove_partial_files() noexcept {
  for (const PartialFile& file : partial_files) {
    if (file.listed) ::unlink(file.path.data());
  }
}

void write_file(const std::filesystem::path& path, std::string_view content) {
  write_atomically(path, [&](const std::filesystem::path& temporary) {
    std::ofstream out(temporary, std::ios::binary);
    require(out.good(), "{}: cannot be written: {}", path.string(), std::strerror(errno));
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.close();
    require(out.good(), "{}: could not be written whole: {}", path.string(), std::strerror(errno));
  });
}

}  // namespace temper
