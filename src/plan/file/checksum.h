#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace temper {

/// XXH3, 64 bits, seed 0, of these bytes.
std::uint64_t checksum(std::span<const std::byte> bytes);

/// The same of bytes that come in pieces.
class Checksum {
 public:
  Checksum();
  ~Checksum();
  Checksum(const Checksum&) = delete;
  Checksum& operator=(const Checksum&) = delete;

  void add(std::span<const std::byte> bytes);
  std::uint64_t value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace temper
