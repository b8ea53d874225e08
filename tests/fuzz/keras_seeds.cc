#include "fuzz/keras_seeds.h"

#include <zip.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "import/keras/archive.h"
#include "support/keras_archives.h"
#include "support/plan_files.h"

namespace temper::testing {
namespace {

using nlohmann::json;

/// A .keras archive's parts.
struct Parts {
  json config;
  std::string weights;
};

struct Seeds {
  std::vector<std::string> hdf5;
  std::vector<std::string> archives;
  std::vector<Parts> parts;
};

const Seeds& seeds() {
  static const Seeds all = [] {
    Seeds found;
    for (const auto& path : recorded_archives()) {
      const UnpackedArchive archive(path);
      for (const auto& model : archive.models()) {
        if (model.extension() == ".h5") found.hdf5.push_back(read_file(model));
        if (model.extension() != ".keras") continue;
        found.archives.push_back(read_file(model));
        const keras::Archive parts(model);
        constexpr std::size_t kMostBytes = 1 << 24;
        found.parts.push_back({json::parse(parts.text("config.json", kMostBytes)), parts.text("model.weights.h5", kMostBytes)});
      }
    }
    return found;
  }();
  return all;
}

template <class List>
const auto& any(const List& list, Random& random) {
  return list[below(random, list.size())];
}

void collect(json& value, std::vector<json*>& all) {
  all.push_back(&value);
  if (!value.is_structured()) return;
  for (json& item : value) collect(item, all);
}

/// Changes one value somewhere.
void mutate_json(json& root, Random& random) {
  std::vector<json*> all;
  collect(root, all);
  json& value = *all[below(random, all.size())];
  switch (below(random, 7)) {
    case 0: value = edge(random); break;
    case 1: value = json(*all[below(random, all.size())]); break;
    case 2: value = nullptr; break;
    case 3: value = static_cast<double>(edge(random)) / 3; break;
    case 4: value = json::array({value, value}); break;
    case 5:
      if (value.is_structured() && !value.empty()) value.erase(std::next(value.begin(), static_cast<std::ptrdiff_t>(below(random, value.size()))));
      break;
    default: value = any(std::vector<std::string>{"same", "valid", "causal", "channels_first", "Dense", "LSTM", "InputLayer", "Sequential", "", "relu"}, random);
  }
  // a number, most of all, of those that there are
  if (below(random, 2) == 0) {
    std::vector<json*> numbers;
    collect(root, numbers);
    std::erase_if(numbers, [](const json* one) { return !one->is_number(); });
    if (!numbers.empty()) *numbers[below(random, numbers.size())] = edge(random);
  }
}

std::string zipped(const std::string& config, const std::string& weights) {
  const TemporaryFile file;
  int code = 0;
  zip_t* out = zip_open(file.path().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  for (const auto& [name, content] : {std::pair<const char*, const std::string&>{"config.json", config}, {"model.weights.h5", weights}}) {
    const zip_int64_t index = zip_file_add(out, name, zip_source_buffer(out, content.data(), content.size(), 0), 0);
    zip_set_file_compression(out, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
  }
  zip_close(out);
  return file.content();
}

}  // namespace

std::string damaged_hdf5(Random& random) {
  std::string bytes = any(seeds().hdf5, random);
  if (below(random, 16) == 0) return bytes.substr(0, below(random, bytes.size()));
  for (std::size_t count = 1 + below(random, 4); count-- > 0;) bytes = mutate_in_place(std::move(bytes), random);
  return bytes;
}

std::string damaged_archive(Random& random) {
  const std::size_t kind = below(random, 8);
  if (kind == 0) return mutate_bytes(any(seeds().archives, random), any(seeds().archives, random), random);
  Parts parts = any(seeds().parts, random);
  if (kind == 1) return zipped(parts.config.dump(), mutate_in_place(parts.weights, random));
  for (std::size_t count = 1 + below(random, 4); count-- > 0;) mutate_json(parts.config, random);
  return zipped(parts.config.dump(-1, ' ', false, json::error_handler_t::replace), parts.weights);
}

}  // namespace temper::testing
