#include "base/scratch.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "base/error.h"
#include "base/mappings.h"
#include "base/memory.h"

namespace temper {
namespace {

/// Smaller buffers are not worth a mapping of their own.
constexpr std::size_t kLeastBytes = std::size_t{256} << 10;
/// Whoever makes a buffer reads about as much to fill it, and may pack it on the way.
constexpr std::size_t kTouchedTimes = 3;
/// What is taken beside large buffers until the next of them is made.
constexpr std::size_t kMarginBytes = std::size_t{4} << 20;

int open_nameless(const std::filesystem::path& folder) {
  int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) {  // not every file system has such files
    std::string name = (folder / "temper_scratch_XXXXXX").string();
    file = ::mkostemp(name.data(), O_CLOEXEC);
    if (file >= 0) ::unlink(name.c_str());
  }
  require(file >= 0, "{}: no file can be made there for what does not fit the memory limit: {}", folder.string(), std::strerror(errno));
  return file;
}

/// The file, and the buffers that lie in it.
class Scratch {
 public:
  Scratch(std::size_t limit_bytes, const std::filesystem::path& folder) : limit_bytes_(limit_bytes), folder_(folder), file_(open_nameless(folder)) {}
  ~Scratch() { ::close(file_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  struct Block {
    std::byte* data = nullptr;
    std::size_t offset = 0;
    std::size_t size_bytes = 0;
  };

  Block take(std::size_t size_bytes) {
    const std::scoped_lock lock(mutex_);
    make_room(size_bytes);
    const std::size_t page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    Block block{nullptr, end_, (size_bytes + page - 1) / page * page};
    // Room on the disk is taken now: where it ends later, a write to memory would end the process.
    const int failed = ::posix_fallocate(file_, static_cast<off_t>(block.offset), static_cast<off_t>(block.size_bytes));
    require(failed == 0, "{}: there is no room for {} that do not fit the memory limit: {}", folder_.string(), format_bytes(size_bytes), std::strerror(failed));
    void* data = ::mmap(nullptr, block.size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_, static_cast<off_t>(block.offset));
    if (data == MAP_FAILED) throw DeviceError(fmt::format("the system refused to map {} of {}", format_bytes(size_bytes), folder_.string()));
    block.data = static_cast<std::byte*>(data);
    end_ += block.size_bytes;
    blocks_.emplace(block.data, block.size_bytes);
    add_mapping(block.data, block.size_bytes);
    return block;
  }

  void give(const Block& block) {
    const std::scoped_lock lock(mutex_);
    remove_mapping(block.data);
    blocks_.erase(block.data);
    ::munmap(block.data, block.size_bytes);
    const int kept = ::fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(block.offset), static_cast<off_t>(block.size_bytes));
    (void)kept;  // then the file is only longer than it has to be
  }

 private:
  void make_room(std::size_t size_bytes) {
    if (resident_bytes() + kTouchedTimes * size_bytes + kMarginBytes <= limit_bytes_) return;
    for (const auto& [data, size] : blocks_) ::madvise(data, size, MADV_DONTNEED);
    const std::size_t resident = resident_bytes();
    require(size_bytes <= limit_bytes_ && resident + size_bytes <= limit_bytes_, "a tensor needs {}, but the process has {} of the {} allowed",
            format_bytes(size_bytes), format_bytes(resident), format_bytes(limit_bytes_));
  }

  std::size_t limit_bytes_;
  std::filesystem::path folder_;
  int file_;
  std::mutex mutex_;
  std::size_t end_ = 0;
  std::map<std::byte*, std::size_t> blocks_;
};

std::mutex current_mutex;
std::shared_ptr<Scratch>& current() {
  static auto& scratch = *new std::shared_ptr<Scratch>;
  return scratch;
}

}  // namespace

ScratchMemory::ScratchMemory(std::size_t limit_bytes, const std::filesystem::path& folder) {
  auto scratch = std::make_shared<Scratch>(limit_bytes, folder);
  const std::scoped_lock lock(current_mutex);
  invariant(current() == nullptr, "two scratch memories live at a time");
  current() = std::move(scratch);
}

ScratchMemory::~ScratchMemory() {
  const std::scoped_lock lock(current_mutex);
  current().reset();
}

std::shared_ptr<std::byte> allocate_scratch(std::size_t size_bytes) {
  if (size_bytes < kLeastBytes) return nullptr;
  std::shared_ptr<Scratch> scratch;
  {
    const std::scoped_lock lock(current_mutex);
    scratch = current();
  }
  if (scratch == nullptr) return nullptr;
  const Scratch::Block block = scratch->take(size_bytes);
  return {block.data, [scratch, block](std::byte*) { scratch->give(block); }};
}

}  // namespace temper
