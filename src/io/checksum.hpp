#pragma once
/// What      A 64-bit checksum of an array of 8-byte words which the ranks compute piece by piece, cut anywhere.
/// Method    With w_i the i-th word of the whole array, k_i a pseudo-random word fixed by i, lo and hi the 32-bit
///           halves,
///             S = sum_i w_i mod 2^64,   P = sum_i lo(w_i + k_i) hi(w_i + k_i) mod 2^64.
///           S sees any change of a single word, P (the NH of UMAC, Black et al. 1999) sees words exchanged or changed
///           together. Both are plain sums, so pieces add up in any order; value() mixes S, P and the length to 64
///           bits. Not for use against an adversary.
/// Parallel  local; add the sums of the ranks with operator+=.
/// Cost      memory bandwidth.
/// Fails     -
#include <cstddef>
#include <cstdint>

namespace aleator::io {

struct Checksum {
  std::uint64_t sum = 0;
  std::uint64_t product_sum = 0;
  std::uint64_t words = 0;

  /// Adds words first_word … first_word + count - 1 of the whole array. `words` needs the alignment of a double.
  void add(const void* words, std::uint64_t first_word, std::size_t count);
  Checksum& operator+=(const Checksum& other);
  std::uint64_t value() const;
};

/// Of a text or other bytes: padded with zeros to whole words; the length in bytes counts.
std::uint64_t checksum_of_bytes(const void* data, std::size_t bytes);

}  // namespace aleator::io
