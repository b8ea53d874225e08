#include "support/keras_archives.h"

#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <atomic>
#include <fstream>

#include "import/keras/hdf5.h"

namespace temper::testing {
namespace {

namespace fs = std::filesystem;

const fs::path kRecorded = fs::path(TEMPER_SOURCE_DIR) / "tests/import/keras/recorded";

std::map<std::string, Tensor> tensors_in(const keras::Hdf5File& file, const std::string& group) {
  std::map<std::string, Tensor> tensors;
  const auto object = file.find(group);
  if (object == nullptr) return tensors;
  for (const auto& [name, address] : object->children) tensors.emplace(name, file.read(*file.find(*object, name)));
  return tensors;
}

}  // namespace

UnpackedArchive::UnpackedArchive(const fs::path& archive) {
  static std::atomic<int> count = 0;
  folder_ = fs::temp_directory_path() / fmt::format("temper_keras_{}_{}", ::getpid(), count++);
  fs::create_directories(folder_);
  int code = 0;
  zip_t* opened = zip_open(archive.c_str(), ZIP_RDONLY, &code);
  if (opened == nullptr) throw ModelError(fmt::format("{}: cannot be opened", archive.string()));
  for (zip_int64_t i = 0; i < zip_get_num_entries(opened, 0); ++i) {
    const std::string name = zip_get_name(opened, static_cast<zip_uint64_t>(i), 0);
    std::ofstream out(folder_ / fs::path(name).filename(), std::ios::binary);
    zip_file_t* file = zip_fopen_index(opened, static_cast<zip_uint64_t>(i), 0);
    std::array<char, 4096> bytes{};
    for (zip_int64_t size = 0; (size = zip_fread(file, bytes.data(), bytes.size())) > 0;) out.write(bytes.data(), size);
    zip_fclose(file);
  }
  zip_discard(opened);
}

UnpackedArchive::~UnpackedArchive() { fs::remove_all(folder_); }

std::vector<fs::path> UnpackedArchive::models() const {
  std::vector<fs::path> models;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (name.find(".answers.") == std::string::npos && name.find("_apart.weights") == std::string::npos) models.push_back(entry.path());
  }
  std::ranges::sort(models);
  return models;
}

RecordedAnswers answers_of(const fs::path& model) {
  const std::string name = model.filename().string();
  const std::string library = name.substr(0, name.find_first_of("._"));
  const keras::Hdf5File file(std::make_shared<FileSource>(model.parent_path() / (library + ".answers.h5")));
  return {tensors_in(file, "inputs"), tensors_in(file, "outputs")};
}

std::vector<fs::path> recorded_archives() {
  std::vector<fs::path> archives;
  for (const auto& entry : fs::directory_iterator(kRecorded)) archives.push_back(entry.path());
  std::ranges::sort(archives);
  return archives;
}

}  // namespace temper::testing
