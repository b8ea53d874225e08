#include "runtime/kernel_cache.h"

namespace temper {

Kernel* KernelCache::find_or_prepare(Inputs in) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!matches(entries_[i], in)) continue;
    last_ = i;
    entries_[i].used = ++clock_;
    return entries_[i].kernel.get();
  }
  Entry entry;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (!facts_[i].constant) entry.inputs.push_back({in[i].dtype(), in[i].shape()});
  }
  entry.kernel = prepare(in);
  entry.used = ++clock_;
  if (!asks_) return nullptr;
  if (entries_.size() < kKept) {
    last_ = entries_.size();
    entries_.push_back(std::move(entry));
  } else {
    const auto oldest = std::ranges::min_element(entries_, {}, &Entry::used);
    last_ = static_cast<std::size_t>(oldest - entries_.begin());
    *oldest = std::move(entry);
  }
  return entries_[last_].kernel.get();
}

std::unique_ptr<Kernel> KernelCache::prepare(Inputs in) {
  Facts facts = facts_;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (!facts[i].constant) facts[i] = {in[i].dtype(), in[i].shape(), {}};
  }
  refusals_.clear();
  bool never = true;
  for (const Backend* backend : backends_) {
    Prepared prepared = backend->prepare(*node_, facts);
    if (auto* kernel = std::get_if<std::unique_ptr<Kernel>>(&prepared)) return std::move(*kernel);
    const auto& refusal = std::get<Refusal>(prepared);
    refusals_.push_back(fmt::format("{}: {}", backend->name(), refusal.reason));
    never &= refusal.whatever_shapes;
  }
  asks_ = !never;
  return nullptr;
}

std::string KernelCache::kernel_name() const {
  if (last_ >= entries_.size() || entries_[last_].kernel == nullptr) return "reference";
  return std::string(entries_[last_].kernel->name());
}

}  // namespace temper
