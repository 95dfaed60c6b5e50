#pragma once
/// What      Text files, tables of numbers and folders, with errors a user can act on.
/// Method    Files that must be whole are written under `path.partial`, synced, and renamed over `path`.
/// Parallel  local: call on rank 0 and broadcast, inside parallel::agree.
/// Cost      one pass over the file.
/// Fails     UserError naming the file and the reason; for a table the line and the column too.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aleator::io {

std::string read_text_file(const std::string& path);

/// After it returns, or if it throws or the machine stops, `path` holds the old text or the new, never part of it. Of a
/// link, what it leads to is replaced; a terminal, a pipe or a device is written to.
void atomic_write_text(const std::string& path, const std::string& text);

/// Text behind what the file holds; a file that is not there is made.
void append_text(const std::string& path, const std::string& text);
/// Takes away what a file holds behind its first `bytes`, and the file where they are none; nothing where it has no more.
void cut_file(const std::string& path, std::int64_t bytes);
std::int64_t file_size(const std::string& path);

/// Creates the folder and those above it; one that exists is fine.
void make_directory(const std::string& path);
bool file_exists(const std::string& path);
/// All files of that name in the folder and those below, sorted by path; none where the folder cannot be read.
std::vector<std::string> files_named(const std::string& folder, const std::string& name);

struct Table {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<double> values;  ///< row by row
  double operator()(std::size_t row, std::size_t column) const { return values[row * columns + column]; }
};

/// What else than finite numbers may stand in a table.
enum class NonFinite {
  refused,  ///< nothing
  missing,  ///< entries that are missing (NA, or nothing between two commas), which are read as NaN; no `nan`, no `inf`
  allowed   ///< these, `nan` and `inf`: of points to evaluate, where they fail by row
};

/// Why a `nan` among measurements is refused, and what to do.
inline constexpr char nan_among_data[] =
    "is not allowed among data: write NA where one is missing (in a deck \"NA\"), or set nan_is_missing = true where "
    "all nan are missing";

/// Does the text of a table begin, below comments, with a line of names?
bool has_head(const std::string& text, const std::string& name);

/// The text of a file without a byte-order mark; UserError where it is no text of one byte a letter.
std::string_view plain_text(const std::string& text, const std::string& name);

/// Numbers separated by blanks, tabs, commas or semicolons, one row a line, every row of one length; '#' starts a comment.
/// A first line of names alone is passed over.
/// Nothing between two commas or semicolons, or NA, is a missing entry (NaN). Or an array of a binary file (io/arrays.hpp).
/// The error is `file:line:column: …` for text that is not a number (or not a finite one) and for a row of another
/// length.
Table read_table(const std::string& path);
/// The same from memory; `name` stands for the file in messages.
Table parse_table(const std::string& text, const std::string& name, NonFinite non_finite = NonFinite::refused);

}  // namespace aleator::io
