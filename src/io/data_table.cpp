#include "io/data_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <regex>
#include <string_view>

#include "core/error.hpp"
#include "core/log.hpp"
#include "deck/value.hpp"
#include "io/arrays.hpp"

namespace aleator::io {
namespace {

struct Cell {
  std::string text;
  std::size_t line, column;  // counted from 1
  bool is_quoted = false;
};

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// The mark that separates the cells of a line: ' ' stands for any blanks.
char separator_of(std::string_view head) {
  for (const char mark : {',', ';', '\t'})
    if (head.find(mark) != std::string_view::npos) return mark;
  return ' ';
}

// Cells of one line; inside quotes separators do not count and "" stands for one quote.
std::vector<Cell> cells_of(std::string_view line, char separator, std::size_t number) {
  std::vector<Cell> cells;
  std::size_t at = 0;
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  for (bool goes_on = true; goes_on;) {
    while (at < line.size() && is_blank(line[at]) && line[at] != separator) ++at;
    if (separator == ' ')
      while (at < line.size() && is_blank(line[at])) ++at;
    if (separator == ' ' && at == line.size()) break;
    Cell cell{"", number, at + 1};
    if (at < line.size() && line[at] == '"') {
      cell.is_quoted = true;
      for (++at; at < line.size(); ++at) {
        if (line[at] == '"' && (at + 1 == line.size() || line[at + 1] != '"')) break;
        if (line[at] == '"') ++at;
        cell.text += line[at];
      }
      ++at;
    }
    const std::size_t start = std::min(at, line.size());
    while (at < line.size() && (separator == ' ' ? !is_blank(line[at]) : line[at] != separator)) ++at;
    cell.text += trimmed(line.substr(start, std::min(at, line.size()) - start));
    cells.push_back(std::move(cell));
    goes_on = at < line.size();
    ++at;
  }
  return cells;
}

bool is_nan(const std::string& text) { return text == "nan" || text == "NaN" || text == "NAN" || text == "-nan"; }

bool is_missing(const std::string& text) {
  for (const char* const word : {"", "NA", "na", "N/A", "n/a", "null", "NULL", "None", "."})
    if (text == word) return true;
  return is_nan(text);
}

bool read_number(std::string text, bool has_decimal_commas, double& value) {
  if (text.empty()) return false;
  if (has_decimal_commas) std::replace(text.begin(), text.end(), ',', '.');
  if (text == "true" || text == "TRUE" || text == "True") return value = 1.0, true;
  if (text == "false" || text == "FALSE" || text == "False") return value = 0.0, true;
  const char* begin = text.data();
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') ++begin;
  if (std::isdigit(static_cast<unsigned char>(text[0])) != 0 || text[0] == '-' || text[0] == '+' || text[0] == '.')
    for (char& c : text) c = c == 'd' || c == 'D' ? 'e' : c;  // Fortran's exponents
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// "1,5", "1,234.5", "$2.5", "12 %": a number to a reader, and no name of a group.
bool is_written_otherwise(const Cell& cell) {
  static const std::regex form(
      R"([-+]?(\$|€|£)? ?[-+]?([0-9]+,[0-9]+|[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?|[0-9]*\.?[0-9]+) ?%?)");
  double number = 0.0;
  return !read_number(cell.text, false, number) && std::regex_match(cell.text, form);
}

// A name that formulas can hold.
std::string formula_name(const std::string& text, std::size_t place) {
  std::string name;
  for (const char c : text) name += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ? c : '_';
  if (name.empty()) return fmt::format("column_{}", place);  // the index that pandas writes has no name
  return std::isdigit(static_cast<unsigned char>(name[0])) != 0 ? "_" + name : name;
}

// A comment is a line that begins with '#', or follows a row. With marks between the cells a '#' that follows a text and stands
// before a letter belongs to it, as in "plot #3".
std::string_view without_comment(std::string_view line, char separator) {
  if (trimmed(line).substr(0, 1) == "#") return {};
  bool is_quoted = false;
  for (std::size_t at = 1; at < line.size(); ++at) {
    is_quoted = is_quoted != (line[at - 1] == '"');
    if (line[at] != '#' || is_quoted) continue;
    if (separator == ' ' || at + 1 == line.size() || line[at + 1] == ' ') return line.substr(0, at);
    const std::size_t mark = line.rfind(separator, at);
    const std::string last(trimmed(line.substr(mark == std::string_view::npos ? 0 : mark + 1, at - mark - 1)));
    if (double number = 0.0; is_missing(last) || read_number(last, separator == ';', number)) return line.substr(0, at);
  }
  return line;
}

[[noreturn]] void refuse(const std::string& file, const Cell& cell, const std::string& why) {
  throw core::UserError(fmt::format("{}:{}:{}: error: {}", file, cell.line, cell.column, why));
}

void read_factor(const std::vector<Cell>& cells, const std::string& file, Column& column) {
  for (const Cell& cell : cells) {
    double number = 0.0;
    if (!cell.is_quoted && !is_missing(cell.text) && read_number(cell.text, false, number))
      refuse(file, cell, fmt::format("column '{}' holds text and the number '{}'", column.name, cell.text));
    if (cell.is_quoted || !is_missing(cell.text)) column.levels.push_back(cell.text);
  }
  std::sort(column.levels.begin(), column.levels.end());
  column.levels.erase(std::unique(column.levels.begin(), column.levels.end()), column.levels.end());
  column.values.clear();
  for (const Cell& cell : cells) {
    const auto place = std::lower_bound(column.levels.begin(), column.levels.end(), cell.text);
    column.values.push_back(!cell.is_quoted && is_missing(cell.text)
                                ? std::numeric_limits<double>::quiet_NaN()
                                : static_cast<double>(place - column.levels.begin()));
  }
}

void read_column(const std::vector<Cell>& cells, bool has_decimal_commas, const std::string& file, Column& column) {
  bool is_text = false;
  std::size_t numbers = 0;
  const Cell* first_text = nullptr;
  for (const Cell& cell : cells) {
    double value = std::numeric_limits<double>::quiet_NaN();
    if (is_nan(cell.text) && column.first_nan.empty())
      column.first_nan = fmt::format("{}:{}:{}", file, cell.line, cell.column);
    if (!is_missing(cell.text)) {
      if (read_number(cell.text, has_decimal_commas, value)) {
        ++numbers;
      } else {
        is_text = true;
        if (first_text == nullptr) first_text = &cell;
      }
    }
    column.values.push_back(value);
  }
  if (!is_text) return;
  if (std::all_of(cells.begin(), cells.end(),
                  [](const Cell& cell) {
                    double number = 0.0;
                    return is_missing(cell.text) || read_number(cell.text, false, number) || is_written_otherwise(cell);
                  }) &&
      is_written_otherwise(*first_text))
    refuse(file, *first_text,
           fmt::format("'{}' of column '{}' looks like a number but is none here: write it with a point and nothing "
                       "else (decimal commas are read where semicolons separate the cells)",
                       first_text->text, column.name));
  if (numbers > 0 && !first_text->is_quoted)
    refuse(file, *first_text,
           fmt::format("'{}' is not a number, as others of column '{}' are", first_text->text, column.name));
  read_factor(cells, file, column);
}

// The names of the columns, and the line from which on rows are.
struct Head {
  std::vector<Cell> names;
  char separator = ' ';
  std::size_t first_row = 0;
};

bool are_words(const std::vector<Cell>& cells) {
  double value = 0.0;
  return std::none_of(cells.begin(), cells.end(),
                      [&](const Cell& cell) { return !cell.is_quoted && read_number(cell.text, false, value); });
}

// The first line that is no comment, or above numbers, as above rows of words alone, the last comment of as many words: "# x y".
Head find_head(std::string_view rest) {
  struct Line {
    std::string text;
    std::size_t number;
  };
  std::vector<Line> comments, first;
  for (std::size_t number = 1; !rest.empty() && first.size() < 2; ++number) {
    const std::size_t length = rest.find('\n');
    Line line{std::string(rest.substr(0, length)), number};
    rest.remove_prefix(length == std::string_view::npos ? rest.size() : length + 1);
    if (trimmed(line.text).empty()) continue;
    const bool is_comment = trimmed(line.text).front() == '#';
    if (!is_comment) first.push_back(std::move(line));
    if (!is_comment || !first.empty()) continue;
    line.text[line.text.find('#')] = ' ';
    if (!trimmed(line.text).empty()) comments.push_back(std::move(line));
  }
  if (first.empty()) return {};
  Head head;
  head.separator = separator_of(trimmed(first[0].text));
  const auto cells = [&](const Line& line) {
    return cells_of(without_comment(line.text, head.separator), head.separator, line.number);
  };
  head.names = cells_of(first[0].text, head.separator, first[0].number), head.first_row = first[0].number + 1;
  const std::size_t width = cells(first[0]).size();
  if (are_words(head.names) && (first.size() < 2 || !are_words(cells(first[1])))) return head;
  for (std::size_t k = comments.size(); k-- > 0;) {
    const char separator = separator_of(trimmed(comments[k].text));
    std::vector<Cell> names = cells_of(comments[k].text, separator, comments[k].number);
    if (names.size() != width || !are_words(names)) continue;
    head.names = std::move(names), head.first_row = first[0].number;
    break;
  }
  return head;
}

}  // namespace

std::vector<Column> parse_data_table(const std::string& text, const std::string& name) {
  std::vector<Column> columns;
  if (holds_arrays(text)) {
    for (Array& array : read_arrays(text, name)) {
      const auto nan = std::find_if(array.values.begin(), array.values.end(), [](double x) { return std::isnan(x); });
      columns.push_back({formula_name(array.name, columns.size()), {}, {}, array.name, {}});
      if (nan != array.values.end())
        columns.back().first_nan =
            fmt::format("{}: entry {} of '{}'", name, nan - array.values.begin() + 1, array.name);
      columns.back().values = std::move(array.values);
    }
    return columns;
  }
  const Head head = find_head(plain_text(text, name));
  for (const Cell& cell : head.names) {
    double value = 0.0;
    if (!cell.is_quoted && read_number(cell.text, false, value))
      refuse(
          name, cell,
          fmt::format("'{}' is no name of a column; the first line names the columns, as in: x, y, group", cell.text));
    columns.push_back({formula_name(cell.text, columns.size()), {}, {}, cell.text, {}});
  }
  std::vector<std::vector<Cell>> cells(columns.size());
  std::string_view rest = plain_text(text, name);
  const char separator = head.separator;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t length = rest.find('\n');
    const std::string_view line = without_comment(rest.substr(0, length), separator);
    rest.remove_prefix(length == std::string_view::npos ? rest.size() : length + 1);
    if (number < head.first_row || trimmed(line).empty()) continue;
    std::vector<Cell> row = cells_of(line, separator, number);
    if (row.size() != columns.size())
      refuse(name, row[std::min(row.size() - 1, columns.size())],
             fmt::format("this row has {} entries, the first line {} names", row.size(), columns.size()));
    for (std::size_t k = 0; k < row.size(); ++k) cells[k].push_back(std::move(row[k]));
  }
  if (columns.empty() || cells[0].empty())
    throw core::UserError(name + ": the table holds no rows below its first line of names");
  for (std::size_t k = 0; k < columns.size(); ++k) read_column(cells[k], separator == ';', name, columns[k]);
  return columns;
}

const Column& column_of(const std::vector<Column>& columns, const std::string& wanted, const std::string& file) {
  std::string known;
  const Column* found = nullptr;
  for (const Column& column : columns) {
    if (column.name == wanted || column.name == formula_name(wanted, columns.size())) {
      if (found != nullptr)
        throw core::UserError(fmt::format("{}: there are two columns '{}'; give them different names", file, wanted));
      found = &column;
    }
    known += (known.empty() ? "" : ", ") + column.label;
  }
  if (found != nullptr) return *found;
  throw core::UserError(fmt::format("{}: there is no column '{}'; there are: {}", file, wanted, known));
}

namespace {

bool begins_with_comment(const std::string& text) {
  const std::size_t at = text.find_first_not_of(" \t\r\n");
  return at != std::string::npos && text[at] == '#';
}

}  // namespace

NamedColumns find_columns(const std::string& text, const std::string& path, const std::vector<std::string>& names) {
  if (!deck::split_array_path(path).array.empty())
    return {};  // "points.csv:best": that column, whatever others are called
  const bool is_named = has_head(text, path);
  if (!is_named && !begins_with_comment(text)) return {};
  NamedColumns found;
  std::string fault;
  try {
    found.all = parse_data_table(text, path);
    for (const std::string& name : names) try {
        found.places.push_back(static_cast<std::size_t>(&column_of(found.all, name, path) - found.all.data()));
      } catch (const core::UserError& error) {
        fault = error.what();
      }
  } catch (const core::UserError&) {
    if (is_named) throw;  // a comment may say anything
  }
  if (found.places.size() == names.size()) return found;
  if (!is_named) return {};
  if (!found.places.empty()) throw core::UserError(fault);
  core::warn("{}: the first line names none of them; its columns are taken in their order, as {}", path,
             fmt::join(names, ", "));
  return {};
}

void refuse_nan(const Column& column, NonFinite non_finite) {
  if (non_finite != NonFinite::allowed && !column.first_nan.empty())
    throw core::UserError(fmt::format("{}: error: 'nan' {}", column.first_nan, nan_among_data));
}

Table rows_of(const std::vector<Column>& columns, const std::vector<std::size_t>& places, const std::string& file,
              NonFinite non_finite) {
  Table table;
  const Column& first = columns[places.at(0)];
  table.columns = places.size(), table.rows = first.values.size();
  for (const std::size_t place : places) {
    const Column& column = columns[place];
    if (!column.levels.empty())
      throw core::UserError(fmt::format("{}: column '{}' holds text, not numbers", file, column.label));
    if (column.values.size() != table.rows)  // arrays of an HDF5 file
      throw core::UserError(fmt::format("{}: '{}' has {} entries, '{}' has {}", file, column.label,
                                        column.values.size(), first.label, table.rows));
    refuse_nan(column, non_finite);
  }
  for (std::size_t row = 0; row < table.rows; ++row)
    for (const std::size_t place : places) table.values.push_back(columns[place].values[row]);
  return table;
}

namespace {

// The columns of these names, where the first line names columns.
std::optional<Table> named_rows(const std::string& text, const std::string& path,
                                const std::vector<std::string>& names) {
  const NamedColumns named = find_columns(text, path, names);
  if (named.places.empty()) return std::nullopt;
  return rows_of(named.all, named.places, path, NonFinite::allowed);
}

}  // namespace

Table parse_places(const std::string& text, const std::string& path) {
  Table table = parse_table(text, path);
  if (holds_arrays(text) || !deck::split_array_path(path).array.empty() || !has_head(text, path)) return table;
  std::vector<Column> columns;
  try {
    columns = parse_data_table(text, path);
  } catch (const core::UserError&) {
    return table;  // words above the numbers that are no names of columns
  }
  static constexpr std::string_view order[] = {"x", "y", "z", "x0", "x1", "y0", "y1", "z0", "z1", "radius", "height"};
  const auto rank = [](const Column& column) { return std::find(std::begin(order), std::end(order), column.name); };
  std::stable_sort(columns.begin(), columns.end(), [&](const Column& a, const Column& b) { return rank(a) < rank(b); });
  const bool are_alike = columns.size() == table.columns && columns[0].values.size() == table.rows;
  for (std::size_t row = 0; row < table.rows && are_alike; ++row)
    for (std::size_t k = 0; k < table.columns; ++k) table.values[row * table.columns + k] = columns[k].values[row];
  return table;
}

Table read_rows(const std::string& text, const std::string& path, int parameters, const std::vector<std::string>& names,
                const std::string& of_what) {
  if (std::optional<Table> named = named_rows(text, path, names)) return *std::move(named);
  Table table = parse_table(text, path, NonFinite::allowed);
  const auto wanted = static_cast<std::size_t>(parameters);
  if (table.columns != wanted && table.columns * table.rows == wanted)
    table.rows = 1, table.columns = wanted;  // one row, written over several lines
  if (table.columns != wanted)
    throw core::UserError(fmt::format(
        "{}: {} numbers a row, but the {} has {} parameters; write one row of {} numbers for each evaluation", path,
        table.columns, of_what, wanted, wanted));
  return table;
}

std::vector<double> read_point(const std::string& text, const std::string& path, int parameters,
                               const std::vector<std::string>& names, const std::string& of_what) {
  const std::optional<Table> named = named_rows(text, path, names);
  if (!named) {
    std::vector<double> values = parse_table(text, path).values;
    if (static_cast<int>(values.size()) != parameters)
      throw core::UserError(
          fmt::format("{} holds {} numbers, but the {} has {} parameters", path, values.size(), of_what, parameters));
    return values;
  }
  if (named->rows != 1)
    throw core::UserError(fmt::format("{}: {} rows, but one point of the {} is wanted", path, named->rows, of_what));
  for (std::size_t k = 0; k < named->values.size(); ++k)
    if (!std::isfinite(named->values[k]))
      throw core::UserError(fmt::format("{}: '{}' is missing or not finite", path, names[k]));
  return named->values;
}

}  // namespace aleator::io
