#pragma once
#include <map>
#include <string>
#include <vector>

#include "import/keras/hdf5.h"
#include "import/keras/model_config.h"

namespace temper::keras {

/// One of a layer's weights: what its row in the table of rules calls it, and where the file has it. Its elements are read when asked for.
struct Weight {
  std::string name;
  std::string path;
  std::shared_ptr<const Hdf5Object> dataset;
  std::optional<Tensor> value;
};

/// The weights of every layer of a model, found in a file of any of Keras's forms:
/// - .h5 of Keras 1 and 2, and what Keras 3 still writes of it: a group for each layer of the model, with the names of its weights in the
///   attribute weight_names; those of a nested model all together, trainable ones first.
/// - .keras and .weights.h5 of Keras 3: "layers/conv2d_1/vars/0", by class and by position.
class WeightStore {
 public:
  WeightStore(std::shared_ptr<const Hdf5File> file, const Model& model);

  /// The weights of a layer that is no model, by the names that its rule uses. Throws ModelError where `layer` needs others than the file
  /// has for it.
  std::vector<Weight>& of(const Layer& layer);
  const Tensor& read(Weight& weight) const;

 private:
  struct Slot;
  void collect(const Layer& layer, const std::string& path, bool trainable, std::vector<Slot>& slots) const;
  void collect(const Model& model, const std::string& path, bool trainable, std::vector<Slot>& slots) const;
  void share(const std::vector<Slot>& slots);
  void bind_by_path(const Model& model);
  void bind_by_name(const Model& model);
  void bind_group(const Layer& layer, const Hdf5Object& group, const std::string& path);
  void fail(const Layer& layer, std::string reason);

  std::shared_ptr<const Hdf5File> file_;
  std::string container_;  ///< what a model's group calls its layers
  std::string keras_version_ = "1";
  std::string backend_;
  std::map<const Layer*, std::vector<Weight>> weights_;
  std::map<const Layer*, std::string> failures_;
};

/// A class's name as Keras 3 spells it in paths: "Conv2D" is "conv2d", "SimpleRNN" "simple_rnn".
std::string snake_case(const std::string& class_name);

}  // namespace temper::keras
