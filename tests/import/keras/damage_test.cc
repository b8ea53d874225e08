#include <zip.h>

#include <filesystem>

#include "base/file.h"
#include "import/import.h"
#include "import/keras/archive.h"
#include "support/keras_archives.h"
#include "support/tensors.h"

/// Files that cannot be read are refused with what is wrong with them and what to do.
namespace temper::testing {
namespace {

namespace fs = std::filesystem;

const fs::path kSequential = fs::path(TEMPER_SOURCE_DIR) / "tests/import/keras/recorded/sequential.zip";

std::string refusal(const fs::path& path) {
  try {
    import_model(path);
  } catch (const ModelError& error) {
    return error.what();
  }
  return "was not refused";
}

void expect_refused(const fs::path& path, const std::string& reason) {
  EXPECT_NE(refusal(path).find(reason), std::string::npos) << refusal(path);
}

/// The recorded sequential model, to be changed.
class DamagedKeras : public ::testing::Test {
 protected:
  DamagedKeras() : files_(kSequential) {
    const keras::Archive archive(files_.folder() / "keras3.keras");
    config_ = archive.text("config.json", 1 << 20);
    weights_ = archive.text("model.weights.h5", 1 << 20);
  }

  /// The model unpacked into a folder, with this configuration.
  fs::path with_config(const std::string& config) {
    const fs::path folder = files_.folder() / "unpacked";
    fs::create_directories(folder);
    write_file(folder / "config.json", config);
    write_file(folder / "model.weights.h5", weights_);
    return folder;
  }
  std::string replaced(const std::string& from, const std::string& to) const {
    std::string text = config_;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  }
  fs::path written(const std::string& name, const std::string& bytes) {
    write_file(files_.folder() / name, bytes);
    return files_.folder() / name;
  }

  UnpackedArchive files_;
  std::string config_;
  std::string weights_;
};

TEST_F(DamagedKeras, Truncated) {
  const std::string hdf5 = read_file(files_.folder() / "keras3.h5");
  const std::string archive = read_file(files_.folder() / "keras3.keras");
  for (const std::size_t size : {std::size_t{100}, hdf5.size() / 2, hdf5.size() - 1}) expect_refused(written("cut.h5", hdf5.substr(0, size)), "the HDF5 file is truncated");
  for (const std::size_t size : {std::size_t{100}, archive.size() / 2, archive.size() - 1}) {
    expect_refused(written("cut.keras", archive.substr(0, size)), "the archive is damaged or truncated");
  }
}

TEST_F(DamagedKeras, FolderReadsAsTheArchive) {
  EXPECT_EQ(import_model(with_config(config_)).outputs().size(), 1U);
  expect_refused(with_config("{\"class_name\""), "the model's configuration is no JSON");
  expect_refused(with_config("[]"), "lacks 'class_name'");
}

TEST_F(DamagedKeras, DeepJson) {
  expect_refused(with_config("{\"class_name\": " + std::string(100000, '[')), "nested more than");
}

TEST_F(DamagedKeras, UnknownLayersAreNamedTogether) {
  const std::string config = replaced("\"class_name\": \"Flatten\"", "\"class_name\": \"Lambda\"");
  const std::string two = [&] {
    std::string text = config;
    return text.replace(text.find("\"class_name\": \"MaxPooling2D\""), 28, "\"class_name\": \"MyOwnLayer\"");
  }();
  const std::string message = refusal(with_config(two));
  for (const char* part : {"Lambda ('flatten')", "MyOwnLayer ('max_pooling2d')", "SavedModel", "--outputs"}) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
  const ModelSummary summary = summarise_model(with_config(two));
  EXPECT_EQ(summary.unsupported.size(), 2U);
  ImportOptions options;
  options.outputs = {"batch_normalization"};
  EXPECT_EQ(import_model(with_config(two), options).outputs()[0].name, "batch_normalization");
}

TEST_F(DamagedKeras, SubclassModel) {
  expect_refused(with_config(R"({"class_name": "MyModel", "config": {"units": 3}})"), "is a subclass model 'MyModel'");
}

TEST_F(DamagedKeras, WeightsThatDoNotFit) {
  expect_refused(with_config(replaced("\"use_bias\": true", "\"use_bias\": false").replace(0, 0, "")), "was not refused");
  expect_refused(with_config(replaced("\"class_name\": \"Dense\"", "\"class_name\": \"Embedding\"")), "should have it at 'layers/embedding/vars/0'");
}

TEST_F(DamagedKeras, CyclesAndReferencesToNothing) {
  const auto layer = [](const std::string& name, const std::string& from) {
    return R"({"class_name": "ReLU", "name": ")" + name + R"(", "config": {"name": ")" + name + R"("}, "inbound_nodes": [[[")" + from + R"(", 0, 0, {}]]]})";
  };
  const auto model = [&](const std::string& layers, const std::string& output) {
    return R"({"class_name": "Functional", "config": {"name": "m", "layers": [{"class_name": "InputLayer", "name": "x", "config": {"batch_shape": [null, 2], "name": "x"}, "inbound_nodes": []}, )" +
           layers + R"(], "input_layers": [["x", 0, 0]], "output_layers": [[")" + output + R"(", 0, 0]]}})";
  };
  EXPECT_EQ(import_model(with_config(model(layer("a", "x"), "a"))).outputs().size(), 1U);
  expect_refused(with_config(model(layer("a", "b") + ", " + layer("b", "a"), "a")), "cycle");
  expect_refused(with_config(model(layer("a", "a"), "a")), "cycle");
  expect_refused(with_config(model(layer("a", "nowhere"), "a")), "has none of that name");
  expect_refused(with_config(model(layer("a", "x"), "nowhere")), "has no layer 'nowhere'");
  expect_refused(with_config(model(layer("a", "x") + ", " + layer("a", "x"), "a")), "two layers are named 'a'");
}

TEST_F(DamagedKeras, ModelsThatCallModelsGrowOnlySoFar) {
  std::string inner = R"({"class_name": "ReLU", "name": "l", "config": {"name": "l"}, "inbound_nodes": [[["x", 0, 0, {}]]]})";
  const auto wrap = [](const std::string& layer, const std::string& output, const std::string& call) {
    return R"({"class_name": "Functional", "name": "l", "config": {"name": "l", "layers": [{"class_name": "InputLayer", "name": "x", "config": {"batch_shape": [null, 2], "name": "x"}, "inbound_nodes": []}, )" +
           layer + R"(], "input_layers": [["x", 0, 0]], "output_layers": [)" + output + "]}" + call + "}";
  };
  inner = wrap(inner, R"(["l", 0, 0])", R"(, "inbound_nodes": [[["x", 0, 0, {}]], [["l", 0, 0, {}]], [["l", 1, 0, {}]]])");
  for (int depth = 0; depth < 20; ++depth) inner = wrap(inner, R"(["l", 2, 0])", R"(, "inbound_nodes": [[["x", 0, 0, {}]], [["l", 0, 0, {}]], [["l", 1, 0, {}]]])");
  expect_refused(with_config(wrap(inner, R"(["l", 2, 0])", "")), "more than 131072 layers");
}

TEST_F(DamagedKeras, WeightsWithoutArchitecture) {
  expect_refused(written("alone.weights.h5", weights_), "put what model.to_json() gives beside it as alone.json");
  expect_refused(written("lonely.json", config_), "needs its weights beside it as lonely.weights.h5");
  EXPECT_EQ(import_model(written("alone.json", config_)).outputs().size(), 1U);
}

/// An archive whose one large entry is zeros.
std::string bomb(const fs::path& path, const char* name, std::size_t size) {
  int code = 0;
  zip_t* out = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  const std::string zeros(size, '\0');
  const std::string config = "{}";
  const auto add = [&](const char* entry, const std::string& content) { zip_file_add(out, entry, zip_source_buffer(out, content.data(), content.size(), 0), ZIP_FL_OVERWRITE); };
  add("config.json", config);
  add(name, zeros);
  zip_close(out);
  return path.string();
}

TEST_F(DamagedKeras, ArchivesThatUnpackToTooMuch) {
  expect_refused(bomb(files_.folder() / "a.keras", "config.json", std::size_t{80} << 20), "more than the 64.0 MB that are read");
  expect_refused(bomb(files_.folder() / "b.keras", "model.weights.h5", std::size_t{80} << 20), "unpacks to 80.0 MB, more than 64 times the file");
  expect_refused(bomb(files_.folder() / "c.keras", "other/config.json", 10), "the archive holds no model.weights.h5");
}

}  // namespace
}  // namespace temper::testing
