#include "io/files.hpp"

#include <cctype>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "core/error.hpp"
#include "io/raw_file.hpp"

namespace aleator::io {
namespace {

bool is_separator(char c) { return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '\r'; }

/// One word of a table and where it stands, counted from 1.
struct Word {
  std::string_view text;
  std::size_t line = 0;
  std::size_t column = 0;
};

[[noreturn]] void refuse_word(const std::string& file, const Word& word, const std::string& why) {
  throw core::UserError(file + ":" + std::to_string(word.line) + ":" + std::to_string(word.column) + ": error: " + why);
}

std::string hint_of_head(const Word& word) {
  const bool is_name =
      word.line == 1 && (std::isalpha(static_cast<unsigned char>(word.text[0])) != 0 || word.text[0] == '"');
  return is_name ? "; a first line of names must begin with #" : "";
}

double parse_number(const std::string& file, const Word& word, NonFinite non_finite) {
  std::string_view digits = word.text;
  if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') digits.remove_prefix(1);  // from_chars knows no '+'
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const std::string quoted = "'" + std::string(word.text) + "'";
  if (non_finite == NonFinite::allowed && word.text == "NA") return std::nan("");
  if (error == std::errc::result_out_of_range) refuse_word(file, word, quoted + " does not fit a double");
  if (error != std::errc() || end != digits.data() + digits.size())
    refuse_word(file, word, quoted + " is not a number" + hint_of_head(word));
  if (non_finite == NonFinite::refused && !std::isfinite(value))
    refuse_word(file, word, quoted + " is not allowed: numbers must be finite");
  return value;
}

std::vector<Word> split_line(std::string_view line, std::size_t line_number) {
  line = line.substr(0, line.find('#'));
  std::vector<Word> words;
  std::size_t at = 0;
  while (at < line.size()) {
    if (is_separator(line[at])) {
      ++at;
      continue;
    }
    const std::size_t start = at;
    while (at < line.size() && !is_separator(line[at])) ++at;
    words.push_back({line.substr(start, at - start), line_number, start + 1});
  }
  return words;
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
  const RawFile file(path, RawFile::Mode::read);
  std::string text(file.size(), '\0');
  file.read_at(0, text.data(), text.size());
  return text;
}

void atomic_write_text(const std::string& path, const std::string& text) {
  const std::string partial = path + ".partial";
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

void make_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw core::UserError(path + ": the folder cannot be made: " + error.message());
}

bool file_exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

Table parse_table(const std::string& text, const std::string& name, NonFinite non_finite) {
  Table table;
  std::string_view rest = text;
  for (std::size_t line_number = 1; !rest.empty(); ++line_number) {
    const std::size_t length = rest.find('\n');
    const std::vector<Word> words = split_line(rest.substr(0, length), line_number);
    rest.remove_prefix(length == std::string_view::npos ? rest.size() : length + 1);
    if (words.empty()) continue;
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
