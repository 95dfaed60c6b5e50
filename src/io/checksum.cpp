#include "io/checksum.hpp"

#include <array>
#include <cstring>

namespace aleator::io {
namespace {

constexpr std::size_t key_words = 512;  // 4 KiB of keys: stays in the first-level cache
constexpr std::size_t lanes = 8;

/// splitmix64 (Steele, Lea, Flood 2014): a bijection that scatters consecutive integers.
constexpr std::uint64_t scatter(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

constexpr std::array<std::uint64_t, key_words> make_keys() {
  std::array<std::uint64_t, key_words> keys{};
  for (std::size_t i = 0; i < key_words; ++i) keys[i] = scatter(i);
  return keys;
}

alignas(64) constexpr std::array<std::uint64_t, key_words> keys = make_keys();

/// k_i of the contract: one table for all blocks of key_words words, shifted by a number of the block.
constexpr std::uint64_t block_shift(std::uint64_t block) { return scatter(~block); }

constexpr std::uint64_t half_product(std::uint64_t x) { return (x & 0xFFFFFFFFull) * (x >> 32); }

void add_single(Checksum& c, const std::uint64_t* words, std::uint64_t position, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i, ++position) {
    const std::uint64_t key = keys[position % key_words] + block_shift(position / key_words);
    c.sum += words[i];
    c.product_sum += half_product(words[i] + key);
  }
}

using Lanes = std::uint64_t __attribute__((vector_size(lanes * sizeof(std::uint64_t)), aligned(8), may_alias));

/// One whole block of key_words words.
void add_block(Lanes& sum, Lanes& product, const std::uint64_t* words, std::uint64_t block) {
  const std::uint64_t shift = block_shift(block);
  for (std::size_t i = 0; i < key_words; i += lanes) {
    const Lanes w = *reinterpret_cast<const Lanes*>(words + i);
    const Lanes x = w + *reinterpret_cast<const Lanes*>(keys.data() + i) + shift;
    sum += w;
    product += (x & 0xFFFFFFFFull) * (x >> 32);
  }
}

}  // namespace

void Checksum::add(const void* data, std::uint64_t first_word, std::size_t count) {
  const auto* word = static_cast<const std::uint64_t*>(data);
  words += count;
  std::size_t head = static_cast<std::size_t>((key_words - first_word % key_words) % key_words);
  if (head > count) head = count;
  add_single(*this, word, first_word, head);
  Lanes sums = {}, products = {};
  std::size_t done = head;
  for (; done + key_words <= count; done += key_words)
    add_block(sums, products, word + done, (first_word + done) / key_words);
  for (std::size_t i = 0; i < lanes; ++i) {
    sum += sums[i];
    product_sum += products[i];
  }
  add_single(*this, word + done, first_word + done, count - done);
}

Checksum& Checksum::operator+=(const Checksum& other) {
  sum += other.sum;
  product_sum += other.product_sum;
  words += other.words;
  return *this;
}

std::uint64_t Checksum::value() const { return scatter(scatter(scatter(sum) + product_sum) + words); }

std::uint64_t checksum_of_bytes(const void* data, std::size_t bytes) {
  Checksum c;
  const auto* byte = static_cast<const char*>(data);
  const std::size_t whole = bytes / sizeof(std::uint64_t);
  for (std::size_t i = 0; i < whole; ++i) {
    std::uint64_t word = 0;
    std::memcpy(&word, byte + i * sizeof word, sizeof word);
    c.add(&word, i, 1);
  }
  std::uint64_t last = 0;
  std::memcpy(&last, byte + whole * sizeof last, bytes % sizeof last);
  c.add(&last, whole, 1);
  c.words = bytes;
  return c.value();
}

}  // namespace aleator::io
