#include "ops/control/map.h"

#include <cstring>

#include "ops/control/lists.h"

namespace temper {
namespace {

ShapeFact stacked(Dim rows, const ShapeFact& item) {
  if (!item.rank_known()) return {};
  std::vector<Dim> dims{rows};
  dims.insert(dims.end(), item.dims().begin(), item.dims().end());
  require(dims.size() <= kMaxRank, "stacked items have {} dimensions, at most {} are supported", dims.size(), kMaxRank);
  return ShapeFact(std::move(dims));
}

void require_tensor(DType dtype) { require(dtype != DType::kList, "a list is mapped over"); }

Tensor row(const Tensor& tensor, std::int64_t i) {
  return tensor.rows(i, 1).reshaped(Shape(tensor.shape().dims().subspan(1)));
}

Tensor row_of_zeros(const Tensor& tensor) {
  return Tensor::zeros(tensor.dtype(), Shape(tensor.shape().dims().subspan(1)));
}

/// The items, each of the dtype and shape of `first`, along a new first axis.
Tensor stack(const Tensor& first, const Tensors& items) {
  require_tensor(first.dtype());
  Shape shape{static_cast<std::int64_t>(items.size())};
  for (const std::int64_t dim : first.shape()) shape.push_back(dim);
  for (const Tensor& item : items) {
    require(item.shape() == first.shape(), "turns give {} and {}, which cannot be stacked", first, item);
  }
  if (first.dtype() == DType::kString) {
    std::vector<std::string> strings;
    for (const Tensor& item : items)
      strings.insert(strings.end(), item.string_data().begin(), item.string_data().end());
    return Tensor::strings(shape, std::move(strings));
  }
  Tensor out(first.dtype(), shape);
  std::byte* to = out.mutable_bytes().data();
  for (const Tensor& item : items) {
    if (item.size_bytes() > 0) std::memcpy(to, item.bytes().data(), item.size_bytes());
    to += item.size_bytes();
  }
  return out;
}

}  // namespace

Fact row_fact(const Fact& fact) {
  if (!fact.shape.rank_known()) return {fact.dtype, ShapeFact(), {}};
  require(fact.shape.rank() > 0, "a scalar has no rows");
  return {fact.dtype, ShapeFact(std::vector<Dim>(fact.shape.dims().begin() + 1, fact.shape.dims().end())), {}};
}

Facts Map::infer(std::span<const Fact> in, std::span<const Graph> regions) const {
  require(scanned >= 1 && static_cast<std::size_t>(scanned) <= in.size(), "maps over {} of {} inputs", scanned,
          in.size());
  invariant(regions.size() == 1 && regions[0].inputs().size() == in.size(), "a map and its region differ");
  Dim rows;
  for (const Fact& fact : in.first(static_cast<std::size_t>(scanned))) {
    require_tensor(fact.dtype);
    row_fact(fact);
    if (!fact.shape.rank_known() || !fact.shape[0].known()) continue;
    require(!rows.known() || rows == fact.shape[0], "maps over {} and over {} rows", rows.known() ? rows.value() : 0,
            fact.shape[0].value());
    rows = fact.shape[0];
  }
  Facts out;
  for (const Port& port : regions[0].outputs()) {
    const Fact& item = regions[0].fact(port.value);
    require_tensor(item.dtype);
    out.push_back({item.dtype, stacked(rows, item.shape), {}});
  }
  return out;
}

Tensors Map::reference(Inputs in, const RegionRunner& run_region) const {
  const Inputs rows = in.first(static_cast<std::size_t>(scanned));
  for (const Tensor& x : rows) {
    require_tensor(x.dtype());
    require(x.rank() > 0, "a scalar has no rows");
    require(x.dim(0) == rows[0].dim(0), "maps over {} and over {} rows", rows[0].dim(0), x.dim(0));
  }
  std::vector<Tensors> items;
  Tensors region_inputs(in.begin(), in.end());
  if (rows[0].dim(0) == 0) {
    for (std::size_t j = 0; j < rows.size(); ++j) region_inputs[j] = row_of_zeros(rows[j]);
    Tensors out;
    for (const Tensor& item : run_region(0, region_inputs)) out.push_back(stack(item, {}));
    return out;
  }
  for (std::int64_t i = 0; i < rows[0].dim(0); ++i) {
    for (std::size_t j = 0; j < rows.size(); ++j) region_inputs[j] = row(rows[j], i);
    Tensors results = run_region(0, region_inputs);
    items.resize(results.size());
    for (std::size_t j = 0; j < results.size(); ++j) items[j].push_back(std::move(results[j]));
  }
  Tensors out;
  for (const Tensors& column : items) out.push_back(stack(column.front(), column));
  return out;
}
REGISTER_OP(Map);

}  // namespace temper
