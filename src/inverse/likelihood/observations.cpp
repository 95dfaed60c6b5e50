#include "inverse/likelihood/observations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "io/arrays.hpp"
#include "io/data_table.hpp"
#include "io/files.hpp"
#include "math/units.hpp"
#include "prob/prior/prior.hpp"

namespace aleator::inverse {
namespace {

// "a", "b": the names in the first line of a table, or nothing.
std::string names_of_columns(const deck::File& file) {
  std::string names;
  try {
    for (const io::Column& column : io::parse_data_table(file.text, file.path))
      names += (names.empty() ? "\"" : ", \"") + column.name + "\"";
  } catch (const core::UserError&) {
  }
  return names;
}

// A plain table of numbers. Of several columns with names, which are the data is not guessed.
std::vector<double> plain_values(const deck::File& file, io::NonFinite non_finite) {
  std::string names;
  try {
    io::Table table = io::parse_table(file.text, file.path, non_finite);
    if (table.columns == 1 || !io::has_head(file.text, file.path)) return std::move(table.values);
    names = names_of_columns(file);
  } catch (const core::UserError&) {
    if (io::holds_arrays(file.text) || !io::has_head(file.text, file.path)) throw;
    names = names_of_columns(file);
    if (names.empty()) throw;
  }
  throw deck::KeyError(
      "data", fmt::format("{} begins with names of columns", file.path),
      names.empty() ? "say which to read: column = [\"…\"]" : fmt::format("say which to read: column = [{}]", names));
}

std::vector<double> named_values(const deck::File& file, const std::vector<std::string>& names,
                                 io::NonFinite non_finite) {
  if (file.path == deck::list_in_the_deck)
    throw deck::KeyError("data", "is a list in the deck, which has no columns with names",
                         "a file, or no key of columns");
  const std::vector<io::Column> columns = io::parse_data_table(file.text, file.path);
  std::vector<std::size_t> places;
  for (const std::string& name : names)
    places.push_back(static_cast<std::size_t>(&io::column_of(columns, name, file.path) - columns.data()));
  return io::rows_of(columns, places, file.path, non_finite).values;
}

// Whose unit is that of datum i of `count`.
const std::string& unit_of(const char* key, const std::vector<std::string>& units, int i, int count) {
  const auto repeat = static_cast<int>(units.size());
  if (count % repeat != 0)
    throw deck::KeyError(key, fmt::format("gives {} units for {} data", repeat, count),
                         "one for all, or one for each column");
  return units[static_cast<std::size_t>(i % repeat)];
}

void convert(const Units& units, Observations& seen) {
  if (units.file.empty()) return;
  const std::vector<std::string>& wanted = units.outputs.empty() ? units.file : units.outputs;
  const char* key = "units";
  try {
    for (const std::string& unit : units.file) math::check_unit(unit);
    key = "output_units";
    std::map<std::pair<std::string, std::string>, math::UnitConversion> known;
    for (std::size_t i = 0; i < seen.values.size(); ++i) {
      const int place = seen.place(static_cast<int>(i));
      const std::string& from = unit_of("units", units.file, place, seen.count);
      const std::pair names(from, unit_of("output_units", wanted, place, seen.count));
      auto at = known.find(names);
      if (at == known.end()) at = known.emplace(names, math::UnitConversion(names.first, names.second)).first;
      seen.values[i] = at->second(seen.values[i]);
      seen.factors.push_back(std::abs(at->second.factor()));
    }
  } catch (const deck::KeyError&) {
    throw;
  } catch (const core::UserError& error) {
    throw deck::KeyError(key, error.what());
  }
  if (std::all_of(wanted.begin(), wanted.end(), [&](const std::string& unit) { return unit == wanted[0]; }))
    seen.units = wanted[0];
}

}  // namespace

std::vector<double> Observations::present(const std::vector<double>& all) const {
  if (places.empty()) return all;
  std::vector<double> some;
  for (const int place : places) some.push_back(all[static_cast<std::size_t>(place)]);
  return some;
}

std::vector<double> Observations::in_output_units(std::vector<double> levels) const {
  for (std::size_t i = 0; i < factors.size(); ++i) levels[i] *= factors[i];
  return levels;
}

double Observations::log_of_factors() const {
  double sum = 0.0;
  for (const double factor : factors) sum += std::log(factor);
  return sum;
}

std::vector<double> values_of_columns(const deck::File& file, const std::vector<std::string>& names) {
  return named_values(file, names, io::NonFinite::allowed);
}

Observations read_observations(const deck::File& file, const std::vector<std::string>& column, bool nan_is_missing,
                               const Units& units) {
  Observations seen;
  const io::NonFinite non_finite = nan_is_missing ? io::NonFinite::allowed : io::NonFinite::missing;
  const std::vector<double> all =
      column.empty() ? plain_values(file, non_finite) : named_values(file, column, non_finite);
  seen.count = static_cast<int>(all.size());
  for (std::size_t i = 0; i < all.size(); ++i)
    if (std::isinf(all[i]))
      throw deck::KeyError("data", fmt::format("entry {} of {} is infinite", i + 1, file.path), "NA is a missing one");
  for (int i = 0; i < seen.count; ++i)
    if (!std::isnan(all[static_cast<std::size_t>(i)])) seen.places.push_back(i);
  if (seen.places.empty()) throw deck::KeyError("data", file.path + " holds missing entries only");
  if (static_cast<int>(seen.places.size()) == seen.count) seen.places.clear();
  seen.values = seen.present(all);
  convert(units, seen);
  return seen;
}

std::vector<double> of_each_datum(const Observations& seen, const std::vector<double>& values,
                                  const std::string& value_key, const deck::File& file,
                                  const std::vector<std::string>& columns, const std::string& key) {
  if (columns.empty()) return seen.in_output_units(seen.present(prob::spread(values, seen.count, value_key, "data")));
  const std::vector<double> all = values_of_columns(file, columns);
  if (static_cast<int>(all.size()) != seen.count)
    throw deck::KeyError(key, fmt::format("gives {} values for {} data", all.size(), seen.count),
                         "name as many columns as under column, in their order");
  std::vector<double> some = seen.present(all);
  for (std::size_t i = 0; i < some.size(); ++i)
    if (!(some[i] > 0.0) || std::isinf(some[i]))
      throw deck::KeyError(
          key,
          fmt::format("of datum {}, in row {} of {}, {}", seen.place(static_cast<int>(i)) + 1,
                      seen.place(static_cast<int>(i)) / static_cast<int>(columns.size()) + 1, file.path,
                      std::isnan(some[i]) ? "is missing" : fmt::format("is {}, not positive and finite", some[i])));
  return seen.in_output_units(std::move(some));
}

}  // namespace aleator::inverse
