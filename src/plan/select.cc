#include "plan/select.h"

#include "base/memory.h"

namespace temper {
namespace {

/// Asks one maker; true where it gave a kernel. What it refused is noted in `selection`.
bool ask(const KernelMaker& maker, const Node& node, std::span<const Fact> in, std::size_t most_workspace, Selection& selection) {
  std::optional<Prepared> prepared = maker.prepare(node, in);
  if (!prepared) return false;
  if (auto* kernel = std::get_if<std::unique_ptr<Kernel>>(&*prepared)) {
    if ((*kernel)->workspace_bytes() > most_workspace) {
      selection.refusals.push_back(fmt::format("{}: it needs {} of workspace", maker.name, format_bytes((*kernel)->workspace_bytes())));
      selection.final = false;
      return false;
    }
    selection.kernel = std::move(*kernel);
    selection.maker = maker.name;
    return true;
  }
  const auto& refusal = std::get<Refusal>(*prepared);
  selection.refusals.push_back(fmt::format("{}: {}", maker.name, refusal.reason));
  selection.final &= refusal.whatever_shapes;
  return false;
}

}  // namespace

Selection select_kernel(const Node& node, std::span<const Fact> in, Backends backends, std::string_view wanted, std::size_t most_workspace) {
  Selection selection{nullptr, "reference", {}, true};
  if (wanted == "reference") return selection;
  if (!wanted.empty()) {
    for (const Backend* backend : backends) {
      for (const KernelMaker& maker : backend->makers) {
        if (maker.name == wanted && ask(maker, node, in, most_workspace, selection)) return selection;
      }
    }
  }
  for (const Backend* backend : backends) {
    for (const KernelMaker& maker : backend->makers) {
      if (maker.name != wanted && ask(maker, node, in, most_workspace, selection)) return selection;
    }
  }
  return selection;
}

std::vector<Selection> all_kernels(const Node& node, std::span<const Fact> in, Backends backends, std::vector<std::string>* refusals, std::size_t most_workspace) {
  std::vector<Selection> all;
  for (const Backend* backend : backends) {
    for (const KernelMaker& maker : backend->makers) {
      Selection selection;
      if (ask(maker, node, in, most_workspace, selection)) all.push_back(std::move(selection));
      else refusals->insert(refusals->end(), selection.refusals.begin(), selection.refusals.end());
    }
  }
  return all;
}

Tensor unpacked(const Fact& packed, Backends backends) {
  for (const Backend* backend : backends) {
    if (backend->unpack == nullptr) continue;
    if (std::optional<Tensor> tensor = backend->unpack(packed)) return std::move(*tensor);
  }
  throw ModelError(fmt::format("no backend here can read constants packed as '{}'; optimise the model again on this machine",
                               packed.packed->layout.substr(0, 40)));
}

}  // namespace temper
