#pragma once
#include <cstddef>
#include <filesystem>
#include <memory>

namespace temper {

/// While one lives, large buffers lie in a file without a name in `folder`: where the process would take more than `limit_bytes` their pages
/// are given back, to be read again when they are touched. Buffers may outlive it. There is one at a time.
class ScratchMemory {
 public:
  /// Throws ModelError where no file can be made in the folder.
  ScratchMemory(std::size_t limit_bytes, const std::filesystem::path& folder);
  ~ScratchMemory();
  ScratchMemory(const ScratchMemory&) = delete;
  ScratchMemory& operator=(const ScratchMemory&) = delete;
};

/// A buffer as allocate_buffer gives it, in the file of the ScratchMemory that lives; null where there is none, or the buffer is small. Throws
/// ModelError, before anything is taken, where the limit or the disk leave no room.
std::shared_ptr<std::byte> allocate_scratch(std::size_t size_bytes);

}  // namespace temper
