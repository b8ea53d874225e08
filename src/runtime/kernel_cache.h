#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "plan/backend.h"

namespace temper {

/// The kernels of one node, prepared for the dtypes and shapes that it met last.
class KernelCache {
 public:
  /// `constants` are the node's inputs: facts with elements where an input is constant.
  KernelCache(const Node& node, Facts facts, std::span<const Backend* const> backends)
      : node_(&node), facts_(std::move(facts)), backends_(backends), asks_(!backends.empty()) {}

  /// The kernel for these inputs; null where only the operator's definition serves.
  Kernel* find(Inputs in) {
    if (!asks_) return nullptr;
    if (last_ < entries_.size() && matches(entries_[last_], in)) return entries_[last_].kernel.get();
    return find_or_prepare(in);
  }

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
    std::uint64_t used = 0;
  };
  static constexpr std::size_t kKept = 4;

  bool matches(const Entry& entry, Inputs in) const {
    std::size_t key = 0;
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (facts_[i].constant) continue;
      const InputKey& wanted = entry.inputs[key++];
      if (wanted.dtype != in[i].dtype() || wanted.shape != in[i].shape()) return false;
    }
    return true;
  }
  Kernel* find_or_prepare(Inputs in);
  std::unique_ptr<Kernel> prepare(Inputs in);

  const Node* node_;
  Facts facts_;
  std::span<const Backend* const> backends_;
  bool asks_;
  std::size_t last_ = 0;
  std::uint64_t clock_ = 0;
  std::vector<Entry> entries_;
  std::vector<std::string> refusals_;
};

}  // namespace temper
