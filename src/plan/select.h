#pragma once
#include "plan/backend.h"

namespace temper {

/// A kernel for a node, and what was found on the way to it.
struct Selection {
  std::unique_ptr<Kernel> kernel;  ///< null: only the operator's definition serves
  std::string_view maker;          ///< "reference" where there is no kernel
  /// Of each maker that was asked: "onednn/conv: float64 is not handled".
  std::vector<std::string> refusals = {};
  /// Whether asking again for other shapes is of no use.
  bool final = false;
};

inline constexpr std::size_t kAnyWorkspace = ~std::size_t{0};

/// The kernel of the maker named `wanted` if that accepts, else of the first that does; none where "reference" is wanted. `in`: dtypes
/// and shapes known. Kernels that want more scratch memory than `most_workspace` are passed over.
Selection select_kernel(const Node& node, std::span<const Fact> in, Backends backends, std::string_view wanted = {}, std::size_t most_workspace = kAnyWorkspace);

/// Every kernel that accepts and is within `most_workspace`, in the backends' order. The others' reasons are added to `refusals`.
std::vector<Selection> all_kernels(const Node& node, std::span<const Fact> in, Backends backends, std::vector<std::string>* refusals,
                                   std::size_t most_workspace = kAnyWorkspace);

/// A packed constant's row-major elements. Throws ModelError where no backend knows its layout.
Tensor unpacked(const Fact& packed, Backends backends);

}  // namespace temper
