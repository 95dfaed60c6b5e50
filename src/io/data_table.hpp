#pragma once
/// What      Tables whose first line names the columns, as spreadsheets, R and pandas write them.
/// Method    columns separated by commas, semicolons, tabs, or else blanks; quotes are taken off. Empty cells, NA, null and a dot
///           are missing (NaN), and `nan` where the reader allows it. true and false are 1 and 0. A column of other text is a
///           factor: its entries are places among its different texts in alphabetical order. Characters of a name that a formula
///           could not hold become '_'.
///           In an HDF5 or NumPy file (io/arrays.hpp) every array is a column, of its own length, its entries row by row;
///           "group/name" is the column group_name.
/// Parallel  local.
/// Cost      one pass over the text.
/// Fails     UserError `file:line:column: …`: a row of another length, text among numbers, no rows, an unknown column.
#include <string>
#include <vector>

#include "io/files.hpp"

namespace aleator::io {

struct Column {
  std::string name;  ///< as a formula knows it
  std::vector<double> values;
  std::vector<std::string> levels;  ///< the texts of a factor
  std::string label;                ///< its name in the file
  std::string first_nan;            ///< where the first `nan` stands, as in "data.csv:3:5"; empty: there is none
};

std::vector<Column> parse_data_table(const std::string& text, const std::string& name);

/// The column of that name (as it stands in the file or as a formula knows it); UserError that lists the names,
/// or where two have it.
const Column& column_of(const std::vector<Column>& columns, const std::string& wanted, const std::string& file);

/// A table and where in it the columns are that were asked for.
struct NamedColumns {
  std::vector<Column> all;
  std::vector<std::size_t> places;  ///< empty: the table is to be taken in its order
};
/// The column of each name, where the first line of the table (or a comment there) gives the names. No places without such a
/// line, or, with a warning, where it has none of the names; UserError where it has some only.
NamedColumns find_columns(const std::string& text, const std::string& path, const std::vector<std::string>& names);
/// UserError where the column holds `nan` and that is not allowed.
void refuse_nan(const Column& column, NonFinite non_finite);
/// The columns at these places, row by row; UserError for text, for arrays of different lengths, and for `nan` where that is
/// not allowed.
Table rows_of(const std::vector<Column>& columns, const std::vector<std::size_t>& places, const std::string& file,
              NonFinite non_finite);

/// Rows of finite numbers, as io::parse_table, such as points, boxes or spots: where the first line names columns x, y, z, then
/// x0, x1, y0, y1, z0, z1, radius, height, these come first, in that order.
Table parse_places(const std::string& text, const std::string& path);

/// Points of so many parameters: the columns of their names (none: not known), whatever stands beside them, or without a line
/// of names the table as it is; one point may be written over several lines. nan and inf are allowed. UserError for rows of
/// another length than `of_what` has parameters.
Table read_rows(const std::string& text, const std::string& path, int parameters, const std::vector<std::string>& names,
                const std::string& of_what);
/// One such point, of finite numbers.
std::vector<double> read_point(const std::string& text, const std::string& path, int parameters,
                               const std::vector<std::string>& names, const std::string& of_what);

}  // namespace aleator::io
