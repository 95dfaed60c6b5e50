#pragma once
/// What      JSON whose objects keep the order in which their entries came, also with a hundred thousand of them.
/// Method    nlohmann's library with another map under its objects: its own ordered map looks through all entries for each
///           key, so that a field's parameters take minutes. Here long objects have an index by key.
/// Parallel  none.
/// Cost      a key in constant time; objects of more than 16 entries hold their keys twice.
/// Fails     as nlohmann::json.
#include <cmath>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace aleator::io {

template <class Key, class T, class IgnoredLess = std::less<Key>,
          class Allocator = std::allocator<std::pair<const Key, T>>>
class IndexedMap : public nlohmann::ordered_map<Key, T, IgnoredLess, Allocator> {
  using Base = nlohmann::ordered_map<Key, T, IgnoredLess, Allocator>;

 public:
  using Base::Base;
  using typename Base::const_iterator;
  using typename Base::iterator;
  using typename Base::size_type;
  using typename Base::value_type;

  template <class K>
  iterator find(const K& key) {
    return this->begin() + static_cast<std::ptrdiff_t>(place(key));
  }
  template <class K>
  const_iterator find(const K& key) const {
    return this->begin() + static_cast<std::ptrdiff_t>(place(key));
  }
  template <class K>
  size_type count(const K& key) const {
    return place(key) < this->size() ? 1 : 0;
  }
  template <class K, class V>
  std::pair<iterator, bool> emplace(K&& key, V&& value) {
    const size_type at = place(key);
    const bool is_new = at == this->size();
    if (is_new) Base::Container::emplace_back(std::forward<K>(key), std::forward<V>(value));
    return {this->begin() + static_cast<std::ptrdiff_t>(at), is_new};
  }
  template <class K>
  T& operator[](K&& key) {
    return emplace(std::forward<K>(key), T{}).first->second;
  }
  template <class K>
  T& at(const K& key) {
    return const_cast<T&>(std::as_const(*this).at(key));
  }
  template <class K>
  const T& at(const K& key) const {
    const size_type at = place(key);
    if (at == this->size()) throw std::out_of_range("key not found");
    return (*this).Base::Container::operator[](at).second;
  }
  template <class... Args>
  auto erase(Args&&... args) {
    indexed_ = 0, index_.clear();
    return Base::erase(std::forward<Args>(args)...);
  }
  void clear() {
    indexed_ = 0, index_.clear();
    Base::clear();
  }

 private:
  // Of the key's entry, or the number of entries.
  size_type place(std::string_view key) const {
    constexpr size_type few = 16;
    if (this->size() <= few) {
      size_type at = 0;
      while (at < this->size() && (*this).Base::Container::operator[](at).first != key) ++at;
      return at;
    }
    for (; indexed_ < this->size(); ++indexed_)
      index_.emplace((*this).Base::Container::operator[](indexed_).first, indexed_);
    const auto found = index_.find(Key(key));
    return found == index_.end() ? this->size() : found->second;
  }

  mutable std::unordered_map<Key, size_type> index_;
  mutable size_type indexed_ = 0;
};

using Json = nlohmann::basic_json<IndexedMap>;

/// Of what is no number NaN.
template <class AnyJson>
double number_or_nan(const AnyJson& value) {
  return value.is_number() ? value.template get<double>() : std::nan("");
}

/// JSON has no infinity and no NaN.
inline Json finite_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

/// As it is written to files: bytes that are no UTF-8, as other programs' messages may have, become "�".
inline std::string text_of(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace aleator::io
