#pragma once
#include "import/keras/hdf5.h"
#include "import/keras/hdf5_bytes.h"

namespace temper::keras {

/// What an object's header says of it: Keras's file has a group's members behind the tree and the heap of a symbol table.
struct Hdf5Header {
  Hdf5Object object;
  std::uint64_t tree = ~std::uint64_t{0};
  std::uint64_t heap = ~std::uint64_t{0};
};

/// Reads the header at `address`, of either version, with its continuations.
Hdf5Header read_header(const Hdf5Bytes& file, std::uint64_t address);

}  // namespace temper::keras
