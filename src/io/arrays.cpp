#include "io/arrays.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "core/error.hpp"

namespace aleator::io {
namespace {

const std::string npy_mark = "\x93NUMPY";
const std::string hdf5_mark = "\x89HDF\r\n\x1a\n";

bool begins_with(const std::string& bytes, const std::string& mark) { return bytes.compare(0, mark.size(), mark) == 0; }

// The value of 'key' in the header, a Python dictionary: up to the comma behind it that is in no brackets.
std::string header_value(const std::string& header, const std::string& key) {
  const std::size_t at = header.find("'" + key + "'");
  std::size_t begin = at == std::string::npos ? at : header.find(':', at);
  if (begin == std::string::npos) return "";
  begin = header.find_first_not_of(' ', begin + 1);
  if (begin == std::string::npos) return "";
  int depth = 0;
  std::size_t end = begin;
  for (; end < header.size() && !(depth == 0 && (header[end] == ',' || header[end] == '}')); ++end)
    depth += header[end] == '(' || header[end] == '[' ? 1 : header[end] == ')' || header[end] == ']' ? -1 : 0;
  return header.substr(begin, end - begin);
}

// The bytes of one entry as a number.
template <typename Number>
double number_at(const char* bytes) {
  Number number;
  std::memcpy(&number, bytes, sizeof(Number));
  return static_cast<double>(number);
}

using Reader = double (*)(const char*);

// Of the letter and size of a dtype; null where it is none of numbers.
Reader reader_of(char letter, int size) {
  if (letter == 'f') return size == 8 ? number_at<double> : size == 4 ? number_at<float> : nullptr;
  if (letter == 'b') return size == 1 ? number_at<std::uint8_t> : nullptr;
  if (letter == 'i')
    return size == 8   ? number_at<std::int64_t>
           : size == 4 ? number_at<std::int32_t>
           : size == 2 ? number_at<std::int16_t>
           : size == 1 ? number_at<std::int8_t>
                       : nullptr;
  if (letter == 'u')
    return size == 8   ? number_at<std::uint64_t>
           : size == 4 ? number_at<std::uint32_t>
           : size == 2 ? number_at<std::uint16_t>
           : size == 1 ? number_at<std::uint8_t>
                       : nullptr;
  return nullptr;
}

// "(3, 4)": extents; false where it is none of that.
bool read_extents(const std::string& text, std::vector<std::int64_t>& extents) {
  if (text.size() < 2 || text.front() != '(' || text.back() != ')') return false;
  std::string digits;
  for (const char c : text.substr(1, text.size() - 2) + ",") {
    if (c == ' ') continue;
    if (c != ',') {
      if (c < '0' || c > '9' || digits.size() > 15) return false;
      digits += c;
    } else if (!digits.empty()) {
      extents.push_back(std::stoll(digits));
      digits.clear();
    }
  }
  return true;
}

// Entries in Fortran order (first place fastest) into rows (last place fastest).
std::vector<double> in_rows(const std::vector<double>& columns, const std::vector<std::int64_t>& extents) {
  std::vector<double> rows(columns.size());
  std::vector<std::int64_t> place(extents.size(), 0);
  for (double& value : rows) {
    std::int64_t at = 0;
    for (std::size_t d = extents.size(); d-- > 0;) at = at * extents[d] + place[d];
    value = columns[static_cast<std::size_t>(at)];
    for (std::size_t d = extents.size(); d-- > 0;) {
      if (++place[d] < extents[d]) break;
      place[d] = 0;
    }
  }
  return rows;
}

Table table_of(Array array) {
  Table table;
  table.columns = array.extents.size() < 2 ? 1 : static_cast<std::size_t>(array.extents.back());
  table.rows = array.values.size() / table.columns;
  table.values = std::move(array.values);
  return table;
}

// Both are draws of a run, and as many.
bool fits(const Array& first, const Array& other) {
  const auto is_run = [](const Array& a) { return a.axes.size() >= 2 && a.axes[0] == "chain" && a.axes[1] == "draw"; };
  return is_run(first) && is_run(other) &&
         std::equal(first.extents.begin(), first.extents.begin() + 2, other.extents.begin());
}

// A row a draw: the numbers of all arrays.
Table joined(const std::vector<Array>& arrays) {
  Table table;
  table.rows = static_cast<std::size_t>(arrays[0].extents[0] * arrays[0].extents[1]);
  std::vector<std::size_t> widths;
  for (const Array& array : arrays) widths.push_back(array.values.size() / table.rows), table.columns += widths.back();
  for (std::size_t row = 0; row < table.rows; ++row)
    for (std::size_t a = 0; a < arrays.size(); ++a) {
      const auto from = arrays[a].values.begin() + static_cast<std::ptrdiff_t>(row * widths[a]);
      table.values.insert(table.values.end(), from, from + static_cast<std::ptrdiff_t>(widths[a]));
    }
  return table;
}

}  // namespace

bool holds_arrays(const std::string& bytes) { return begins_with(bytes, npy_mark) || begins_with(bytes, hdf5_mark); }

Array read_npy(const std::string& bytes, const std::string& path) {
  const auto damaged = [&path](const std::string& what) -> core::UserError {
    return core::UserError(fmt::format("{}: no sound NumPy file: {}", path, what));
  };
  const auto byte = [&bytes](std::size_t at) { return static_cast<std::size_t>(static_cast<std::uint8_t>(bytes[at])); };
  if (bytes.size() < 12) throw damaged("it ends in its header");
  const bool is_long = byte(6) >= 2;  // versions 2 and 3: four bytes of length
  const std::size_t length =
      is_long ? byte(8) | byte(9) << 8 | byte(10) << 16 | byte(11) << 24 : byte(8) | byte(9) << 8;
  const std::size_t begin = (is_long ? 12 : 10) + length;
  if (begin > bytes.size()) throw damaged("it ends in its header");
  const std::string header = bytes.substr(is_long ? 12 : 10, length), type = header_value(header, "descr");
  Array array;
  const std::string stem = std::filesystem::path(path).stem().string();
  array.name = stem.substr(stem.rfind('.') + 1);  // a copy in a run folder has the block's name before it
  const bool is_plain = type.size() >= 5 && type.front() == '\'' && type.back() == '\'';
  const int size = is_plain && type[3] >= '1' && type[3] <= '9' && type.size() == 5 ? type[3] - '0' : 0;
  const Reader read = is_plain ? reader_of(type[2], size) : nullptr;
  if (read == nullptr)
    throw core::UserError(fmt::format("{}: entries of type {} are not read: save integers or reals of up to 64 bits",
                                      path, type.empty() ? "unknown" : type));
  if (!read_extents(header_value(header, "shape"), array.extents)) throw damaged("its header has no shape");
  std::size_t count = 1;
  for (const std::int64_t extent : array.extents) count *= static_cast<std::size_t>(extent);
  if (bytes.size() - begin != count * static_cast<std::size_t>(size))
    throw damaged(
        fmt::format("{} bytes of data where {} numbers of {} bytes belong", bytes.size() - begin, count, size));
  std::string entry(static_cast<std::size_t>(size), '\0');
  for (std::size_t i = 0; i < count; ++i) {
    bytes.copy(entry.data(), entry.size(), begin + i * entry.size());
    if (type[1] == '>') entry.assign(entry.rbegin(), entry.rend());
    array.values.push_back(read(entry.data()));
  }
  if (header_value(header, "fortran_order") == "True") array.values = in_rows(array.values, array.extents);
  return array;
}

std::vector<Array> read_arrays(const std::string& bytes, const std::string& path) {
  if (begins_with(bytes, npy_mark)) return {read_npy(bytes, path)};
  return read_hdf5_arrays(bytes, path);
}

Table read_array_table(const std::string& bytes, const std::string& path, NonFinite non_finite) {
  std::vector<Array> arrays = read_arrays(bytes, path);
  const bool are_draws = std::all_of(arrays.begin(), arrays.end(), [&](const Array& a) { return fits(arrays[0], a); });
  if (arrays.size() > 1 && !are_draws) {
    std::string names;
    for (const Array& array : arrays) names += (names.empty() ? "" : ", ") + array.name;
    throw core::UserError(
        fmt::format("{}: holds several arrays; name one behind a colon, as in \"{}:{}\"; there are: {}", path,
                    std::filesystem::path(path).filename().string(), arrays[0].name, names));
  }
  if (arrays[0].values.empty()) throw core::UserError(path + ": the array holds no numbers");
  Table table = are_draws ? joined(arrays) : table_of(std::move(arrays[0]));
  for (std::size_t i = 0; non_finite != NonFinite::allowed && i < table.values.size(); ++i)
    if (!std::isfinite(table.values[i])) {
      const bool is_of_data = non_finite == NonFinite::missing && std::isnan(table.values[i]);
      throw core::UserError(fmt::format("{}: entry {} of row {}: {} {}", path, i % table.columns + 1,
                                        i / table.columns + 1, table.values[i],
                                        is_of_data ? nan_among_data : "is not allowed: numbers must be finite"));
    }
  return table;
}

}  // namespace aleator::io
