#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace temper::tensorflow {

/// The Castagnoli CRC of the bytes that `crc` is of followed by these.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc = 0);

/// As tables and checkpoints store a CRC: turned and offset, so that the CRC of bytes that hold a CRC is no special one.
constexpr std::uint32_t masked_crc(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8U; }

}  // namespace temper::tensorflow
