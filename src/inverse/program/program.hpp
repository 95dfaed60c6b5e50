#pragma once
/// What      A forward model that is another program: for each row it is run in a folder of its own, with an input file made from
///           a template, and its output file is read.
/// Method    {name} and {name[3]} in the template and in the arguments are replaced by the row's parameters with 17 digits, {row}
///           by a running number of this rank, {seed} by a number of 31 bits made of the parameters and the attempt, {attempt} by
///           0, 1, … when a failed row is tried again. Outputs: all numbers of a table, one
///           of its columns, the groups of regular expressions, or values of a JSON file by their pointers (RFC 6901).
/// Parallel  each rank runs its rows, `concurrency` at a time. Bits are those of the program.
/// Cost      the program's; starting one and its files cost some milliseconds.
/// Fails     KeyError: no such program, a placeholder that is no parameter. A row fails when the program cannot be
///           started, is late, ends with another exit code, or its output cannot be read; the reason quotes the end of
///           its standard error.
#include <atomic>

#include "deck/registry.hpp"
#include "inverse/program/pattern.hpp"
#include "inverse/program/process.hpp"
#include "model/forward_model.hpp"

namespace aleator::inverse {

class ProgramModel : public model::ForwardModel {
 public:
  enum class Format { numbers, regex, json };
  enum class Keep { failed, all, none };
  struct Params {
    deck::CommandLine command;
    std::vector<std::string> parameters;
    deck::File input;
    std::string input_file = "input.txt", output_file = "output.txt";
    Format format = Format::numbers;
    std::vector<std::string> pick;
    int column = -1;
    int outputs = 1;
    double timeout = 0.0;
    int concurrency = 1;
    std::vector<std::string> environment;
    std::vector<int> exit_codes = {0};
    Keep keep = Keep::failed;
    std::string folder = "program_runs";
  };
  static deck::Schema<Params> schema();
  explicit ProgramModel(const Params& params);

  const model::Shape& shape() const override { return shape_; }
  model::RowStatus evaluate(model::ConstBatch u, model::Batch y) const override { return run(u, y, 0); }
  model::RowStatus evaluate_again(model::ConstBatch u, model::Batch y, int attempt) const override {
    return run(u, y, attempt);
  }
  int rows_at_once() const override { return params_.concurrency; }
  bool may_throw() const override { return true; }

 private:
  model::RowStatus run(model::ConstBatch u, model::Batch y, int attempt) const;
  std::string new_folder() const;
  Command prepare(const double* u, const std::string& folder, int attempt) const;
  /// Empty, or why the row has failed.
  std::string read_outputs(const std::string& folder, const Outcome& outcome, double* y) const;
  std::vector<double> numbers_in_output(const std::string& folder) const;
  std::string filled(const std::string& text, const double* u, int attempt) const;
  void warn_of_lost_parameters() const;
  void check_placeholders(const std::string& text, const std::string& key, int entry) const;
  Params params_;
  std::string program_;
  model::Shape shape_;
  std::vector<Pattern> patterns_;  ///< of pick
  mutable std::atomic<std::int64_t> runs_{0};
};

}  // namespace aleator::inverse
