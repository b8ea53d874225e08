#pragma once
#include <optional>
#include <string>
#include <vector>

#include "plan/select.h"

namespace temper {

/// The kernels of one node whose memory is not planned, prepared for the dtypes and shapes that it met last.
class KernelCache {
 public:
  /// `facts` of the node's inputs, with elements where an input is constant.
  KernelCache(const Node& node, Facts facts, Backends backends, std::size_t most_workspace = kAnyWorkspace)
      : node_(&node), facts_(std::move(facts)), backends_(backends), most_workspace_(most_workspace), asks_(!backends.empty() && node.regions.empty()) {}

  /// The node's outputs in memory of their own, or an input's that no one else holds; nullopt where only the operator's
  /// definition serves.
  std::optional<Tensors> run(Inputs in);

  std::string kernel_name() const;
  const std::vector<std::string>& refusals() const { return refusals_; }

 private:
  struct InputKey {
    DType dtype;
    Shape shape;
  };
  struct Entry {
    std::vector<InputKey> inputs;  // of inputs that are not constant, in order
    std::unique_ptr<Kernel> kernel;
    std::vector<InputKey> outputs;
    std::uint64_t used = 0;
  };
  static constexpr std::size_t kKept = 4;

  bool matches(const Entry& entry, Inputs in) const;
  const Entry& find_or_prepare(Inputs in);
  Entry prepare(Inputs in);
  static Tensor output_for(const Kernel& kernel, Inputs in, const InputKey& wanted);

  const Node* node_;
  Facts facts_;
  Backends backends_;
  std::size_t most_workspace_;
  bool asks_;
  std::size_t last_ = 0;
  std::uint64_t clock_ = 0;
  std::vector<Entry> entries_;
  std::vector<std::string> refusals_;
};

}  // namespace temper
