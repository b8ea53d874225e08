#include "import/keras/archive.h"

#include <zip.h>

#include <cstring>

#include "base/error.h"
#include "base/memory.h"

namespace temper::keras {
namespace {

/// Weights are nearly random: what unpacks to more than this many times the archive's size is made to fill the memory.
constexpr std::size_t kMostGrowth = 64;
constexpr std::size_t kSmallBytes = std::size_t{1} << 26;

struct Entry {
  zip_uint64_t index = 0;
  std::size_t size_bytes = 0;
  bool stored = false;
};

Entry find_entry(zip_t* archive, const std::string& name) {
  const zip_int64_t index = zip_name_locate(archive, name.c_str(), 0);
  require(index >= 0, "the archive has no entry '{}'", name);
  zip_stat_t stat;
  zip_stat_init(&stat);
  const bool known = zip_stat_index(archive, static_cast<zip_uint64_t>(index), 0, &stat) == 0 && (stat.valid & ZIP_STAT_SIZE) != 0 &&
                     (stat.valid & ZIP_STAT_COMP_METHOD) != 0;
  require(known, "entry '{}' of the archive is damaged", name);
  const bool plain = (stat.valid & ZIP_STAT_ENCRYPTION_METHOD) == 0 || stat.encryption_method == ZIP_EM_NONE;
  require(plain, "entry '{}' of the archive is encrypted", name);
  return {static_cast<zip_uint64_t>(index), static_cast<std::size_t>(stat.size), stat.comp_method == ZIP_CM_STORE};
}

std::shared_ptr<zip_file_t> open_entry(zip_t* archive, const Entry& entry, const std::string& name) {
  zip_file_t* file = zip_fopen_index(archive, entry.index, 0);
  require(file != nullptr, "entry '{}' of the archive cannot be read: {}", name, zip_strerror(archive));
  return {file, [](zip_file_t* f) { zip_fclose(f); }};
}

void read_all(zip_file_t* file, std::span<std::byte> out, const std::string& name) {
  std::size_t done = 0;
  while (done < out.size()) {
    const zip_int64_t count = zip_fread(file, out.data() + done, out.size() - done);
    require(count > 0, "entry '{}' of the archive is damaged: it has {} bytes of {}", name, done, out.size());
    done += static_cast<std::size_t>(count);
  }
}

/// An entry that is stored as it is.
class StoredEntry final : public ByteSource {
 public:
  StoredEntry(std::shared_ptr<zip> archive, const Entry& entry, std::string name)
      : archive_(std::move(archive)), size_(entry.size_bytes), name_(std::move(name)), file_(open_entry(archive_.get(), entry, name_)) {}

  std::size_t size_bytes() const override { return size_; }
  void read(std::size_t offset, std::span<std::byte> out) const override {
    require(zip_fseek(file_.get(), static_cast<zip_int64_t>(offset), SEEK_SET) == 0, "entry '{}' of the archive is damaged", name_);
    read_all(file_.get(), out, name_);
  }

 private:
  std::shared_ptr<zip> archive_;
  std::size_t size_;
  std::string name_;
  std::shared_ptr<zip_file_t> file_;
};

/// An entry that was unpacked.
class UnpackedEntry final : public ByteSource {
 public:
  UnpackedEntry(std::shared_ptr<std::byte> bytes, std::size_t size) : bytes_(std::move(bytes)), source_({bytes_.get(), size}) {}

  std::size_t size_bytes() const override { return source_.size_bytes(); }
  void read(std::size_t offset, std::span<std::byte> out) const override { source_.read(offset, out); }

 private:
  std::shared_ptr<std::byte> bytes_;
  MemorySource source_;
};

}  // namespace

bool Archive::recognises(const ByteSource& source) {
  std::array<std::byte, 4> start{};
  if (source.size_bytes() < start.size()) return false;
  source.read(0, start);
  return std::memcmp(start.data(), "PK\x03\x04", 4) == 0;
}

Archive::Archive(const std::filesystem::path& path) : file_bytes_(FileSource(path).size_bytes()) {
  int code = 0;
  zip_t* opened = zip_open(path.c_str(), ZIP_RDONLY, &code);
  if (opened == nullptr) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    throw ModelError(fmt::format("the archive is damaged or truncated: {}", reason));
  }
  archive_ = {opened, [](zip_t* archive) { zip_discard(archive); }};
}

bool Archive::contains(const std::string& name) const { return zip_name_locate(archive_.get(), name.c_str(), 0) >= 0; }

std::string Archive::text(const std::string& name, std::size_t most_bytes) const {
  const Entry entry = find_entry(archive_.get(), name);
  require(entry.size_bytes <= most_bytes, "entry '{}' of the archive has {}, more than the {} that are read", name, format_bytes(entry.size_bytes),
          format_bytes(most_bytes));
  std::string text(entry.size_bytes, '\0');
  read_all(open_entry(archive_.get(), entry, name).get(), std::as_writable_bytes(std::span(text)), name);
  return text;
}

std::shared_ptr<const ByteSource> Archive::source(const std::string& name) const {
  const Entry entry = find_entry(archive_.get(), name);
  if (entry.stored) {
    require(entry.size_bytes <= file_bytes_, "entry '{}' of the archive claims {} in a file of {}", name, format_bytes(entry.size_bytes),
            format_bytes(file_bytes_));
    return std::make_shared<StoredEntry>(archive_, entry, name);
  }
  require(entry.size_bytes <= std::max(kSmallBytes, file_bytes_ * kMostGrowth), "entry '{}' of the archive unpacks to {}, more than {} times the file",
          name, format_bytes(entry.size_bytes), kMostGrowth);
  auto bytes = allocate_buffer(entry.size_bytes);
  read_all(open_entry(archive_.get(), entry, name).get(), {bytes.get(), entry.size_bytes}, name);
  return std::make_shared<UnpackedEntry>(std::move(bytes), entry.size_bytes);
}

}  // namespace temper::keras
