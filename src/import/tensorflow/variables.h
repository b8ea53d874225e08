#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "import/tensorflow/checkpoint/checkpoint.h"
#include "import/tensorflow/contents.h"
#include "import/tensorflow/proto/saved_model.pb.h"

namespace temper::tensorflow {

/// Whether the node is a variable: one that is passed by reference, or the handle of one.
bool is_variable(std::string_view op);

/// The values of a graph's variables in a checkpoint. Which tensor is a variable's follows from the graph's own nodes that restore it, in the graph or in the
/// function that restores all:
///     RestoreV2(file, ["layer/kernel/.ATTRIBUTES/VARIABLE_VALUE", ...], slices) -> Assign(variable, its output)
/// Of a variable that nothing restores it is the tensor of its own name, or the one that the checkpoint's graph of objects has under that name.
class Variables {
 public:
  /// The checkpoint may be null: then there is no value for any.
  Variables(const GraphDef& graph, std::shared_ptr<const Checkpoint> checkpoint);

  /// The variable's value for a Const node; its elements are left in the checkpoint, as contents. nullopt where there is none; missing() names it then.
  /// Throws ModelError where the checkpoint has a tensor of another type or shape for it.
  std::optional<TensorProto> value(const NodeDef& variable, Contents& contents);

  std::size_t used_count() const { return used_.size(); }
  /// Tensors of the checkpoint that no value() gave.
  std::vector<std::string> unused() const;
  /// Throws ModelError, naming them and what the checkpoint has, where value() found none for a variable.
  void require_all() const;
  const Checkpoint* checkpoint() const { return checkpoint_.get(); }

 private:
  /// A tensor of the checkpoint, or a part of it.
  struct Stored {
    std::string key;
    std::string slice;
  };
  using Nodes = std::map<std::string, const NodeDef*, std::less<>>;

  void find_restored(const GraphDef& graph);
  void find_restored_in_function(const NodeDef& call, const FunctionDef& function, const Nodes& outside);
  void find_object_names();
  std::optional<Stored> stored_of(const NodeDef& variable) const;

  std::shared_ptr<const Checkpoint> checkpoint_;
  std::map<std::string, Stored, std::less<>> restored_;  // by the variable's node
  std::map<std::string, std::string, std::less<>> keys_of_names_;  // by what the graph of objects calls them
  std::map<std::string, std::string> used_;                        // keys, and the variables
  std::vector<std::string> missing_;
};

}  // namespace temper::tensorflow
