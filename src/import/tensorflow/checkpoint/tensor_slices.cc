#include <climits>
#include <map>

#include "import/tensorflow/checkpoint/checkpoint.h"
#include "import/tensorflow/checkpoint/slices.h"
#include "import/tensorflow/checkpoint/table.h"
#include "import/tensorflow/values.h"

namespace temper::tensorflow {
namespace {

namespace fs = std::filesystem;

SavedTensorSlices parse(std::string_view value) {
  SavedTensorSlices slices;
  require(value.size() <= INT_MAX && slices.ParseFromArray(value.data(), static_cast<int>(value.size())), "is damaged: an entry is no part of a checkpoint");
  return slices;
}

std::int64_t value_count(const TensorProto& data) {
  return std::int64_t{data.float_val_size()} + data.double_val_size() + data.int_val_size() + data.int64_val_size() + data.bool_val_size() +
         data.half_val_size() + data.uint32_val_size() + data.uint64_val_size();
}

class TensorSlices final : public Checkpoint {
 public:
  TensorSlices(fs::path prefix, const std::vector<fs::path>& files) : Checkpoint(std::move(prefix)) {
    for (const fs::path& file : files) {
      in_context([&] { return file.string(); }, [&] {
        tables_.emplace_back(std::make_shared<const FileSource>(file));
        read_names(tables_.size() - 1);
      });
    }
  }

  std::string_view format() const override { return "tensor slices"; }
  std::string read_string(std::string_view) const override { throw ModelError("is held in a checkpoint of the first format, where strings are not supported"); }

 protected:
  void read_entry(std::string_view name, const Fact& fact, std::span<std::byte> out) const override;

 private:
  /// Where one part of a tensor is.
  struct Place {
    std::size_t table = 0;
    std::size_t block = 0;
    std::string key;
  };

  void read_names(std::size_t table);
  SavedSlice read_part(const Place& place) const;

  std::vector<Table> tables_;
  std::map<std::string, std::vector<Place>, std::less<>> places_;
};

void TensorSlices::read_names(std::size_t table) {
  for (std::size_t block = 0; block < tables_[table].block_count(); ++block) {
    tables_[table].visit(block, [&](std::string_view key, std::string_view value) {
      SavedTensorSlices slices = parse(value);
      if (key.empty()) {
        for (const SavedSliceMeta& tensor : slices.meta().tensor()) entries_[tensor.name()] = {tensor.type(), tensor.shape()};
      } else {
        places_[slices.data().name()].push_back({table, block, std::string(key)});
      }
      return true;
    });
  }
}

SavedSlice TensorSlices::read_part(const Place& place) const {
  std::optional<SavedSlice> part;
  tables_[place.table].visit(place.block, [&](std::string_view key, std::string_view value) {
    if (key != place.key) return true;
    part = std::move(*parse(value).mutable_data());
    return false;
  });
  require(part.has_value(), "is damaged: a part of the tensor is not where it was");
  return std::move(*part);
}

void TensorSlices::read_entry(std::string_view name, const Fact& fact, std::span<std::byte> out) const {
  const Shape shape = *fact.shape.known();
  const auto places = places_.find(name);
  require(places != places_.end(), "is named, but its values are not there");
  std::int64_t covered = 0;
  for (const Place& place : places->second) {
    SavedSlice part = read_part(place);
    const TensorSlice slice = part.slice().extent_size() == 0 ? to_slice(std::string_view(), shape) : to_slice(part.slice(), shape);
    TensorProto& data = *part.mutable_data();
    const Shape part_shape = slice.shape();
    require(value_count(data) == part_shape.elements(), "has {} values where {} are needed", value_count(data), part_shape.elements());
    data.set_dtype(find(name)->dtype);
    data.clear_tensor_shape();
    data.clear_content_number();
    for (const std::int64_t dim : part_shape) data.mutable_tensor_shape()->add_dim()->set_size(dim);
    const Tensor tensor = take_tensor(data, Contents());
    put_slice(out, shape, slice, tensor.bytes(), size_of(fact.dtype));
    covered += tensor.elements();
  }
  require(covered == shape.elements(), "is held in parts of {} elements together where {} are needed", covered, shape.elements());
}

}  // namespace

std::shared_ptr<const Checkpoint> open_tensor_slices(const fs::path& prefix, const std::vector<fs::path>& files) {
  return std::make_shared<const TensorSlices>(prefix, files);
}

}  // namespace temper::tensorflow
