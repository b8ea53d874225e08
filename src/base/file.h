#pragma once
#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

namespace temper {

/// The whole content of a file. Throws ModelError where it is missing, a folder, or unreadable.
std::string read_file(const std::filesystem::path& path);

/// A file's content mapped; pages are loaded when touched. What is written to it (libraries pad weights with the zeros that are there)
/// never reaches the file. Throws ModelError as read_file does.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(data_), size_}; }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Gives the pages of `bytes` back to the system where they lie in a MappedFile; they are read again when touched.
void release_mapped(std::span<const std::byte> bytes) noexcept;

/// Calls `write` with a temporary path beside `path`, then syncs and renames it: `path` is either whole or untouched.
/// Throws ModelError where the folder is missing or not writable.
void write_atomically(const std::filesystem::path& path, const std::function<void(const std::filesystem::path&)>& write);

/// Removes the temporary files of calls of write_atomically that are under way. May be called from a signal handler of a
/// process that is about to end.
void remove_partial_files() noexcept;

/// write_atomically of these bytes.
void write_file(const std::filesystem::path& path, std::string_view content);

}  // namespace temper
