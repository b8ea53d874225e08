#include "backends/onednn/primitive.h"

#include <sys/mman.h>

#include "backends/onednn/families.h"
#include "backends/onednn/layout.h"
#include "base/file.h"
#include "base/memory.h"

namespace temper::onednn {
namespace {

dnnl::stream& stream() {
  thread_local dnnl::stream own(cpu());
  return own;
}

}  // namespace

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

void require_code_memory() {
  constexpr std::size_t kMost = std::size_t{8} << 20;  // of one primitive, which may have tens of variants
  void* const tried = ::mmap(nullptr, kMost, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (tried == MAP_FAILED) throw DeviceError(fmt::format("the system refused {} of memory for the code of kernels", format_bytes(kMost)));
  ::munmap(tried, kMost);
}

Memory::dims to_dims(std::span<const std::int64_t> dims) { return {dims.begin(), dims.end()}; }

Memory::desc row_major(const Shape& shape) {
  const auto strides = shape.strides();
  return {to_dims(shape.dims()), Memory::data_type::f32, Memory::dims(strides.begin(), strides.begin() + static_cast<std::ptrdiff_t>(shape.rank()))};
}

Memory::desc channels_last(const Shape& shape) {
  const auto strides = shape.strides();
  Memory::dims dims{shape[0], shape[shape.rank() - 1]};
  Memory::dims steps{strides[0], 1};
  for (std::size_t axis = 1; axis + 1 < shape.rank(); ++axis) {
    dims.push_back(shape[axis]);
    steps.push_back(strides[axis]);
  }
  return {dims, Memory::data_type::f32, steps};
}

dnnl::primitive_attr with_workspace(dnnl::primitive_attr attr) {
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

void reorder(const Memory::desc& from, const void* source, const Memory::desc& to, void* target) {
  Memory given(from, cpu(), const_cast<void*>(source));
  Memory made(to, cpu(), target);
  require_code_memory();
  dnnl::reorder(given, made).execute(stream(), given, made);
  stream().wait();
}

std::unique_ptr<Primitive::Call> Primitive::take_call() const {
  {
    const std::scoped_lock lock(mutex_);
    if (!free_calls_.empty()) {
      auto call = std::move(free_calls_.back());
      free_calls_.pop_back();
      return call;
    }
  }
  auto call = std::make_unique<Call>();
  const auto add = [&](int argument, const Memory::desc& desc) {
    call->memories.emplace_back(desc, cpu(), nullptr);
    call->arguments.push_back({argument, call->memories.back().get()});
  };
  for (const auto& [argument, desc] : arguments_) add(argument, desc);
  if (workspace_bytes() > 0) add(DNNL_ARG_SCRATCHPAD, workspace_);
  return call;
}

void Primitive::run(std::initializer_list<const std::byte*> data, std::span<std::byte> workspace) const {
  std::unique_ptr<Call> call = take_call();
  std::size_t i = 0;
  for (const std::byte* argument : data) {
    dnnl_memory_set_data_handle_v2(call->memories[i++].get(), const_cast<std::byte*>(argument), stream().get());
  }
  if (workspace_bytes() > 0) dnnl_memory_set_data_handle_v2(call->memories[i++].get(), workspace.data(), stream().get());
  const auto status = dnnl_primitive_execute(primitive_.get(), stream().get(), static_cast<int>(call->arguments.size()), call->arguments.data());
  invariant(status == dnnl_success, "oneDNN failed with status {}", static_cast<int>(status));
  const std::scoped_lock lock(mutex_);
  free_calls_.push_back(std::move(call));
}

Weights::Weights(const Fact& fact, const Memory::desc& from, const Memory::desc& to) {
  std::string layout = describe_layout(to, from);
  if (fact.packed != nullptr && fact.packed->layout == layout) {
    packed_ = fact.packed;
    return;
  }
  if (fact.packed == nullptr && (!fact.constant || from == to)) return;
  const Tensor plain = fact.constant ? *fact.constant : *unpack(fact);
  Tensor bytes(DType::kUInt8, Shape{static_cast<std::int64_t>(to.get_size())});
  reorder(from, plain.bytes().data(), to, bytes.mutable_bytes().data());
  held_bytes_ = bytes.size_bytes();
  release_mapped(fact.packed ? fact.packed->bytes.bytes() : plain.bytes());  // it is not read again
  if (layout.empty()) kept_ = std::move(bytes);
  else packed_ = std::make_shared<const Packed>(Packed{std::move(layout), std::move(bytes)});
}

std::optional<Tensor> unpack(const Fact& packed) {
  const std::optional<Layout> layout = read_layout(packed.packed->layout);
  if (!layout) return std::nullopt;
  Tensor plain(packed.dtype, *packed.shape.known());
  const bool fits = layout->packed.get_size() == packed.packed->bytes.size_bytes() && layout->plain.get_size() == plain.size_bytes() &&
                    layout->packed.dims() == layout->plain.dims() && packed.dtype == DType::kFloat32;
  require(fits, "a packed constant does not fit its layout '{}'; optimise the model again", packed.packed->layout);
  reorder(layout->packed, packed.packed->bytes.bytes().data(), layout->plain, plain.mutable_bytes().data());
  return plain;
}

std::vector<Memory::desc> weight_layouts(const Fact& fact, const Memory::desc& plain) {
  if (!fact.constant && fact.packed == nullptr) return {plain};
  std::vector<Memory::desc> layouts{{plain.dims(), Memory::data_type::f32, Memory::format_tag::any}};
  if (fact.packed != nullptr) {
    if (const auto layout = read_layout(fact.packed->layout); layout && layout->packed.dims() == plain.dims()) layouts.insert(layouts.begin(), layout->packed);
  }
  return layouts;
}

}  // namespace temper::onednn
