#include "import/keras/open_model.h"

#include <nlohmann/json.hpp>

#include "import/keras/archive.h"

namespace temper::keras {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxJsonBytes = std::size_t{1} << 26;

/// A path's name without what Keras puts behind it.
std::string stem(const fs::path& path) {
  std::string name = path.filename().string();
  for (const std::string_view end : {".weights.h5", "_weights.h5", ".h5", ".hdf5", ".json"}) {
    if (name.ends_with(end)) return name.substr(0, name.size() - end.size());
  }
  return path.stem().string();
}

bool is_architecture(const ByteSource& source) {
  std::array<std::byte, 4096> bytes{};
  const std::size_t size = std::min(source.size_bytes(), bytes.size());
  source.read(0, std::span(bytes).first(size));
  const std::string_view start(reinterpret_cast<const char*>(bytes.data()), size);
  const std::size_t brace = start.find_first_not_of(" \t\r\n");
  if (brace == std::string_view::npos || start[brace] != '{') return false;
  const std::size_t quote = start.find_first_not_of(" \t\r\n", brace + 1);
  return quote != std::string_view::npos && start[quote] == '"';
}

std::string text_attribute(const Hdf5File& file, const Hdf5Object& object, const std::string& name) {
  const auto* attribute = object.attribute(name);
  const auto texts = attribute == nullptr ? std::vector<std::string>{} : file.strings(*attribute);
  return texts.empty() ? "" : texts.front();
}

/// A member of a JSON object that is text; empty where there is none.
std::string text_member(const std::string& json_text, const char* name) {
  const auto parsed = nlohmann::json::parse(json_text, [](int depth, auto, auto&) { return depth < 64; }, false);
  if (!parsed.is_object() || !parsed.contains(name) || !parsed[name].is_string()) return "";
  return parsed[name].get<std::string>();
}

std::string read_text(const fs::path& path) {
  require(FileSource(path).size_bytes() <= kMaxJsonBytes, "{}: is too large for a model's architecture", path.string());
  return read_file(path);
}

std::shared_ptr<const Hdf5File> open_hdf5(const fs::path& path) { return std::make_shared<const Hdf5File>(std::make_shared<FileSource>(path)); }

/// The file of that name beside `path`, if there is one.
std::optional<fs::path> beside(const fs::path& path, std::initializer_list<std::string_view> ends) {
  for (const std::string_view end : ends) {
    const fs::path other = path.parent_path() / (stem(path) + std::string(end));
    std::error_code code;
    if (fs::is_regular_file(other, code)) return other;
  }
  return std::nullopt;
}

std::string version_in(const Hdf5File& file) {
  std::string version = text_attribute(file, file.root(), "keras_version");
  if (const auto weights = file.find("model_weights"); version.empty() && weights) version = text_attribute(file, *weights, "keras_version");
  return version;
}

ModelFile open_archive(const fs::path& path) {
  const Archive archive(path);
  require(archive.contains("config.json"), "is a zip archive without a config.json: no model of Keras");
  ModelFile model;
  model.format = "Keras archive (.keras)";
  model.architecture = archive.text("config.json", kMaxJsonBytes);
  if (archive.contains("metadata.json")) model.keras_version = text_member(archive.text("metadata.json", kMaxJsonBytes), "keras_version");
  require(archive.contains("model.weights.h5"), "the archive holds no model.weights.h5: its weights are missing or of a form that is not supported");
  model.weights = in_context([] { return "model.weights.h5"; }, [&] { return std::make_shared<const Hdf5File>(archive.source("model.weights.h5")); });
  return model;
}

ModelFile open_folder(const fs::path& path) {
  ModelFile model;
  model.format = "Keras archive, unpacked";
  model.architecture = read_text(path / "config.json");
  std::error_code code;
  if (fs::is_regular_file(path / "metadata.json", code)) model.keras_version = text_member(read_text(path / "metadata.json"), "keras_version");
  model.weights = open_hdf5(path / "model.weights.h5");
  return model;
}

ModelFile open_weights(const fs::path& path) {
  ModelFile model;
  model.weights = open_hdf5(path);
  model.keras_version = version_in(*model.weights);
  model.architecture = text_attribute(*model.weights, model.weights->root(), "model_config");
  model.format = "Keras HDF5";
  if (!model.architecture.empty()) return model;
  const auto other = beside(path, {".json", ".config.json", "_config.json"});
  require(other.has_value(), "holds weights without an architecture (it has no attribute model_config); put what model.to_json() gives beside it as "
          "{}.json, or save the whole model", stem(path));
  model.architecture = read_text(*other);
  model.format = fmt::format("Keras weights (HDF5) with the architecture of {}", other->filename().string());
  if (model.keras_version.empty()) model.keras_version = text_member(model.architecture, "keras_version");
  return model;
}

ModelFile open_architecture(const fs::path& path) {
  ModelFile model;
  model.architecture = read_text(path);
  const auto other = beside(path, {".weights.h5", ".h5", ".hdf5", "_weights.h5", "_weights.hdf5"});
  require(other.has_value(), "is a model's architecture, which needs its weights beside it as {}.weights.h5 or {}.h5", stem(path), stem(path));
  model.format = fmt::format("Keras architecture (JSON) with the weights of {}", other->filename().string());
  in_context([&] { return other->string(); }, [&] { model.weights = open_hdf5(*other); });
  model.keras_version = version_in(*model.weights);
  if (model.keras_version.empty()) model.keras_version = text_member(model.architecture, "keras_version");
  return model;
}

}  // namespace

bool recognises(const fs::path& path) {
  std::error_code code;
  if (fs::is_directory(path, code)) return fs::is_regular_file(path / "config.json", code) && fs::is_regular_file(path / "model.weights.h5", code);
  if (!fs::is_regular_file(path, code)) return false;
  const FileSource source(path);
  return Archive::recognises(source) || Hdf5File::recognises(source) || is_architecture(source);
}

ModelFile open_model(const fs::path& path) {
  if (fs::is_directory(path)) return open_folder(path);
  const FileSource source(path);
  if (Archive::recognises(source)) return open_archive(path);
  if (Hdf5File::recognises(source)) return open_weights(path);
  return open_architecture(path);
}

}  // namespace temper::keras
