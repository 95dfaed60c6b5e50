#include "io/files.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>

#include "core/error.hpp"
#include "deck/value.hpp"
#include "io/arrays.hpp"
#include "io/data_table.hpp"
#include "io/raw_file.hpp"

namespace aleator::io {
namespace {

bool is_separator(char c) { return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '\r'; }

/// One word of a table and where it stands, counted from 1. Without text: an empty cell, between two marks.
struct Word {
  std::string_view text;
  std::size_t line = 0;
  std::size_t column = 0;
};

[[noreturn]] void refuse_word(const std::string& file, const Word& word, const std::string& why) {
  throw core::UserError(file + ":" + std::to_string(word.line) + ":" + std::to_string(word.column) + ": error: " + why);
}

bool is_word(std::string_view text) {
  if (text.empty() || text == "NA" || text == "nan" || text == "NaN" || text == "inf" || text == "Inf") return false;
  return std::isalpha(static_cast<unsigned char>(text[0])) != 0 ||
         std::string_view("\"[(_").find(text[0]) != std::string_view::npos;
}

// "x, y [m]": names of columns rather than numbers.
bool is_head(const std::vector<Word>& words) {
  return std::all_of(words.begin(), words.end(), [](const Word& word) { return is_word(word.text); });
}

std::string hint_of_head(const Word& word) {
  return word.line == 1 && is_word(word.text) ? "; a first line of names may hold nothing else" : "";
}

double parse_number(const std::string& file, const Word& word, NonFinite non_finite) {
  std::string_view digits = word.text;
  if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') digits.remove_prefix(1);  // from_chars knows no '+'
  double value = 0;
  if (word.text.empty() || word.text == "NA") {
    if (non_finite != NonFinite::refused) return std::nan("");
    if (word.text.empty()) refuse_word(file, word, "an empty cell: numbers must be given");
  }
  std::string fortran;  // 1.5D+03
  if (digits.find_first_of("dD") != std::string_view::npos &&
      digits.find_first_not_of("0123456789.+-dD") == std::string_view::npos) {
    fortran = digits;
    fortran[fortran.find_first_of("dD")] = 'e';
    digits = fortran;
  }
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const std::string quoted = "'" + std::string(word.text) + "'";
  if (error == std::errc::result_out_of_range) refuse_word(file, word, quoted + " does not fit a double");
  if (error != std::errc() || end != digits.data() + digits.size())
    refuse_word(file, word, quoted + " is not a number" + hint_of_head(word));
  if (non_finite == NonFinite::missing && std::isnan(value)) refuse_word(file, word, quoted + " " + nan_among_data);
  if (non_finite != NonFinite::allowed && !std::isfinite(value))
    refuse_word(file, word, quoted + " is not allowed: numbers must be finite");
  return value;
}

// Whether a tab is a mark as a comma is, so that nothing between two of them is an empty cell: below a head that tabs separate.
enum class Tabs { blanks, marks };

bool is_mark(char c, Tabs tabs) { return c == ',' || c == ';' || (c == '\t' && tabs == Tabs::marks); }

Tabs tabs_of_head(std::string_view line) {
  line = line.substr(0, line.find('#'));
  return line.find_first_of(",;") == std::string_view::npos && line.find('\t') != std::string_view::npos ? Tabs::marks
                                                                                                         : Tabs::blanks;
}

std::vector<Word> split_line(const std::string& file, std::string_view line, std::size_t line_number, Tabs tabs) {
  line = line.substr(0, line.find('#'));
  std::vector<Word> words;
  bool is_after_mark = true;  // a mark that follows another, or begins the line, stands behind an empty cell
  for (std::size_t at = 0; at < line.size();) {
    if (is_mark(line[at], tabs)) {
      if (line.find(',') != std::string_view::npos && line.find(';') != std::string_view::npos)
        refuse_word(file, {line.substr(at, 1), line_number, at + 1},
                    "commas and semicolons in one line: where commas are decimal, write points instead");
      if (is_after_mark) words.push_back({line.substr(at, 0), line_number, at + 1});
      is_after_mark = true;
      ++at;
      continue;
    }
    if (is_separator(line[at])) {
      ++at;
      continue;
    }
    const std::size_t start = at;
    while (at < line.size() && !is_separator(line[at])) ++at;
    words.push_back({line.substr(start, at - start), line_number, start + 1});
    is_after_mark = false;
  }
  return words;
}

// Whether the line ends with a mark, behind which an empty cell may be meant.
bool ends_with_mark(std::string_view line, Tabs tabs) {
  line = line.substr(0, line.find('#'));
  const std::size_t last = line.find_last_not_of(tabs == Tabs::marks ? " \r" : " \t\r");
  return last != std::string_view::npos && is_mark(line[last], tabs);
}

void check_length(const std::string& file, const std::vector<Word>& words, const Table& table) {
  if (words.size() == table.columns) return;
  const std::string counts =
      "this row has " + std::to_string(words.size()) + " numbers, the rows before it " + std::to_string(table.columns);
  refuse_word(file, words.size() > table.columns ? words[table.columns] : words.back(), counts);
}

}  // namespace

std::string read_text_file(const std::string& path) {
  if (std::error_code ignored; std::filesystem::is_directory(path, ignored))
    throw core::UserError(path + ": Is a directory");
  if (std::error_code ignored;
      file_exists(path) && !std::filesystem::is_regular_file(path, ignored)) {  // a pipe has no size
    std::ifstream pipe(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(pipe), std::istreambuf_iterator<char>()};
  }
  const RawFile file(path, RawFile::Mode::read);
  std::string text(file.size(), '\0');
  file.read_at(0, text.data(), text.size());
  return text;
}

namespace {

// A terminal, a pipe, /dev/stdout: what cannot be replaced is written to.
bool is_no_file(const std::string& path) {
  std::error_code failure;
  const auto status = std::filesystem::status(path, failure);
  return std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) &&
         !std::filesystem::is_directory(status);
}

void write_through(const std::string& path, const std::string& text) {
  std::FILE* const file = std::fopen(path.c_str(), "w");
  const bool is_written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const int error = errno;
  if (file == nullptr || std::fclose(file) != 0 || !is_written)
    throw core::UserError(path + ": cannot be written: " + std::strerror(is_written ? errno : error));
}

// Where a link leads; the path itself where it is none.
std::string behind_links(const std::string& path) {
  std::error_code failure;
  const std::filesystem::path target = std::filesystem::canonical(path, failure);
  return failure ? path : target.string();
}

}  // namespace

void atomic_write_text(const std::string& link, const std::string& text) {
  if (is_no_file(link)) return write_through(link, text);
  const std::string path = behind_links(link), partial = path + ".partial";
  try {
    RawFile file = RawFile::create(partial);
    file.write_at(0, text.data(), text.size());
    file.sync();
    file.close();
    replace_file(partial, path);
  } catch (...) {
    remove_file(partial);
    throw;
  }
}

void append_text(const std::string& path, const std::string& text) {
  RawFile file = file_exists(path) ? RawFile(path, RawFile::Mode::write) : RawFile::create(path);
  file.write_at(file.size(), text.data(), text.size());
  file.sync();
  file.close();
}

void cut_file(const std::string& path, std::int64_t bytes) {
  if (file_size(path) <= bytes) return;
  std::error_code error;
  if (bytes == 0)
    std::filesystem::remove(path, error);
  else
    std::filesystem::resize_file(path, static_cast<std::uintmax_t>(bytes), error);
  if (error) throw core::UserError(path + ": cannot be shortened: " + error.message());
}

std::int64_t file_size(const std::string& path) {
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<std::int64_t>(bytes);
}

void make_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw core::UserError(path + ": the folder cannot be made: " + error.message());
}

std::vector<std::string> files_named(const std::string& folder, const std::string& name) {
  std::vector<std::string> found;
  std::error_code failure;
  for (std::filesystem::recursive_directory_iterator at(folder, failure), end; !failure && at != end;
       at.increment(failure))
    if (at->path().filename() == name) found.push_back(at->path().string());
  std::sort(found.begin(), found.end());
  return found;
}

bool file_exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

std::string_view plain_text(const std::string& text, const std::string& name) {
  std::string_view plain = text;
  if (plain.substr(0, 3) == "\xEF\xBB\xBF") plain.remove_prefix(3);  // the mark that some spreadsheets put first
  if (plain.substr(0, 2) == "\xFF\xFE" || plain.substr(0, 2) == "\xFE\xFF")
    throw core::UserError(name + ": is text in UTF-16; save it as UTF-8");
  if (plain.substr(0, 4) == "PK\x03\x04")
    throw core::UserError(name + ": is an archive (.npz, .xlsx, .zip); save .npy, .csv or .h5 instead");
  if (plain.find('\0') != std::string_view::npos)
    throw core::UserError(name + ": is neither text nor a file of NumPy (.npy) or HDF5");
  return plain;
}

namespace {

// "data.csv:time": a column of a table whose first line names them.
Table column_table(const std::string& text, const deck::ArrayPath& path, NonFinite non_finite) {
  const std::vector<Column> columns = parse_data_table(text, path.file);
  const Column& column = column_of(columns, path.array, path.file);
  if (!column.levels.empty()) throw core::UserError(path.file + ": column '" + path.array + "' holds text");
  refuse_nan(column, non_finite);
  for (std::size_t row = 0; row < column.values.size() && non_finite == NonFinite::refused; ++row)
    if (!std::isfinite(column.values[row]))
      throw core::UserError(path.file + ": entry " + std::to_string(row + 1) + " of column '" + path.array +
                            "' is missing or not finite: numbers must be given");
  Table table;
  table.values = column.values, table.rows = column.values.size(), table.columns = 1;
  return table;
}

}  // namespace

bool has_head(const std::string& text, const std::string& name) {
  if (holds_arrays(text)) return false;
  std::string_view rest = plain_text(text, name);
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t length = rest.find('\n');
    const std::string_view line = rest.substr(0, length);
    rest.remove_prefix(length == std::string_view::npos ? rest.size() : length + 1);
    const std::vector<Word> words = split_line(name, line, number, tabs_of_head(line));
    if (!words.empty()) return is_head(words);
  }
  return false;
}

Table parse_table(const std::string& text, const std::string& name, NonFinite non_finite) {
  if (holds_arrays(text)) return read_array_table(text, name, non_finite);
  const deck::ArrayPath path = deck::split_array_path(name);
  const std::string ending = std::filesystem::path(path.file).extension();
  if (!path.array.empty() && (ending == ".csv" || ending == ".tsv")) return column_table(text, path, non_finite);
  Table table;
  std::size_t names = 0;
  Tabs tabs = Tabs::blanks;
  std::string_view rest = plain_text(text, name);
  for (std::size_t line_number = 1; !rest.empty(); ++line_number) {
    const std::size_t length = rest.find('\n');
    const std::string_view line = rest.substr(0, length);
    std::vector<Word> words = split_line(name, line, line_number, tabs);
    rest.remove_prefix(length == std::string_view::npos ? rest.size() : length + 1);
    if (words.empty()) continue;
    if (table.rows == 0 && names == 0 && is_head(words)) {
      tabs = tabs_of_head(line), names = words.size();
      continue;
    }
    const std::size_t wanted = table.rows == 0 ? names : table.columns;
    if (words.size() + 1 == wanted && ends_with_mark(line, tabs))
      words.push_back({line.substr(0, 0), line_number, line.size() + 1});
    if (table.rows == 0) table.columns = words.size();
    check_length(name, words, table);
    for (const Word& word : words) table.values.push_back(parse_number(name, word, non_finite));
    ++table.rows;
  }
  if (table.rows == 0) throw core::UserError(name + ": the table holds no numbers");
  return table;
}

Table read_table(const std::string& path) { return parse_table(read_text_file(path), path); }

}  // namespace aleator::io
