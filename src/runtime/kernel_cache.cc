#include "runtime/kernel_cache.h"

#include "base/memory.h"

namespace temper {

std::optional<Tensors> KernelCache::run(Inputs in) {
  if (!asks_) return std::nullopt;
  const Entry& entry = last_ < entries_.size() && matches(entries_[last_], in) ? entries_[last_] : find_or_prepare(in);
  if (entry.kernel == nullptr) return std::nullopt;
  Tensors out;
  out.reserve(entry.outputs.size());
  for (const InputKey& wanted : entry.outputs) {
    out.push_back(out.empty() ? output_for(*entry.kernel, in, wanted) : Tensor(wanted.dtype, wanted.shape));
  }
  const std::size_t size = entry.kernel->workspace_bytes();
  const std::shared_ptr<std::byte> workspace = size > 0 ? allocate_buffer(size) : nullptr;
  entry.kernel->run(in, out, {workspace.get(), size});
  return out;
}

Tensor KernelCache::output_for(const Kernel& kernel, Inputs in, const InputKey& wanted) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (kernel.in_place(i) && in[i].sole_owner() && in[i].dtype() == wanted.dtype && in[i].shape() == wanted.shape) return in[i];
  }
  return {wanted.dtype, wanted.shape};
}

bool KernelCache::matches(const Entry& entry, Inputs in) const {
  std::size_t key = 0;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (facts_[i].constant) continue;
    const InputKey& wanted = entry.inputs[key++];
    if (wanted.dtype != in[i].dtype() || wanted.shape != in[i].shape()) return false;
  }
  return true;
}

const KernelCache::Entry& KernelCache::find_or_prepare(Inputs in) {
  last_ = 0;
  while (last_ < entries_.size() && !matches(entries_[last_], in)) ++last_;
  if (last_ == entries_.size()) {
    if (entries_.size() < kKept) entries_.emplace_back();
    else last_ = static_cast<std::size_t>(std::ranges::min_element(entries_, {}, &Entry::used) - entries_.begin());
    entries_[last_] = prepare(in);
  }
  entries_[last_].used = ++clock_;
  return entries_[last_];
}

KernelCache::Entry KernelCache::prepare(Inputs in) {
  Facts facts = facts_;
  Entry entry;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (facts[i].constant) continue;
    facts[i] = {in[i].dtype(), in[i].shape(), {}};
    entry.inputs.push_back({in[i].dtype(), in[i].shape()});
  }
  const Facts outputs = node_->op.infer(facts, node_->regions);
  Selection selection{nullptr, "reference", {"the size of the result is known only when it is there"}, false};
  if (std::ranges::all_of(outputs, [](const Fact& fact) { return fact.shape.known().has_value(); })) {
    selection = select_kernel(*node_, facts, backends_, {}, most_workspace_);
  }
  for (const Fact& fact : outputs) {
    if (selection.kernel != nullptr) entry.outputs.push_back({fact.dtype, *fact.shape.known()});
  }
  entry.kernel = std::move(selection.kernel);
  refusals_ = std::move(selection.refusals);
  asks_ = !selection.final || entry.kernel != nullptr;
  return entry;
}

std::string KernelCache::kernel_name() const {
  if (last_ >= entries_.size() || entries_[last_].kernel == nullptr) return "reference";
  return std::string(entries_[last_].kernel->name());
}

}  // namespace temper
