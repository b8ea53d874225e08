#include "import/keras/weights.h"

#include <algorithm>
#include <set>

#include "import/keras/layer_weights.h"
#include "import/keras/old_weights.h"

namespace temper::keras {
namespace {

/// Follows names that an attribute gives whole, or in pieces where they are many: "layer_names0", "layer_names1", ...
std::vector<std::string> names_in(const Hdf5File& file, const Hdf5Object& group, const std::string& name) {
  if (const auto* whole = group.attribute(name)) return file.strings(*whole);
  std::vector<std::string> names;
  for (int piece = 0;; ++piece) {
    const auto* part = group.attribute(fmt::format("{}{}", name, piece));
    if (part == nullptr) return names;
    for (std::string& text : file.strings(*part)) names.push_back(std::move(text));
  }
}

std::string text_in(const Hdf5File& file, const Hdf5Object& group, const std::string& name) {
  const auto* attribute = group.attribute(name);
  const auto texts = attribute == nullptr ? std::vector<std::string>{} : file.strings(*attribute);
  return texts.empty() ? "" : texts.front();
}

/// "kernel" of "conv1/kernel:0".
std::string leaf(const std::string& name) {
  const std::string last = name.substr(name.rfind('/') + 1);  // npos + 1 is 0
  return last.substr(0, last.find(':'));
}

/// "conv1" of "inner/conv1/kernel:0".
std::string parent(const std::string& name) {
  const std::size_t end = name.rfind('/');
  return end == std::string::npos ? "" : leaf(name.substr(0, end));
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_word(char c) { return is_upper(c) || is_lower(c) || (c >= '0' && c <= '9') || c == '_'; }

}  // namespace

std::string snake_case(const std::string& class_name) {
  std::string word;
  for (const char c : class_name) {
    if (is_word(c)) word += c;
  }
  std::string first;  // a capital with small letters behind it begins a word
  for (std::size_t i = 0; i < word.size();) {
    first += word[i];
    if (i + 2 < word.size() && is_upper(word[i + 1]) && is_lower(word[i + 2])) {
      first += '_';
      first += word[++i];
      while (i + 1 < word.size() && is_lower(word[i + 1])) first += word[++i];
    }
    ++i;
  }
  std::string out;  // so does one behind a small letter
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (i > 0 && is_lower(first[i - 1]) && is_upper(first[i])) out += '_';
    out += is_upper(first[i]) ? static_cast<char>(first[i] + 32) : first[i];
  }
  return out;
}

/// A place for one weight, in the order in which Keras lists them.
struct WeightStore::Slot {
  const Layer* layer;
  std::string name;   ///< as the rule has it
  std::string group;  ///< in Keras 3's files
  std::size_t position = 0;
  bool trainable = true;
};

void WeightStore::collect(const Layer& layer, const std::string& path, bool trainable, std::vector<Slot>& slots) const {
  trainable = trainable && layer.trainable;
  if (layer.model) return collect(*layer.model, path, trainable, slots);
  std::map<std::string, std::size_t> positions;
  for (const WeightName& weight : weight_names(layer)) {
    const std::size_t end = weight.name.rfind('/');
    const std::string group = end == std::string::npos ? path : path + "/" + weight.name.substr(0, end);
    slots.push_back({&layer, weight.name, group, positions[group]++, trainable && weight.trainable});
  }
  const bool two_ways = layer.class_name == "Bidirectional";
  for (const auto& [key, inner] : layer.inner) {
    collect(inner, path + "/" + (two_ways && key == "layer" ? "forward_layer" : key), trainable, slots);
  }
}

void WeightStore::collect(const Model& model, const std::string& path, bool trainable, std::vector<Slot>& slots) const {
  std::map<std::string, int> used;
  for (const Layer& layer : model.layers) {
    const std::string name = snake_case(layer.stored_class);
    const int count = used[name]++;
    const std::string own = count == 0 ? name : fmt::format("{}_{}", name, count);
    collect(layer, path + (path.empty() ? "" : "/") + container_ + "/" + own, trainable, slots);
  }
}

WeightStore::WeightStore(std::shared_ptr<const Hdf5File> file, const Model& model) : file_(std::move(file)) {
  const Hdf5Object& root = file_->root();
  for (const char* name : {"layers", "_layer_checkpoint_dependencies"}) {
    const auto group = file_->find(name);
    if (group && !group->is_dataset && !root.attribute("layer_names") && !root.attribute("layer_names0")) container_ = name;
  }
  if (container_.empty()) bind_by_name(model);
  else bind_by_path(model);
}

void WeightStore::fail(const Layer& layer, std::string reason) { failures_.emplace(&layer, std::move(reason)); }

/// A layer that several models share is stored once, where it was met first: the others are of its name and class.
void WeightStore::share(const std::vector<Slot>& slots) {
  std::map<std::pair<std::string, std::string>, std::set<const Layer*>> stored;
  for (const Slot& slot : slots) {
    if (!failures_.contains(slot.layer)) stored[{slot.layer->name, slot.layer->stored_class}].insert(slot.layer);
  }
  for (const Slot& slot : slots) {
    if (!failures_.contains(slot.layer)) continue;
    const auto found = stored.find({slot.layer->name, slot.layer->stored_class});
    if (found == stored.end() || found->second.size() != 1) continue;
    weights_[slot.layer] = weights_[*found->second.begin()];
    failures_.erase(slot.layer);
  }
}

void WeightStore::bind_by_path(const Model& model) {
  std::vector<Slot> slots;
  collect(model, "", true, slots);
  for (const Slot& slot : slots) {
    std::string path = fmt::format("{}/vars/{}", slot.group, slot.position);
    auto dataset = file_->find(path);
    if (!dataset) {  // Keras 2 kept the parts of layers under private names
      path = fmt::format("{}/_{}/vars/{}", slot.group.substr(0, slot.group.rfind('/')), slot.group.substr(slot.group.rfind('/') + 1), slot.position);
      dataset = file_->find(path);
    }
    if (!dataset) fail(*slot.layer, fmt::format("weight '{}' is not in the file, which should have it at '{}/vars/{}'", slot.name, slot.group, slot.position));
    weights_[slot.layer].push_back({slot.name, std::move(path), std::move(dataset), {}});
  }
  share(slots);
}

void WeightStore::bind_by_name(const Model& model) {
  auto top = file_->find("model_weights");
  if (!top) top = std::make_shared<Hdf5Object>(file_->root());
  if (const std::string version = text_in(*file_, *top, "keras_version"); !version.empty()) keras_version_ = version;
  backend_ = text_in(*file_, *top, "backend");
  const std::vector<std::string> stored = names_in(*file_, *top, "layer_names");
  require(!stored.empty(), "the HDF5 file holds no weights of Keras: it has neither layer_names nor layers");
  std::vector<const Layer*> weighted;
  bool all_named = true;
  for (const Layer& layer : model.layers) {
    std::vector<Slot> slots;
    collect(layer, "", true, slots);
    if (slots.empty()) continue;
    weighted.push_back(&layer);
    all_named = all_named && top->children.contains(layer.name);
  }
  std::vector<std::string> groups;  // those with weights, in the order of the layers
  if (!all_named) {
    for (const std::string& name : stored) {
      const auto group = file_->find(*top, name);
      if (group && !names_in(*file_, *group, "weight_names").empty()) groups.push_back(name);
    }
    require(groups.size() == weighted.size(), "the weights are of {} layers, the architecture has {} with weights; they do not belong together",
            groups.size(), weighted.size());
  }
  for (std::size_t i = 0; i < weighted.size(); ++i) {
    const std::string& name = all_named ? weighted[i]->name : groups[i];
    const auto group = file_->find(*top, name);
    require(group != nullptr, "the file has no group '{}' of weights", name);
    bind_group(*weighted[i], *group, name);
  }
}

/// Gives the weights of one group to a layer, or to the layers of a model.
void WeightStore::bind_group(const Layer& layer, const Hdf5Object& group, const std::string& path) {
  std::vector<Slot> slots;
  collect(layer, "", true, slots);
  std::ranges::stable_partition(slots, [](const Slot& slot) { return slot.trainable; });
  std::vector<std::string> names = names_in(*file_, group, "weight_names");
  std::vector<Weight> found;
  for (const std::string& name : names) {
    auto dataset = file_->find(group, name);
    require(dataset != nullptr && dataset->is_dataset, "weight '{}' of layer '{}' is listed, but not in the file", name, layer.name);
    found.push_back({"", path + "/" + name, std::move(dataset), {}});
  }
  found = modern_weights(layer, *file_, std::move(found), {keras_version_.starts_with("1") ? 1 : 2, backend_ == "theano"});
  if (found.size() != slots.size()) {
    std::vector<std::string> wanted;
    for (const Slot& slot : slots) wanted.push_back(slot.name);
    const std::string reason = fmt::format("needs {} weights ({}), but the file has {} for '{}' ({})", slots.size(), fmt::join(wanted, ", "), found.size(), path,
                                           fmt::join(names, ", "));
    for (const Slot& slot : slots) fail(*slot.layer, reason);
    return;
  }
  const auto matches = [&](const Slot& slot, const std::string& name) {
    return leaf(slot.name) == leaf(name) && parent(name).starts_with(slot.layer->name);
  };
  std::vector<bool> taken(found.size());
  for (std::size_t i = 0; i < slots.size(); ++i) {  // by position; where the names say otherwise, by name
    std::size_t from = i;
    if (layer.model && i < names.size() && !matches(slots[i], names[i])) {
      const auto named = std::ranges::find_if(names, [&](const std::string& name) {
        return leaf(slots[i].name) == leaf(name) && parent(name) == slots[i].layer->name;
      });
      if (named != names.end()) from = static_cast<std::size_t>(named - names.begin());
    }
    if (taken[from]) fail(*slots[i].layer, fmt::format("weight '{}' is not told apart from others in '{}'", slots[i].name, path));
    taken[from] = true;
    Weight weight = found[from];
    weight.name = slots[i].name;
    weights_[slots[i].layer].push_back(std::move(weight));
  }
}

std::vector<Weight>& WeightStore::of(const Layer& layer) {
  const auto failed = failures_.find(&layer);
  if (failed != failures_.end()) throw ModelError(failed->second);
  return weights_[&layer];
}

const Tensor& WeightStore::read(Weight& weight) const {
  if (!weight.value) {
    require(weight.dataset != nullptr, "weight '{}' is not in the file", weight.name);
    weight.value = in_context([&] { return fmt::format("weight '{}'", weight.path); }, [&] { return file_->read(*weight.dataset); });
  }
  return *weight.value;
}

}  // namespace temper::keras
