#pragma once
#include <cstddef>
#include <memory>
#include <string>

namespace temper {

/// The most bytes that tensors may hold together. Defaults to the machine's memory (or the control group's share of it).
std::size_t memory_limit();
void set_memory_limit(std::size_t limit_bytes);

/// Bytes that live buffers hold now.
std::size_t memory_in_use();

/// The process's peak resident memory so far, as the kernel counts it.
std::size_t peak_resident_bytes();

/// The process's resident memory now, as the kernel counts it.
std::size_t resident_bytes();

/// resident_bytes() when this was first called: what the program takes before it reads a model, if that is then.
std::size_t baseline_resident_bytes();

/// A buffer of `size_bytes`, aligned to 64, contents undefined; large ones lie in scratch memory (scratch.h) where there is some. Throws ModelError, before anything is taken, where the
/// memory limit does not leave room; the message says what was asked for and what was left.
std::shared_ptr<std::byte> allocate_buffer(std::size_t size_bytes);

/// While one lives, large buffers that are freed go back to the system at once, and are not kept for requests of their size: for work
/// that asks once.
class UnkeptMemory {
 public:
  UnkeptMemory();
  ~UnkeptMemory();
  UnkeptMemory(const UnkeptMemory&) = delete;
  UnkeptMemory& operator=(const UnkeptMemory&) = delete;
};

/// "12.3 MB", in powers of 1024.
std::string format_bytes(std::size_t size_bytes);

}  // namespace temper
