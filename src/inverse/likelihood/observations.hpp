#pragma once
/// What      The measurements of a likelihood: a table of numbers, or columns of a table whose first line names them, in which
///           entries may be missing.
/// Method    missing entries (NA, empty, and nan where the deck says so) are left out of data, noise and outputs alike: what is
///           measured is a part of G(u).
///           Where the file has other units than the outputs, data and noise are converted when they are read.
/// Parallel  local.
/// Cost      one pass over the table.
/// Fails     UserError and KeyError for tables that cannot be read, unknown columns, nothing measured at all, and units that are
///           none or do not fit.
#include "deck/registry.hpp"

namespace aleator::inverse {

/// Adds data, column and nan_is_missing to the schema of a likelihood.
template <typename Params>
void add_observation_keys(deck::Schema<Params>& s, const std::string& what) {
  s.key(
       "data", &Params::data, "",
       what + ", a table read row by row, or with column a CSV file; NA and empty entries are missing and do not count")
      .required()
      .key("nan_is_missing", &Params::nan_is_missing, "",
           "whether nan among the data is a measurement that is missing; else it is an error")
      .key("column", &Params::column, "",
           "names of the columns to read, for a file whose first line names them; several are read row by row");
}

/// Of the data's file and, where they differ, of the model's outputs: one text for all, or as many as repeat over the data.
struct Units {
  std::vector<std::string> file, outputs;
};

template <typename Params>
void add_unit_keys(deck::Schema<Params>& s, const std::string& noise) {
  s.key("units", &Params::units, "",
        "of the data and of " + noise +
            ", such as \"mg/L\", \"m s-1\", \"degC\" (UDUNITS); one for all, or one for each column")
      .key("output_units", &Params::output_units, "",
           "in which the model gives them: data and noise are converted. Not given: units")
      .check("output_units", [](const Params& p) {
        return p.output_units.empty() || !p.units.empty()
                   ? std::string()
                   : std::string("output_units goes with units, those of the file, which are not given");
      });
}

/// A likelihood that may know only some of the model's outputs; asked for at set-up.
class PartlyMeasured {
 public:
  virtual ~PartlyMeasured() = default;
  /// Which outputs of the model were measured, and of how many; empty: all of them.
  struct Places {
    std::vector<int> measured;
    int of = 0;
  };
  virtual Places places() const = 0;
  /// Of all data, as the model gives them; empty: not known, or not the same.
  virtual const std::string& units() const = 0;
};

struct Observations {
  std::vector<double> values;  ///< those that are there
  std::vector<int> places;     ///< of them among all; empty: nothing is missing
  int count = 0;               ///< of all, with the missing ones
  std::vector<double> factors =
      {};                  ///< from the file's units to those of the outputs, by datum; empty: they are the same
  std::string units = {};  ///< of the outputs; empty: not known, or not the same for all
  int place(int i) const { return places.empty() ? i : places[static_cast<std::size_t>(i)]; }  ///< of datum i among all
  /// The entries at `places`.
  std::vector<double> present(const std::vector<double>& all) const;
  /// Of noise levels of the data that are there.
  std::vector<double> in_output_units(std::vector<double> levels) const;
  /// What a log-density of the data as outputs lacks of that of the data as the file has them, by which models with outputs in
  /// other units compare: sum ln |factor|.
  double log_of_factors() const;
};

/// The columns of a table whose first line names them, row by row, NaN where they are missing; UserError for text and arrays
/// that differ in length.
std::vector<double> values_of_columns(const deck::File& file, const std::vector<std::string>& names);

Observations read_observations(const deck::File& file, const std::vector<std::string>& column, bool nan_is_missing,
                               const Units& units = {});
template <typename Params>
Observations read_observations(const Params& params, const Units& units = {}) {
  return read_observations(params.data, params.column, params.nan_is_missing, units);
}

/// What goes with each datum (its noise level, its number of trials): `values`, one for all or one for each, or else the columns
/// named under `key` of the file of data. Those of the measured data, in the units of the outputs; KeyError for one that is
/// missing or not positive.
std::vector<double> of_each_datum(const Observations& seen, const std::vector<double>& values,
                                  const std::string& value_key, const deck::File& file,
                                  const std::vector<std::string>& columns, const std::string& key);

}  // namespace aleator::inverse
