#include "backends/onednn/layout.h"

#include <charconv>

namespace temper::onednn {
namespace {

constexpr std::string_view kPrefix = "onednn f32 ";

void append(std::string& text, std::int64_t number) { text += fmt::format("{},", number); }

/// dims, padded dims, strides, then blocks with their axes.
bool append(std::string& text, const Memory::desc& desc) {
  const dnnl_memory_desc_t& d = desc.data;
  if (d.format_kind != dnnl_blocked || d.data_type != dnnl_f32 || d.offset0 != 0 || d.extra.flags != 0) return false;
  append(text, d.ndims);
  for (int i = 0; i < d.ndims; ++i) {
    if (d.padded_offsets[i] != 0) return false;
    append(text, d.dims[i]);
    append(text, d.padded_dims[i]);
    append(text, d.format_desc.blocking.strides[i]);
  }
  append(text, d.format_desc.blocking.inner_nblks);
  for (int i = 0; i < d.format_desc.blocking.inner_nblks; ++i) {
    append(text, d.format_desc.blocking.inner_blks[i]);
    append(text, d.format_desc.blocking.inner_idxs[i]);
  }
  return true;
}

/// Reads numbers, each with a comma behind it.
class Numbers {
 public:
  explicit Numbers(std::string_view text) : text_(text) {}

  /// In [least, most]; anything else makes it fail.
  std::int64_t next(std::int64_t least, std::int64_t most) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), number);
    if (error != std::errc() || end == text_.data() + text_.size() || *end != ',' || number < least || number > most) return fail(least);
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()) + 1);
    return number;
  }
  bool ok() const { return ok_; }
  bool at_end() const { return text_.empty(); }

 private:
  std::int64_t fail(std::int64_t least) {
    ok_ = false;
    text_ = {};
    return least;
  }

  std::string_view text_;
  bool ok_ = true;
};

Memory::desc read(Numbers& numbers) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  dnnl_memory_desc_t d{};
  d.format_kind = dnnl_blocked;
  d.data_type = dnnl_f32;
  d.ndims = static_cast<int>(numbers.next(1, DNNL_MAX_NDIMS));
  for (int i = 0; i < d.ndims; ++i) {
    d.dims[i] = numbers.next(1, kMost);
    d.padded_dims[i] = numbers.next(d.dims[i], kMost);
    d.format_desc.blocking.strides[i] = numbers.next(0, kMost);
  }
  d.format_desc.blocking.inner_nblks = static_cast<int>(numbers.next(0, DNNL_MAX_NDIMS));
  for (int i = 0; i < d.format_desc.blocking.inner_nblks; ++i) {
    d.format_desc.blocking.inner_blks[i] = numbers.next(1, 1024);
    d.format_desc.blocking.inner_idxs[i] = numbers.next(0, d.ndims - 1);
  }
  return Memory::desc(d);
}

}  // namespace

std::string describe_layout(const Memory::desc& packed, const Memory::desc& plain) {
  std::string text(kPrefix);
  return append(text, packed) && append(text, plain) ? text : std::string();
}

std::optional<Layout> read_layout(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  Numbers numbers(text.substr(kPrefix.size()));
  Layout layout;
  layout.packed = read(numbers);
  layout.plain = read(numbers);
  if (!numbers.ok() || !numbers.at_end()) return std::nullopt;
  return layout;
}

}  // namespace temper::onednn
