#include "backends/onednn/primitive.h"

#include <map>
#include <mutex>

namespace temper::onednn {
namespace {

dnnl::stream& stream() {
  thread_local dnnl::stream own(cpu());
  return own;
}

/// What is packed and still used, by where its elements came from.
class PackedTable {
 public:
  std::shared_ptr<const Packed> find(const void* source, const Memory::desc& desc) {
    const std::scoped_lock lock(mutex_);
    auto& all = by_source_[source];
    std::erase_if(all, [](const auto& entry) { return entry.expired(); });
    for (const auto& entry : all) {
      if (auto packed = entry.lock(); packed != nullptr && packed->memory().get_desc() == desc) return packed;
    }
    if (all.empty()) by_source_.erase(source);
    return nullptr;
  }
  void add(const void* source, const std::shared_ptr<const Packed>& packed) {
    const std::scoped_lock lock(mutex_);
    by_source_[source].push_back(packed);
  }

 private:
  std::mutex mutex_;
  std::map<const void*, std::vector<std::weak_ptr<const Packed>>> by_source_;
};

PackedTable& packed_table() {
  static PackedTable table;
  return table;
}

void* data_of(const Tensor& tensor) { return const_cast<std::byte*>(tensor.bytes().data()); }

}  // namespace

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
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

std::shared_ptr<const Packed> pack(const Tensor& source, const Memory::desc& from, const Memory::desc& to) {
  const void* elements = source.bytes().data();
  if (auto known = packed_table().find(elements, to)) return known;
  Memory given(from, cpu(), data_of(source));
  Memory memory = given;
  if (from != to) {
    memory = Memory(to, cpu());
    dnnl::reorder(given, memory).execute(stream(), given, memory);
    stream().wait();
  }
  auto packed = std::make_shared<const Packed>(source, std::move(memory));
  packed_table().add(elements, packed);
  return packed;
}

void Primitive::add(int argument, const Memory& memory) {
  arguments_.push_back({argument, memory});
  raw_.push_back({argument, memory.get()});
}

void Primitive::add(int argument, const Memory::desc& desc) { add(argument, Memory(desc, cpu(), nullptr)); }

void Primitive::add(int argument, std::shared_ptr<const Packed> packed) {
  add(argument, packed->memory());
  packed_.push_back(std::move(packed));
}

void Primitive::set(int argument, const Tensor& tensor) {
  for (Argument& mine : arguments_) {
    if (mine.name == argument) mine.memory.set_data_handle(data_of(tensor));
  }
}

void Primitive::run() {
  const auto status =
      dnnl_primitive_execute(primitive_.get(), stream().get(), static_cast<int>(raw_.size()), raw_.data());
  invariant(status == dnnl_success, "oneDNN failed with status {}", static_cast<int>(status));
}

Weights::Weights(const Fact& fact, const Memory::desc& from, const Memory::desc& to) : to_(to) {
  if (fact.constant) {
    packed_ = pack(*fact.constant, from, to);
  } else if (from != to) {
    target_ = Memory(to, cpu());
    Memory given(from, cpu(), nullptr);
    reorder_.emplace(dnnl::reorder(given, target_));
    reorder_->add(DNNL_ARG_FROM, given);
    reorder_->add(DNNL_ARG_TO, target_);
  }
}

void Weights::add_to(Primitive& primitive, int argument) {
  if (packed_) primitive.add(argument, packed_);
  else if (reorder_) primitive.add(argument, target_);
  else primitive.add(argument, to_);
}

void Weights::set(Primitive& primitive, int argument, const Tensor& tensor) {
  if (packed_) return;
  if (!reorder_) return primitive.set(argument, tensor);
  reorder_->set(DNNL_ARG_FROM, tensor);
  reorder_->run();
}

}  // namespace temper::onednn
