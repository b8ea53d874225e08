#pragma once
#include <memory>
#include <span>
#include <string>
#include <variant>

#include "ir/graph.h"

namespace temper {

/// A node made ready to run on inputs of the dtypes and shapes it was prepared for.
class Kernel {
 public:
  virtual ~Kernel() = default;
  /// "onednn_conv": what runs, for `explain`.
  virtual std::string_view name() const = 0;
  /// Throws ModelError only where the values of inputs make the result impossible.
  virtual Tensors run(Inputs in) = 0;
};

/// Why a backend does not take a node.
struct Refusal {
  std::string reason;
  /// Whether other shapes would be refused as well, so that there is no point in asking again.
  bool whatever_shapes = false;
};
using Prepared = std::variant<std::unique_ptr<Kernel>, Refusal>;

/// A source of kernels for one device.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;
  /// A kernel for `node` on inputs of these facts (dtypes and shapes known; constants where they are), or the reason
  /// why there is none.
  virtual Prepared prepare(const Node& node, std::span<const Fact> in) const = 0;
};

}  // namespace temper
