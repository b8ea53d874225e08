#pragma once
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace temper {

/// Numbers and strings one after another, without padding, in this machine's byte order.
class ByteWriter {
 public:
  template <class T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void put(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  /// How many things follow.
  void count(std::size_t number) {
    require(number <= std::numeric_limits<std::uint32_t>::max(), "{} things of a kind are more than a plan holds", number);
    put(static_cast<std::uint32_t>(number));
  }
  void text(std::string_view value) {
    count(value.size());
    bytes_.append(value);
  }
  void append(const std::string& bytes) { bytes_ += bytes; }

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Reads what a ByteWriter wrote. Throws ModelError where the bytes end before.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::size_t left() const { return bytes_.size(); }

  template <class T>
    requires std::is_arithmetic_v<T>
  T get() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  /// How many things follow, none of which takes less than `least_bytes`.
  std::size_t count(std::size_t least_bytes) {
    const auto number = get<std::uint32_t>();
    require(number <= left() / least_bytes, "it counts {} things where there is no room for them", number);
    return number;
  }
  /// Lies in the bytes that are read.
  std::string_view text() {
    const auto bytes = take(count(1));
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  bool flag() {
    const auto value = get<std::uint8_t>();
    require(value <= 1, "it has {} where 0 or 1 is needed", value);
    return value == 1;
  }

 private:
  std::span<const std::byte> take(std::size_t size) {
    require(size <= bytes_.size(), "it ends too early");
    const auto taken = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return taken;
  }

  std::span<const std::byte> bytes_;
};

}  // namespace temper
