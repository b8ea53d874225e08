#include "cli/io/npz.h"

#include <zip.h>

#include <memory>
#include <set>

#include "base/file.h"
#include "base/memory.h"
#include "cli/io/npy.h"

namespace temper {
namespace {

std::string open_error(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

/// An open archive; what was added is lost unless close() is called.
class Archive {
 public:
  Archive(const std::filesystem::path& path, int flags) : path_(path) {
    int code = 0;
    archive_ = zip_open(path.c_str(), flags, &code);
    require(archive_ != nullptr, "{}: cannot be opened as a .npz archive: {}", path.string(), open_error(code));
  }
  ~Archive() {
    if (archive_ != nullptr) zip_discard(archive_);
  }
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  zip_t* get() const { return archive_; }
  void close() {
    require(zip_close(archive_) == 0, "{}: cannot be written: {}", path_.string(), zip_strerror(archive_));
    archive_ = nullptr;
  }

 private:
  std::filesystem::path path_;
  zip_t* archive_ = nullptr;
};

Tensor read_entry(const Archive& archive, zip_uint64_t index, const zip_stat_t& entry) {
  require((entry.valid & ZIP_STAT_SIZE) != 0, "its size is not known");
  const auto buffer = allocate_buffer(entry.size);
  const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(zip_fopen_index(archive.get(), index, 0), zip_fclose);
  require(file != nullptr, "cannot be read: {}", zip_strerror(archive.get()));
  zip_uint64_t done = 0;
  while (done < entry.size) {
    const zip_int64_t got = zip_fread(file.get(), buffer.get() + done, entry.size - done);
    require(got > 0, "is damaged: {} of {} bytes could be read", done, entry.size);
    done += static_cast<zip_uint64_t>(got);
  }
  // A read past the end is what makes libzip compare the checksum.
  std::byte beyond{};
  require(zip_fread(file.get(), &beyond, 1) == 0, "is damaged: its checksum or size is wrong");
  return decode_npy({buffer.get(), static_cast<std::size_t>(entry.size)});
}

}  // namespace

NamedArrays read_npz(const std::filesystem::path& path) {
  { const MappedFile file(path); }  // refuses what is missing, a folder, or unreadable, in the words used everywhere
  const Archive archive(path, ZIP_RDONLY);
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  NamedArrays arrays;
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t entry;
    require(zip_stat_index(archive.get(), static_cast<zip_uint64_t>(i), 0, &entry) == 0, "{}: entry {} cannot be read",
            path.string(), i);
    std::string name = (entry.valid & ZIP_STAT_NAME) != 0 ? entry.name : "";
    in_context([&] { return fmt::format("{}: array '{}'", path.string(), name); },
               [&] {
                 require(name.ends_with(".npy"), "its name does not end in .npy");
                 Tensor tensor = read_entry(archive, static_cast<zip_uint64_t>(i), entry);
                 arrays.emplace_back(name.substr(0, name.size() - 4), std::move(tensor));
               });
  }
  return arrays;
}

void write_npz(const std::filesystem::path& path, const NamedArrays& arrays) {
  std::set<std::string_view> names;
  std::vector<std::string> contents;  // libzip reads them when the archive is closed
  for (const auto& [name, tensor] : arrays) {
    require(names.insert(name).second, "{}: two arrays are named '{}'", path.string(), name);
    contents.push_back(in_context([&, &key = name] { return fmt::format("output {}", key); },
                                  [&, &value = tensor] { return encode_npy(value); }));
  }
  if (arrays.empty()) {  // libzip removes an archive without entries
    constexpr std::string_view kEmptyArchive("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22);
    return write_file(path, kEmptyArchive);
  }
  write_atomically(path, [&](const std::filesystem::path& temporary) {
    Archive archive(temporary, ZIP_CREATE | ZIP_TRUNCATE);
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      zip_source_t* source = zip_source_buffer(archive.get(), contents[i].data(), contents[i].size(), 0);
      const std::string entry = arrays[i].first + ".npy";
      const zip_int64_t index =
          source == nullptr ? -1 : zip_file_add(archive.get(), entry.c_str(), source, ZIP_FL_ENC_UTF_8);
      if (index < 0 && source != nullptr) zip_source_free(source);
      require(
          index >= 0 && zip_set_file_compression(archive.get(), static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0) == 0,
          "{}: array '{}' cannot be added: {}", path.string(), arrays[i].first, zip_strerror(archive.get()));
    }
    archive.close();
  });
}

}  // namespace temper
