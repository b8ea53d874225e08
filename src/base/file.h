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

/// Bytes that are read where they are wanted.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual std::size_t size_bytes() const = 0;
  /// Reads the bytes from `offset` on, which have to lie within the size. Throws ModelError where they cannot be read.
  virtual void read(std::size_t offset, std::span<std::byte> out) const = 0;
};

/// An open file, of the size that it had when it was opened.
class FileSource final : public ByteSource {
 public:
  /// Throws ModelError as read_file does.
  explicit FileSource(const std::filesystem::path& path);
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  std::size_t size_bytes() const override { return size_; }
  void read(std::size_t offset, std::span<std::byte> out) const override;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::size_t size_ = 0;
};

/// Bytes in memory, which have to live as long.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::size_t size_bytes() const override { return bytes_.size(); }
  void read(std::size_t offset, std::span<std::byte> out) const override;

 private:
  std::span<const std::byte> bytes_;
};

/// Gives the pages of `bytes` back to the system where they lie in a MappedFile or a scratch file; they are read again when touched.
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
