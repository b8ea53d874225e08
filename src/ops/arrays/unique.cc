#include <cmath>
#include <unordered_map>
#include <unordered_set>

#include "ops/arrays/storage.h"

namespace temper {
namespace {

/// Elements in the type in which they are compared: every number in one of two, so that there are few kernels.
template <class Body>
decltype(auto) visit_keys(const Tensor& x, Body&& body) {
  if (x.dtype() == DType::kString) return body(std::span<const std::string>(x.string_data()));
  return visit_elements(x.dtype(), [&]<class T>(Type<T>) {
    if constexpr (is_float_type<T>) {
      std::vector<double> keys;
      for (const T value : x.data<T>()) keys.push_back(static_cast<double>(static_cast<Compute<T>>(value)));
      return body(std::span<const double>(keys));
    } else {
      std::vector<std::int64_t> keys;
      for (const T value : x.data<T>()) keys.push_back(static_cast<std::int64_t>(value));
      return body(std::span<const std::int64_t>(keys));
    }
  });
}

/// NaN is equal to nothing.
template <class K>
bool is_nan(const K& key) {
  if constexpr (std::is_same_v<K, double>) return std::isnan(key);
  else return false;
}

template <class K>
std::size_t hash_row(std::span<const K> row) {
  std::size_t hash = 0;
  for (const K& key : row) hash = hash * 0x9e3779b97f4a7c15U + std::hash<K>{}(key) + (hash >> 29);
  return hash;
}

void require_index_type(DType dtype) {
  require(dtype == DType::kInt32 || dtype == DType::kInt64, "gives int32 or int64 positions, not {}", dtype);
}

Tensor positions(DType dtype, std::span<const std::int64_t> values) {
  if (dtype == DType::kInt64) return Tensor::vector(values);
  require_index_type(dtype);
  const std::vector<std::int32_t> narrow(values.begin(), values.end());
  return Tensor::vector(std::span<const std::int32_t>(narrow));
}

/// What unique rows there are, in the order in which they first come.
struct Groups {
  std::vector<std::int64_t> first;   ///< the row that shows each
  std::vector<std::int64_t> group;   ///< of each row
  std::vector<std::int64_t> counts;  ///< of each group
};

template <class K>
Groups group_rows(std::span<const K> keys, std::int64_t rows) {
  Groups groups;
  const std::size_t width = rows == 0 ? 0 : keys.size() / static_cast<std::size_t>(rows);
  const auto row = [&](std::int64_t i) { return keys.subspan(static_cast<std::size_t>(i) * width, width); };
  std::unordered_multimap<std::size_t, std::int64_t> seen;  // from a row's hash to its group
  groups.group.reserve(static_cast<std::size_t>(rows));
  for (std::int64_t i = 0; i < rows; ++i) {
    const bool comparable = std::ranges::none_of(row(i), is_nan<K>);
    const std::size_t hash = hash_row(row(i));
    std::int64_t group = -1;
    if (comparable) {
      for (auto [found, end] = seen.equal_range(hash); found != end && group < 0; ++found) {
        if (std::ranges::equal(row(groups.first[static_cast<std::size_t>(found->second)]), row(i))) group = found->second;
      }
    }
    if (group < 0) {
      group = static_cast<std::int64_t>(groups.first.size());
      groups.first.push_back(i);
      groups.counts.push_back(0);
      if (comparable) seen.emplace(hash, group);
    }
    groups.group.push_back(group);
    ++groups.counts[static_cast<std::size_t>(group)];
  }
  return groups;
}

/// The slices of x along `axis` that are listed.
Tensor pick(const Tensor& x, std::size_t axis, const std::vector<std::int64_t>& list) {
  Shape shape = x.shape();
  shape.set(axis, static_cast<std::int64_t>(list.size()));
  TensorWriter out(x.dtype(), shape);
  for (std::size_t i = 0; i < list.size(); ++i) {
    copy_view(x.dtype(), storage(x), View(x.shape()).narrow(axis, list[i], 1), out.storage(),
              View(shape).narrow(axis, static_cast<std::int64_t>(i), 1));
  }
  return out.take();
}

}  // namespace

/// The different slices of x along an axis, in the order in which they first come; for each slice of x, the position of its
/// like among them; and how often each comes. NaN differs from everything. `axes` is one axis, or none for a vector.
struct Unique {
  static constexpr std::string_view kName = "unique";

  std::vector<std::int64_t> axes;
  DType index_type = DType::kInt32;

  static void fields(auto& self, auto&& field) {
    field("axes", self.axes);
    field("index_type", self.index_type);
  }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    require_index_type(index_type);
    ShapeFact shape = in[0].shape;
    Dim rows;
    Dim least;
    if (shape.rank_known()) {
      const std::size_t axis = checked_axis(shape.rank());
      rows = shape[axis];
      if (rows.is(0) || rows.is(1)) least = rows;
      shape.set(axis, least);
    }
    return {fact_of(in[0].dtype, shape), fact_of(index_type, ShapeFact({rows})), fact_of(index_type, ShapeFact({least}))};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    const std::size_t axis = checked_axis(in[0].rank());
    const std::int64_t rows = in[0].dim(axis);
    // empty slices take no memory, so there may be more of them than there is room for answers
    require(rows < (std::int64_t{1} << 31) && (rows < (1 << 24) || in[0].elements() > 0), "a dimension of {} is too long", rows);
    View front(in[0].shape());  // the axis first, so that slices are rows
    Shape turned{rows};
    View rest;
    rest.add(rows, front.strides[axis]);
    for (std::size_t i = 0; i < in[0].rank(); ++i) {
      if (i == axis) continue;
      rest.add(in[0].dim(i), front.strides[i]);
      turned.push_back(in[0].dim(i));
    }
    const Groups groups = visit_keys(read_view(in[0], rest, turned), [&](auto keys) { return group_rows(keys, rows); });
    return {pick(in[0], axis, groups.first), positions(index_type, groups.group), positions(index_type, groups.counts)};
  }

 private:
  std::size_t checked_axis(std::size_t rank) const {
    require(axes.size() <= 1, "takes one axis, got {}", axes.size());
    require(!axes.empty() || rank == 1, "needs a vector, got {} dimensions", rank);
    return axes.empty() ? 0 : normalise_axis(axes[0], rank);
  }
};
REGISTER_OP(Unique);

/// The elements of x that are not in y, in order and as often as they come, and their positions in x. NaN is in nothing.
/// Inputs: x, y (vectors of one type).
struct ListDiff {
  static constexpr std::string_view kName = "list_diff";

  DType index_type = DType::kInt32;

  static void fields(auto& self, auto&& field) { field("index_type", self.index_type); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 2);
    require_index_type(index_type);
    require_same_dtype(in[0], in[1]);
    for (const Fact& part : in) require_rank(part, 1, "a list");
    return {fact_of(in[0].dtype, ShapeFact::of_rank(1)), fact_of(index_type, ShapeFact::of_rank(1))};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 2);
    require(in[0].rank() == 1 && in[1].rank() == 1, "lists are of shapes {} and {}", in[0].shape(), in[1].shape());
    require(in[0].dtype() == in[1].dtype(), "lists are of types {} and {}", in[0].dtype(), in[1].dtype());
    std::vector<std::int64_t> kept;
    visit_keys(in[1], [&]<class K>(std::span<const K> unwanted) {
      std::unordered_set<K> set;
      for (const K& key : unwanted) {
        if (!is_nan(key)) set.insert(key);
      }
      visit_keys(in[0], [&]<class L>(std::span<const L> keys) {
        if constexpr (std::is_same_v<K, L>) {
          for (std::size_t i = 0; i < keys.size(); ++i) {
            if (is_nan(keys[i]) || !set.contains(keys[i])) kept.push_back(static_cast<std::int64_t>(i));
          }
        }
      });
    });
    return {pick(in[0], 0, kept), positions(index_type, kept)};
  }
};
REGISTER_OP(ListDiff);

}  // namespace temper
