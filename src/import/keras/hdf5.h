#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "ir/tensor.h"

namespace temper::keras {

/// What a dataset or attribute holds, element by element.
struct Hdf5Type {
  enum class Kind { kNumber, kFixedString, kString, kOther };

  Kind kind = Kind::kOther;
  DType dtype = DType::kFloat32;  ///< of a number
  bool big_endian = false;
  std::size_t size_bytes = 0;     ///< of an element in the file
};

/// An attribute's bytes, read with its object.
struct Hdf5Attribute {
  Hdf5Type type;
  std::vector<std::int64_t> dims;
  std::vector<std::byte> bytes;
};

/// Where a dataset's elements lie.
struct Hdf5Layout {
  enum class Kind { kNone, kInline, kContiguous, kChunked };

  struct Filter {
    int id = 0;
    std::vector<std::uint32_t> values;
  };

  Kind kind = Kind::kNone;
  std::vector<std::byte> bytes;          ///< kInline
  std::uint64_t address = 0;             ///< of the elements, or of the tree of chunks
  std::uint64_t size_bytes = 0;          ///< kContiguous
  std::vector<std::int64_t> chunk_dims;  ///< kChunked
  std::vector<Filter> filters;           ///< likewise, in the order in which the writer applied them
};

/// A group or a dataset.
struct Hdf5Object {
  std::map<std::string, std::uint64_t> children;  ///< a group's, by name: addresses
  std::map<std::string, Hdf5Attribute> attributes;
  bool is_dataset = false;
  Hdf5Type type;
  std::vector<std::int64_t> dims;
  Hdf5Layout layout;

  const Hdf5Attribute* attribute(const std::string& name) const;
};

/// Reads what Keras writes of HDF5 (format specification 3.0): groups as symbol tables or links, attributes, strings, numbers, contiguous,
/// compact and chunked datasets, deflate and shuffle. Nothing is trusted: every address and size is checked against the file, tables that
/// lead in circles come to an end, and what is damaged or of another kind is a ModelError.
class Hdf5File {
 public:
  /// Whether `source` begins, at one of the places where a file may, with the format's signature.
  static bool recognises(const ByteSource& source);

  explicit Hdf5File(std::shared_ptr<const ByteSource> source);

  /// The object at "a/b/c" below `from`, or below the root; none where there is no such path.
  std::shared_ptr<const Hdf5Object> find(const std::string& path) const;
  std::shared_ptr<const Hdf5Object> find(const Hdf5Object& from, const std::string& path) const;
  const Hdf5Object& root() const { return *root_; }

  /// The strings of an attribute, one or many.
  std::vector<std::string> strings(const Hdf5Attribute& attribute) const;
  /// The elements of a dataset of numbers.
  Tensor read(const Hdf5Object& dataset) const;

 private:
  struct Reader;
  std::shared_ptr<const Hdf5Object> load(std::uint64_t address) const;

  std::shared_ptr<const Reader> reader_;
  std::shared_ptr<const Hdf5Object> root_;
};

}  // namespace temper::keras
