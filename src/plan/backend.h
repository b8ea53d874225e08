#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "ir/graph.h"

namespace temper {

/// A constant input as a kernel packed it for itself.
struct PackedInput {
  std::size_t input = 0;
  std::shared_ptr<const Packed> packed;
};

/// A node made ready to run on inputs of the dtypes and shapes it was prepared for. May run in several threads at once, each
/// with outputs and workspace of its own.
class Kernel {
 public:
  virtual ~Kernel() = default;
  /// What runs, for `explain`: "onednn_conv brgconv:avx512_core".
  virtual std::string_view name() const = 0;
  /// Bytes of scratch memory, aligned to 64, that run() is to be given.
  virtual std::size_t workspace_bytes() const { return 0; }
  /// Whether output 0 may be the memory of this input, which has its size in bytes.
  virtual bool in_place(std::size_t) const { return false; }
  /// Whether its code is made when it is prepared, and so takes memory of its own.
  virtual bool made_at_run_time() const { return false; }
  /// Bytes of constants that it made and holds for itself, beside those that it was given.
  virtual std::size_t held_bytes() const { return 0; }
  /// The constants that it has packed, so that it does not read the originals.
  virtual std::vector<PackedInput> packed() const { return {}; }
  /// Writes the outputs, which have the dtypes and shapes that the operator infers. Throws ModelError only where the values of
  /// inputs make the result impossible.
  virtual void run(Inputs in, std::span<Tensor> out, std::span<std::byte> workspace) const = 0;
};

/// Why a backend does not take a node.
struct Refusal {
  std::string reason;
  /// Whether other shapes would be refused as well, so that there is no point in asking again.
  bool whatever_shapes = false;
};
using Prepared = std::variant<std::unique_ptr<Kernel>, Refusal>;

/// One way to run some operators.
struct KernelMaker {
  /// "onednn/conv": backend and what it makes. Plans and timing caches keep it, so it is not reused for another thing.
  std::string_view name;
  /// A kernel for the node on inputs of these facts (dtypes and shapes known; constants or packed constants where they are), the
  /// reason why there is none, or nullopt where it is not about this operator.
  std::optional<Prepared> (*prepare)(const Node& node, std::span<const Fact> in);
};

/// A source of kernels for one device.
struct Backend {
  std::string_view name;
  /// In the order in which they are taken where nothing was timed.
  std::vector<KernelMaker> makers;
  /// The row-major elements of what one of its kernels packed; nullopt where the layout is another's.
  std::optional<Tensor> (*unpack)(const Fact& packed) = nullptr;
};
using Backends = std::span<const Backend* const>;

}  // namespace temper
